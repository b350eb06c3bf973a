namespace Berth.DevCluster.Cel;

/// <summary>Kubernetes' URL library.</summary>
internal static class UrlFunctions
{
    private static readonly CelType Url = CelType.Opaque(CelUrl.Name);

    public static void Register(CelLibrary library)
    {
        library.Global("url", [CelType.String], Url, a => CelUrl.Parse(a[0].AsString) is { } url
            ? CelValue.Opaque(url)
            : CelValue.Error($"URL parse error during conversion from string: parse \"{a[0].AsString}\": invalid URI for request"));
        library.Global("isURL", [CelType.String], CelType.Bool, a => CelValue.Of(CelUrl.Parse(a[0].AsString) is not null));
        Part(library, "getScheme", u => u.Scheme);
        Part(library, "getHost", u => u.Host);
        Part(library, "getHostname", u => u.Hostname);
        Part(library, "getPort", u => u.Port);
        Part(library, "getEscapedPath", u => u.Path);
        library.Member("getQuery", [Url], CelType.Map(CelType.String, CelType.List(CelType.String)), a => Query(((CelUrl)a[0].AsOpaque).Query));
    }

    private static void Part(CelLibrary library, string name, Func<CelUrl, string> part) =>
        library.Member(name, [Url], CelType.String, a => CelValue.Of(part((CelUrl)a[0].AsOpaque)));

    private static CelValue Query(string query)
    {
        var values = query.Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => p.Split('=', 2))
            .GroupBy(p => Decode(p[0]), p => CelValue.Of(p.Length == 2 ? Decode(p[1]) : ""), StringComparer.Ordinal);
        return CelValue.Of(CelMap.Of([.. values.Select(g => KeyValuePair.Create(CelValue.Of(g.Key), CelValue.Of(CelList.Of([.. g]))))]));
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}
