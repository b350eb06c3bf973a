using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;
using Berth.DevCluster.Pods.Nodes;
using Berth.DevCluster.Pods.Volumes;

namespace Berth.DevCluster.Pods;

/// <summary>Turns a container's spec into a command and starts it.</summary>
internal sealed class ContainerStarter(PodHost host, PodVolumes volumes, string logs, FakeNode node, string address)
{
    private readonly ContainerEnvironment _environment = new(host.Sources, host.Api.Server, address);

    /// <summary>Starts the next run of a container.</summary>
    /// <param name="pod">The pod as the API has it.</param>
    /// <param name="container">The container; gets its process, id and log.</param>
    /// <param name="joinPid">A process whose PID namespace the container shares.</param>
    public async Task StartAsync(JsonObject pod, PodContainer container, int? joinPid)
    {
        string id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        ContainerCommand command = await CommandAsync(pod, container, id, joinPid);
        string folder = Path.Combine(logs, container.Name);
        Directory.CreateDirectory(folder);
        var log = new ContainerLog(Path.Combine(folder, $"{container.Runs}.log"), host.Options.LogLimit);
        ContainerProcess process;
        try
        {
            process = await ContainerProcess.StartAsync(host.Reactor, host.Launcher, command, log);
        }
        catch (ContainerStartException)
        {
            container.ContainerId = id;
            log.Dispose();
            throw;
        }

        host.Records.Write(new ProcessRecord(pod.Uid(), container.Name, id, process.Pid, process.StartTicks, process.StartedAt));
        container.ContainerId = id;
        container.Process = process;
        ForgetOlder(container);
        container.PreviousLog = container.Log;
        container.Log = log;
    }

    private static void ForgetOlder(PodContainer container)
    {
        if (container.PreviousLog is { } older)
        {
            File.Delete(older.Path);
            File.Delete(older.OlderPath);
        }
    }

    private async Task<ContainerCommand> CommandAsync(JsonObject pod, PodContainer container, string id, int? joinPid)
    {
        string? image = host.Images.Folder(container.Image);
        if (image is not null && !Directory.Exists(image))
        {
            throw new ContainerStartException($"image {container.Image} is mapped to {image}, which is no directory", "CreateContainerError");
        }

        Dictionary<string, string> variables;
        List<VolumeMount> mounts;
        try
        {
            variables = await _environment.BuildAsync(pod, container.Spec, image);
            mounts = [.. container.Spec.Items("volumeMounts").Select(mount => volumes.Mount(mount, text => Expansion.Expand(text, variables)))];
        }
        catch (VolumeException missing)
        {
            throw new ContainerStartException(missing.Message, "CreateContainerConfigError");
        }

        // What /proc says is this machine's; a fake node has a boot id of its own.
        variables.TryAdd("BERTH_NODE_BOOT_ID", node.BootId);
        bool hostPid = pod.Flag("spec", "hostPID");
        if (hostPid || joinPid is not null || host.Launcher.Isolation == Isolation.None)
        {
            variables[ProcessTree.MarkerVariable] = id;
        }

        return new ContainerCommand
        {
            Arguments = Arguments(container, image, variables),
            Environment = [.. variables.Select(static pair => $"{pair.Key}={pair.Value}")],
            WorkingDirectory = container.Spec.Text("workingDir") is { Length: > 0 } folder ? folder : image ?? "/",
            Mounts = mounts,
            Root = host.Root,
            OwnPidNamespace = !hostPid && joinPid is null,
            JoinPid = joinPid,
        };
    }

    private static List<string> Arguments(PodContainer container, string? image, Dictionary<string, string> variables)
    {
        List<string> command = [.. container.Spec.Texts("command")];
        if (command.Count == 0 && image is not null && File.Exists(Path.Combine(image, "entrypoint")))
        {
            command.Add(Path.Combine(image, "entrypoint"));
        }

        command.AddRange(container.Spec.Texts("args"));
        return command.Count > 0 ? [.. command.Select(part => Expansion.Expand(part, variables))] : throw new ContainerStartException(
            $"no command specified: give container {container.Name} a command, or map its image to a directory with a file 'entrypoint'",
            "CreateContainerError");
    }
}
