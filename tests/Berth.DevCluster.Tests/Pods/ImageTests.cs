using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;
using Xunit;

namespace Berth.DevCluster.Tests.Pods;

public sealed class ImageTests
{
    [Fact]
    public async Task An_image_is_a_directory_first_on_the_path_with_its_own_entrypoint()
    {
        string image = Directory.CreateTempSubdirectory("bpi-").FullName;
        await Script(Path.Combine(image, "entrypoint"), "#!/bin/sh\necho entry $1; pwd; ls\n");
        await Script(Path.Combine(image, "ls"), "#!/bin/sh\necho mine\n");
        try
        {
            await using PodCluster cluster = await PodCluster.StartAsync(
                options => options with { Images = new Dictionary<string, string> { ["registry.example/tool"] = image } });
            await cluster.PodAsync("tool", """{"restartPolicy":"Never","containers":[{"name":"c","image":"registry.example/tool:1.2","args":["$(WHO)"],"env":[{"name":"WHO","value":"me"}]}]}""");
            await cluster.UntilPodAsync("tool", static pod => pod.Text("status", "phase") == "Succeeded", "the pod to end");
            Assert.Equal($"entry me\n{image}\nmine\n", await cluster.LogAsync("tool", "c"));
        }
        finally
        {
            Directory.Delete(image, recursive: true);
        }
    }

    [Fact]
    public async Task A_start_delay_is_waited_once_for_containers_that_start_together()
    {
        await using PodCluster cluster = await PodCluster.StartAsync(static options => options with { StartDelay = TimeSpan.FromSeconds(1) });
        JsonObject made = await cluster.PodAsync("slow", $$"""{"containers":[{{PodLifeTests.Looping("a")}},{{PodLifeTests.Looping("b")}}]}""");
        JsonObject pod = await cluster.UntilPodAsync("slow", PodLifeTests.Running, "the pod to run");
        TimeSpan took = (pod.Items("status", "containerStatuses").Max(static item => item.Time("state", "running", "startedAt")) - made.Time("metadata", "creationTimestamp"))!.Value;
        Assert.InRange(took, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));
    }

    private static async Task Script(string path, string text)
    {
        await File.WriteAllTextAsync(path, text);
#pragma warning disable CA1416 // Pods run on Linux alone.
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
#pragma warning restore CA1416
    }
}
