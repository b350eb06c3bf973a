using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Access;

/// <summary>One rule of a role.</summary>
internal sealed class RbacRule(JsonObject source)
{
    public static readonly JsonObject Everything = new() { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") };

    private readonly HashSet<string> _verbs = [.. source.Strings("verbs")];
    private readonly HashSet<string> _groups = [.. source.Strings("apiGroups")];
    private readonly HashSet<string> _resources = [.. source.Strings("resources")];
    private readonly HashSet<string> _names = [.. source.Strings("resourceNames")];
    private readonly List<string> _paths = [.. source.Strings("nonResourceURLs")];

    public JsonObject Source => source;

    public bool Allows(AccessAttributes a)
    {
        if (!_verbs.Contains("*") && !_verbs.Contains(a.Verb)) return false;
        if (a.Resource.Length == 0) return _paths.Any(p => Path(p, a.Path));
        return (_groups.Contains("*") || _groups.Contains(a.Group)) && Resource(a.Resource, a.Subresource) && (_names.Count == 0 || (a.Name.Length > 0 && _names.Contains(a.Name)));
    }

    /// <summary>The single permissions a rule is made of; each must be held by whoever hands it on.</summary>
    public IEnumerable<AccessAttributes> Single()
    {
        foreach (var verb in _verbs)
        {
            foreach (var path in _paths) yield return new AccessAttributes(verb, "", "", "", "", "", path);
            foreach (var group in _groups)
            {
                foreach (var resource in _resources)
                {
                    var parts = resource.Split('/');
                    foreach (var name in _names.DefaultIfEmpty("")) yield return new AccessAttributes(verb, group, parts[0], parts.Length > 1 ? parts[1] : "", "", name);
                }
            }
        }
    }

    private bool Resource(string resource, string subresource)
    {
        if (_resources.Contains("*")) return true;
        return subresource.Length == 0 ? _resources.Contains(resource) : _resources.Contains($"{resource}/{subresource}") || _resources.Contains("*/" + subresource);
    }

    private static bool Path(string pattern, string path) => pattern == "*" || pattern == path || (pattern.EndsWith('*') && path.StartsWith(pattern[..^1], StringComparison.Ordinal));
}
