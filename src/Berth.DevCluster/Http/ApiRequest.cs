using Berth.DevCluster.Identity;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Http;

/// <summary>One request under way: who asks, for what, and with which options.</summary>
internal sealed class ApiRequest(HttpContext http, RequestInfo info, UserInfo user)
{
    private readonly List<string> _warnings = [];

    public HttpContext Http { get; } = http;

    public RequestInfo Info { get; } = info;

    public UserInfo User { get; } = user;

    public CancellationToken Aborted => Http.RequestAborted;

    public string Query(string name) => Http.Request.Query[name].ToString();

    public bool Flag(string name) => Query(name) is "true" or "1" or "True" or "t";

    public bool DryRun => Http.Request.Query["dryRun"].Contains("All");

    /// <summary>The writer as managedFields name it: the asked one, or the start of the user agent.</summary>
    public string FieldManager
    {
        get
        {
            if (Query("fieldManager") is { Length: > 0 } asked) return asked;
            var agent = Http.Request.Headers.UserAgent.ToString().Split('/')[0];
            return agent.Length == 0 ? "unknown" : agent.Length > 128 ? agent[..128] : agent;
        }
    }

    /// <summary>Ignore, Warn or Strict; what the server does with fields it does not know.</summary>
    public string FieldValidation => Query("fieldValidation") is { Length: > 0 } asked ? asked : "Warn";

    public IReadOnlyList<string> Warnings => _warnings;

    public void Warn(string text)
    {
        if (!_warnings.Contains(text)) _warnings.Add(text);
    }

    /// <summary>Whether the client takes anything that can be written here; an absent header takes all.</summary>
    public bool IsAcceptable => !Accepts.Any() || Accepts.Any(a => a.Split(';')[0].Trim() is "application/json" or "application/yaml" or "application/vnd.kubernetes.protobuf" or "*/*" or "application/*");

    /// <summary>The parts of the Accept header, in order.</summary>
    public IEnumerable<string> Accepts => Http.Request.Headers.Accept.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    public bool WantsTable => Wanted("Table");

    public bool WantsMetadata => Wanted("PartialObjectMetadata") || Wanted("PartialObjectMetadataList");

    // The first media type that can be met wins.
    private bool Wanted(string kind)
    {
        foreach (var accept in Accepts)
        {
            var parameters = accept.Split(';', StringSplitOptions.TrimEntries);
            if (parameters[0] is not ("application/json" or "*/*" or "application/*" or "application/yaml")) continue;
            var asked = parameters.FirstOrDefault(p => p.StartsWith("as=", StringComparison.Ordinal));
            if (asked is null) return false;
            if (parameters.Contains("v=v1")) return asked == "as=" + kind;
        }
        return false;
    }
}
