using Berth.Benchmarks.Machinery;

namespace Berth.Benchmarks.Burst;

/// <summary>What the API server was asked between two looks at its counters, per task.</summary>
internal sealed class Requests
{
    private static readonly string[] Writing = ["POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"];
    private readonly Dictionary<string, double> _each;

    public Requests(Scrape before, Scrape after, int tasks)
    {
        var (old, now) = (Read(before), Read(after));
        _each = now.ToDictionary(n => n.Key, n => (n.Value - old.GetValueOrDefault(n.Key)) / tasks, StringComparer.Ordinal);
    }

    /// <summary>Everything, the most frequent first.</summary>
    public IEnumerable<(string What, double Each)> ByWhat => _each.OrderByDescending(e => e.Value).Select(e => (e.Key, e.Value));

    /// <summary>All that changes something; reviews are questions that are asked by POST.</summary>
    public double AllWrites => _each.Where(e => Writing.Contains(e.Key.Split(' ')[0]) && !e.Key.Contains("reviews", StringComparison.Ordinal)).Sum(e => e.Value);

    /// <summary>Requests of one kind; all subresources unless one is named.</summary>
    public double Of(string verb, string resource, string? subresource = null) =>
        _each.Where(e => e.Key.Split(' ') is var words && words[0] == verb && words[1] == resource && (subresource is null || words.ElementAtOrDefault(2) == subresource)).Sum(e => e.Value);

    private static Dictionary<string, double> Read(Scrape page) => page.By("apiserver_request_total", "verb", "resource", "subresource").Where(e => e.Key.Contains(' ', StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal);
}
