using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Faults;

/// <summary>Makes a dev cluster misbehave on command, in process or over the wire. The cluster must have been started with faults on.</summary>
/// <param name="client">A client of the cluster's administrator, with its base address set.</param>
public sealed class FaultDriver(HttpClient client)
{
    /// <summary>Sets a fault; it holds until it is used up or cleared.</summary>
    /// <returns>A handle that clears the fault when disposed.</returns>
    public async Task<FaultHandle> AddAsync(FaultRule rule, CancellationToken cancel = default)
    {
        using var content = JsonContent.Create(rule, FaultJson.Default.FaultRule);
        using var answer = await client.PostAsync(new Uri("/_faults", UriKind.Relative), content, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancel).ConfigureAwait(false));
        return new FaultHandle(this, (int)body!["id"]!);
    }

    /// <summary>Clears one fault.</summary>
    public Task ClearAsync(int id, CancellationToken cancel = default) => Send(HttpMethod.Delete, "/" + id.ToString(CultureInfo.InvariantCulture), cancel);

    /// <summary>Clears all faults.</summary>
    public Task ClearAsync(CancellationToken cancel = default) => Send(HttpMethod.Delete, "", cancel);

    /// <summary>Ends all open watches, as a restarting load balancer would.</summary>
    public Task CutWatchesAsync(CancellationToken cancel = default) => Send(HttpMethod.Post, "/cut-watches", cancel);

    /// <summary>Forgets the watch history: watches and pages from before answer 410.</summary>
    public Task CompactAsync(CancellationToken cancel = default) => Send(HttpMethod.Post, "/compact", cancel);

    /// <summary>Holds every request, open watches included, until <see cref="ThawAsync"/>.</summary>
    public Task FreezeAsync(CancellationToken cancel = default) => Send(HttpMethod.Post, "/freeze", cancel);

    /// <summary>Lets held requests go on.</summary>
    public Task ThawAsync(CancellationToken cancel = default) => Send(HttpMethod.Post, "/thaw", cancel);

    /// <summary>Closes the listener with all its connections, and opens it again on the same port after a while.</summary>
    public Task RestartAsync(TimeSpan down, CancellationToken cancel = default) =>
        Send(HttpMethod.Post, "/restart?downMilliseconds=" + ((long)down.TotalMilliseconds).ToString(CultureInfo.InvariantCulture), cancel);

    private async Task Send(HttpMethod method, string action, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, new Uri("/_faults" + action, UriKind.Relative));
        using var answer = await client.SendAsync(request, cancel).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
    }
}

/// <summary>One fault that was set; disposing it clears it.</summary>
public sealed class FaultHandle : IAsyncDisposable
{
    private readonly FaultDriver _driver;

    internal FaultHandle(FaultDriver driver, int id) => (_driver, Id) = (driver, id);

    /// <summary>The fault's number.</summary>
    public int Id { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _driver.ClearAsync(Id).ConfigureAwait(false);
}
