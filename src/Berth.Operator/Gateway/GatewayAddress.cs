namespace Berth.Operator.Gateway;

/// <summary>host:port as agents dial it.</summary>
internal static class GatewayAddress
{
    /// <summary>An IPv6 address gets its brackets, so that the port can be told from it: a pod's own address comes without.</summary>
    public static string Normalize(string address)
    {
        var colon = address.LastIndexOf(':');
        if (colon <= 0 || address[0] == '[' || address.IndexOf(':', StringComparison.Ordinal) == colon) return address;
        return $"[{address[..colon]}]{address[colon..]}";
    }

    /// <summary>Each of a comma-separated list.</summary>
    public static string NormalizeAll(string addresses) =>
        string.Join(',', addresses.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Normalize));
}
