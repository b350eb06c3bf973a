using System.Globalization;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>The place that people are shown is the turn in which a task gets its slot.</summary>
[Collection("quiet")]
public sealed class QueueTests(StackFixture fixture)
{
    private const int Slots = 4;

    [Fact]
    public async Task Tasks_get_slots_in_the_order_of_the_positions_that_were_shown()
    {
        await fixture.Stack.UntilReadyAsync();
        await using var space = await fixture.Stack.SpaceAsync(new JsonObject { ["slotsPerPod"] = Slots, ["applySlotsPerPod"] = Slots });
        string Go(string name) => Path.Combine(fixture.Stack.Directory, $"{space.Name}.{name}");
        string Until(string name) => $"while [ ! -e {Go(name)} ]; do sleep 0.1; done";
        for (var i = 0; i < Slots; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"blocks{i}");
            await space.CreateAsync(name, s => { s["type"] = "Run"; s.Remove("plan"); s.Remove("apply"); s["run"] = new JsonObject { ["command"] = TestSpace.Shell(Until(name)) }; });
            await space.UntilAsync(name, TaskPhase.Running);
        }
        // Priority comes before age, and workspaces take turns: the second of x comes after all that are first.
        foreach (var (name, workspace, priority) in new[] { ("a", "a", 0), ("x1", "x", 0), ("x2", "x", 0), ("y", "y", 0), ("vip", "z", 5) })
            await space.CreateAsync(name, s => { s["type"] = "Plan"; s.Remove("apply"); s["workspace"] = workspace; s["priority"] = priority; s["plan"] = new JsonObject { ["command"] = TestSpace.Shell(Until("end")) }; });
        // Times have whole seconds; among those of one second the uid decides.
        async Task<string[]> ByAgeAsync(params string[] names) =>
            [.. (await Task.WhenAll(names.Select(n => space.UntilAsync(n, t => t.Status.QueuedAt is not null, "queued")))).OrderBy(t => t.Status.QueuedAt).ThenBy(t => t.Metadata.Uid, StringComparer.Ordinal).Select(t => t.Metadata.Name)];
        var x = await ByAgeAsync("x1", "x2");
        string[] turns = ["vip", .. await ByAgeAsync("a", x[0], "y"), x[1]];
        foreach (var address in fixture.Stack.Env("OPERATOR_URLS").Split(' ')) await UntilShownAsync(address, space.Name, turns);

        for (var i = 0; i < Slots; i++)
        {
            await File.WriteAllTextAsync(Go(string.Create(CultureInfo.InvariantCulture, $"blocks{i}")), "");
            await space.UntilAsync(turns[i], t => t.Status.Slot is not null, "on a slot");
            foreach (var later in turns.Skip(i + 1)) Assert.Null((await space.GetAsync(later)).Status.Slot);
            await UntilShownAsync(fixture.Stack.Env("OPERATOR_URLS").Split(' ')[0], space.Name, turns[(i + 1)..]);
        }
        await File.WriteAllTextAsync(Go("end"), "");
        foreach (var task in turns) await space.UntilAsync(task, TaskPhase.Succeeded);
    }

    private static async Task UntilShownAsync(string address, string ns, string[] turns)
    {
        using var http = new HttpClient();
        var seen = "";
        for (var end = DateTime.UtcNow + TestSpace.Patience; ; await Task.Delay(100))
        {
            var items = JsonNode.Parse(await http.GetStringAsync(new Uri($"{address}/apis/view.berth.dev/v1alpha1/namespaces/{ns}/queuepositions")))!["items"]!.AsArray();
            seen = items.ToJsonString();
            if (items.Where(i => i!["position"] is not null).OrderBy(i => (int)i!["position"]!).Select(i => (string?)i!["metadata"]!["name"]).SequenceEqual(turns) && items.Count == turns.Length) return;
            Assert.True(DateTime.UtcNow < end, $"{address} shows {seen}, not {string.Join(", ", turns)}");
        }
    }
}
