using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>A kind that the server offers.</summary>
internal sealed record ServedResource(string GroupVersion, string Kind, string Plural, bool Namespaced, IReadOnlySet<string> Verbs)
{
    private string Root => GroupVersion.Contains('/') ? $"apis/{GroupVersion}" : $"api/{GroupVersion}";

    public string Group => GroupVersion.Contains('/') ? GroupVersion.Split('/')[0] : "";

    /// <summary>The collection over all namespaces.</summary>
    public string Everywhere => $"{Root}/{Plural}";

    public string Collection(string ns) => Namespaced ? $"{Root}/namespaces/{ns}/{Plural}" : Everywhere;

    public string Url(string ns, string name) => $"{Collection(ns)}/{name}";
}

/// <summary>Asks the server which kinds it has.</summary>
internal static class Discovery
{
    /// <summary>Every served version; the preferred one of a group comes first.</summary>
    public static async Task<List<ServedResource>> ReadAsync(ApiClient api, CancellationToken cancel)
    {
        var found = new List<ServedResource>();
        await AddAsync(api, "v1", "api/v1", found, cancel);
        foreach (JsonNode group in (await api.GetAsync("apis", cancel)).Items("groups").ToList())
        {
            string preferred = group.Text("preferredVersion", "groupVersion") ?? "";
            IEnumerable<string> versions = group.Items("versions").Select(static version => version.Text("groupVersion") ?? "");
            foreach (string version in versions.OrderBy(version => version != preferred))
            {
                await AddAsync(api, version, $"apis/{version}", found, cancel);
            }
        }

        return found;
    }

    private static async Task AddAsync(ApiClient api, string version, string path, List<ServedResource> found, CancellationToken cancel)
    {
        JsonObject? list;
        try
        {
            list = await api.FindAsync(path, cancel);
        }
        catch (ApiException unavailable) when ((int)unavailable.Code >= 500)
        {
            return; // An aggregated API that is down hides its kinds, not everybody else's.
        }

        foreach (JsonNode resource in list.Items("resources"))
        {
            string name = resource.Text("name") ?? "";
            if (!name.Contains('/'))
            {
                found.Add(new ServedResource(
                    version, resource.Text("kind") ?? "", name, resource.Flag("namespaced"), resource.Texts("verbs").ToHashSet()));
            }
        }
    }
}
