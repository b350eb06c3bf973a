using System.Text.Json.Nodes;
using Xunit;

namespace Berth.DevCluster.Tests.Recordings;

/// <summary>What a real kube-apiserver answered, ours answers too.</summary>
public sealed class RecordingTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("kubernetes-v1.36.jsonl", false, 138)]
    [InlineData("kubernetes-v1.36-more.jsonl", true, 203)]
    [InlineData("kubernetes-v1.36-wide.jsonl", true, 195)]
    public async Task Every_recorded_exchange_is_answered_alike(string file, bool rbac, int count)
    {
        await using var cluster = await DevCluster.StartAsync(new() { Rbac = rbac });
        using var client = new HttpClient(cluster.CreateHandler()) { BaseAddress = cluster.Url };
        var entries = (await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "Recordings", file), TestContext.Current.CancellationToken))
            .Where(l => l.Length > 0).Select(l => JsonNode.Parse(l)!.AsObject()).ToList();

        var results = await new Replayer(client, cluster.AdminToken).Run(entries, TestContext.Current.CancellationToken);

        foreach (var (name, reason) in Expectation.Exceptions) output.WriteLine($"compared in part: {name}: {reason}");
        foreach (var (name, reason) in Expectation.NotCompared) output.WriteLine($"not compared: {name}: {reason}");
        output.WriteLine($"matched {results.Count(r => r.Differences.Count == 0)} of {results.Count}");
        var wrong = results.Where(r => r.Differences.Count > 0).Select(r => $"{r.Name}: {string.Join("; ", r.Differences.Take(4))}").ToList();
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
        Assert.Equal(count, results.Count);
    }
}
