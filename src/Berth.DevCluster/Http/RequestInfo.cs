namespace Berth.DevCluster.Http;

/// <summary>What a path under <c>/api</c> or <c>/apis</c> asks for.</summary>
internal sealed record RequestInfo(string Group, string Version, string Namespace, string Resource, string Name, string Subresource, string Rest)
{
    /// <summary>Null when the path does not name a resource.</summary>
    public static RequestInfo? Parse(string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int at;
        string group, version;
        if (parts.Length >= 3 && parts[0] == "api") (group, version, at) = ("", parts[1], 2);
        else if (parts.Length >= 4 && parts[0] == "apis") (group, version, at) = (parts[1], parts[2], 3);
        else return null;
        string Part(int i) => i < parts.Length ? Uri.UnescapeDataString(parts[i]) : "";
        var ns = "";
        // /namespaces/NAME alone, and its own subresources, are the namespace object.
        if (parts[at] == "namespaces" && parts.Length > at + 2 && !(group.Length == 0 && Part(at + 2) is "status" or "finalize" && parts.Length == at + 3))
        {
            ns = Part(at + 1);
            at += 2;
        }
        var rest = parts.Length > at + 3 ? string.Join('/', parts[(at + 3)..]) : "";
        return new RequestInfo(group, version, ns, Part(at), Part(at + 1), Part(at + 2), rest);
    }
}
