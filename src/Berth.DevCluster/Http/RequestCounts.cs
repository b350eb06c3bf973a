using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Berth.DevCluster.Access;

namespace Berth.DevCluster.Http;

/// <summary>Answered requests, under the name and the labels of kube-apiserver: a benchmark reads them from either server.</summary>
internal sealed class RequestCounts
{
    private readonly ConcurrentDictionary<(string Verb, string Group, string Resource, string Subresource, int Code), Count> _counts = new();

    public void Answered(AccessAttributes request, int code) =>
        Interlocked.Increment(ref _counts.GetOrAdd((request.Verb, request.Group, request.Resource, request.Subresource, code), static _ => new()).Value);

    /// <summary>In Prometheus' text format.</summary>
    public string Text()
    {
        var text = new StringBuilder("# HELP apiserver_request_total Answered requests.\n# TYPE apiserver_request_total counter\n");
        foreach (var ((verb, group, resource, subresource, code), count) in _counts)
            text.Append(CultureInfo.InvariantCulture, $"apiserver_request_total{{code=\"{code}\",group=\"{group}\",resource=\"{resource}\",subresource=\"{subresource}\",verb=\"{Name(verb)}\"}} {Volatile.Read(ref count.Value)}\n");
        return text.ToString();
    }

    // kube-apiserver counts by method, and keeps the two kinds of GET of many objects apart.
    private static string Name(string verb) => verb switch
    {
        "create" => "POST",
        "update" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        "deletecollection" => "DELETECOLLECTION",
        _ => verb.ToUpperInvariant(),
    };

    private sealed class Count
    {
        public long Value;
    }
}
