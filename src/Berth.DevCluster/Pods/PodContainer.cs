using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Berth.DevCluster.Pods.Containers;

namespace Berth.DevCluster.Pods;

internal enum ContainerKind
{
    Init,

    /// <summary>An init container with <c>restartPolicy: Always</c>: started in order, kept, ended last.</summary>
    Sidecar,
    Main,
}

/// <summary>One container of one pod through all its runs. Touched by its pod's loop only, but for what is volatile.</summary>
internal sealed class PodContainer(JsonNode spec, ContainerKind kind)
{
    public const string Scheme = "process://";

    private volatile ContainerProcess? _process;

    public JsonNode Spec { get; } = spec;

    public ContainerKind Kind { get; } = kind;

    /// <summary>The pod's address.</summary>
    public required string Address { get; init; }

    public string Name { get; } = spec.Text("name") ?? "";

    public string Image => Spec.Text("image") ?? "";

    public ContainerState State { get; set; } = new ContainerState.Waiting("ContainerCreating");

    public ContainerState.Terminated? Last { get; set; }

    public int RestartCount { get; set; }

    /// <summary>Runs begun by this pod runner; numbers the log files.</summary>
    public int Runs { get; set; }

    public string? ContainerId { get; set; }

    public ContainerProcess? Process
    {
        get => _process;
        set => _process = value;
    }

    public ContainerLog? Log { get; set; }

    public ContainerLog? PreviousLog { get; set; }

    /// <summary>Set while the container is being stopped; completes when it has ended.</summary>
    public Task? Stopping { get; set; }

    public CancellationTokenSource? Probing { get; set; }

    public volatile bool IsStarted;

    public volatile bool IsReady;

    public TimeSpan Backoff { get; set; }

    /// <summary>Not started before this time: start delay, back-off.</summary>
    public DateTimeOffset? NotBefore { get; set; }

    public bool IsRunning => State is ContainerState.Running;

    public ContainerState.Terminated? Ended => State as ContainerState.Terminated;

    public bool Succeeded => Ended is { ExitCode: 0 };

    /// <summary>The machine went off under the container: nobody knows how it ended.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Ends the container as a power cut does.</summary>
    public async Task PowerOffAsync()
    {
        if (Process is { } process)
        {
            IsLost = true;
            process.Kill();
            await process.Exited;
        }
    }

    /// <summary>The state after the process ended; what a power cut ended has no exit code of its own.</summary>
    public ContainerState.Terminated End(ContainerProcess process, string? message)
    {
        ExitStatus exit = process.Exited.Result;
        bool lost = IsLost;
        IsLost = false;
        return lost
            ? new ContainerState.Terminated(255, 0, "Unknown", null, process.StartedAt, exit.At, Scheme + ContainerId)
            : new ContainerState.Terminated(
                exit.ExitCode, exit.Signal, exit.ExitCode == 0 ? "Completed" : "Error", message, process.StartedAt, exit.At, Scheme + ContainerId);
    }

    /// <summary>The last word on a container that waits for a start which will not come: how it ended, or that there is nothing to be found.</summary>
    public void Settle()
    {
        if (State is ContainerState.Waiting)
        {
            State = Last ?? new ContainerState.Terminated(
                137, 0, "ContainerStatusUnknown", "The container could not be located when the pod was terminated", null, null, null);
            Last = null;
        }
    }

    public JsonObject StatusJson()
    {
        var status = new JsonObject
        {
            ["name"] = Name,
            ["state"] = State.ToJson(),
            ["lastState"] = Last?.ToJson() ?? [],
            ["ready"] = Kind == ContainerKind.Init ? Succeeded : IsRunning && IsReady,
            ["started"] = IsRunning && IsStarted,
            ["restartCount"] = RestartCount,
            ["image"] = Image,
            ["imageID"] = ContainerId is null ? "" : Images.Id(Image),
        };
        if (ContainerId is not null)
        {
            status["containerID"] = Scheme + ContainerId;
        }

        return status;
    }

    /// <summary>Takes over what the API says about runs under a former pod runner.</summary>
    public void Adopt(JsonNode? status, Func<string, bool> endedByUs)
    {
        if (status is null)
        {
            return;
        }

        RestartCount = Runs = (int)(status.Number("restartCount") ?? 0);
        Last = ContainerState.Terminated.Read(status.At("lastState", "terminated"));
        string? id = status.Text("containerID");
        if (ContainerState.Terminated.Read(status.At("state", "terminated")) is { } ended)
        {
            State = ended;
            ContainerId = id?[Scheme.Length..];
        }
        else if (status.At("state", "running") is { } running)
        {
            ContainerId = id?[Scheme.Length..];
            bool known = ContainerId is not null && endedByUs(ContainerId);
            State = new ContainerState.Terminated(
                137, known ? 9 : 0, known ? "Error" : "ContainerStatusUnknown",
                known ? "The pod runner was restarted and ended what its former self had left running."
                    : "The container could not be located when the pod runner was restarted.",
                running.Time("startedAt"), DateTimeOffset.UtcNow, id);
        }
    }
}
