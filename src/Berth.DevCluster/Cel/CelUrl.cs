using System.Text.RegularExpressions;

namespace Berth.DevCluster.Cel;

/// <summary>An absolute URL, or an absolute path, taken apart.</summary>
internal sealed partial record CelUrl(string Text, string Scheme, string Host, string Path, string Query) : ICelOpaque
{
    public const string Name = "kubernetes.URL";

    public string TypeName => Name;

    public bool SameAs(ICelOpaque other) => other is CelUrl url && url.Text == Text;

    /// <summary>The host without port and brackets.</summary>
    public string Hostname => Authority().Match(Host) is { Success: true } match
        ? match.Groups[1].Success ? match.Groups[1].Value : match.Groups[2].Value
        : Host;

    public string Port => Authority().Match(Host).Groups[3].Value;

    public static CelUrl? Parse(string text)
    {
        if (text.Any(c => c is < ' ' or (char)0x7f))
            return null;
        var match = Form().Match(text);
        if (!match.Success)
            return null;
        var host = match.Groups["host"].Value;
        if (host.Contains(' ') || (host.Length > 0 && !Authority().IsMatch(host)))
            return null;
        var scheme = match.Groups["scheme"].Value.ToLowerInvariant();
        var path = match.Groups["path"].Value;
        return scheme.Length == 0 && !path.StartsWith('/') ? null : new CelUrl(text, scheme, host, Escape(path), match.Groups["query"].Value);
    }

    public override string ToString() => Text;

    /// <summary>The path with everything escaped that a path may not hold.</summary>
    private static string Escape(string path) => NotOfPath().Replace(path, m => Uri.EscapeDataString(m.Value));

    [GeneratedRegex(@"[^A-Za-z0-9$&+,/:;=@!'()*~_.%-]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotOfPath();

    [GeneratedRegex(@"^(?:(?<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:[^/?#@]*@)?(?<host>[^/?#]*))?(?<path>(?:[^?%]|%[0-9A-Fa-f]{2})*)(?:\?(?<query>.*))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"^(?:\[([0-9A-Fa-f:.%]+)\]|([^:\[\]]*))(?::([0-9]*))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Authority();
}
