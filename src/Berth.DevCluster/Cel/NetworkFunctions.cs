using System.Net;

namespace Berth.DevCluster.Cel;

/// <summary>Kubernetes' IP and CIDR libraries.</summary>
internal static class NetworkFunctions
{
    private static readonly CelType Address = CelType.Opaque(CelAddress.Name);
    private static readonly CelType Network = CelType.Opaque(CelNetwork.Name);

    public static void Register(CelLibrary library)
    {
        library.Global("ip", [CelType.String], Address, a => ParseAddress(a[0].AsString));
        library.Global("isIP", [CelType.String], CelType.Bool, a => CelValue.Of(CelAddress.Parse(a[0].AsString) is not null));
        library.Global("ip.isCanonical", [CelType.String], CelType.Bool, a => CelAddress.Parse(a[0].AsString) is { } address
            ? CelValue.Of(address.ToString() == a[0].AsString)
            : NotAnAddress(a[0].AsString));
        library.Global("string", [Address], CelType.String, a => CelValue.Of(Ip(a[0]).ToString()));
        library.Member("family", [Address], CelType.Int, a => CelValue.Of(Ip(a[0]).IsV4 ? 4L : 6L));
        library.Member("isUnspecified", [Address], CelType.Bool, a => CelValue.Of(Ip(a[0]).Address is var ip && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any))));
        library.Member("isLoopback", [Address], CelType.Bool, a => CelValue.Of(IPAddress.IsLoopback(Ip(a[0]).Address)));
        library.Member("isLinkLocalMulticast", [Address], CelType.Bool, a => CelValue.Of(IsLinkLocalMulticast(Ip(a[0]))));
        library.Member("isLinkLocalUnicast", [Address], CelType.Bool, a => CelValue.Of(IsLinkLocalUnicast(Ip(a[0]))));
        library.Member("isGlobalUnicast", [Address], CelType.Bool, a => CelValue.Of(IsGlobalUnicast(Ip(a[0]))));
        Networks(library);
    }

    private static void Networks(CelLibrary library)
    {
        library.Global("cidr", [CelType.String], Network, a => CelNetwork.Parse(a[0].AsString) is { } network
            ? CelValue.Opaque(network)
            : CelValue.Error($"network address parse error during conversion from string: invalid CIDR address: {a[0].AsString}"));
        library.Global("isCIDR", [CelType.String], CelType.Bool, a => CelValue.Of(CelNetwork.Parse(a[0].AsString) is not null));
        library.Global("string", [Network], CelType.String, a => CelValue.Of(Cidr(a[0]).ToString()));
        library.Member("ip", [Network], Address, a => CelValue.Opaque(new CelAddress(Cidr(a[0]).Address)));
        library.Member("masked", [Network], Network, a => CelValue.Opaque(Cidr(a[0]).Masked()));
        library.Member("prefixLength", [Network], CelType.Int, a => CelValue.Of((long)Cidr(a[0]).Prefix));
        library.Member("containsIP", [Network, Address], CelType.Bool, a => CelValue.Of(Cidr(a[0]).Contains(Ip(a[1]).Address)));
        library.Member("containsIP", [Network, CelType.String], CelType.Bool, a => CelAddress.Parse(a[1].AsString) is { } address
            ? CelValue.Of(Cidr(a[0]).Contains(address.Address))
            : NotAnAddress(a[1].AsString));
        library.Member("containsCIDR", [Network, Network], CelType.Bool, a => CelValue.Of(Cidr(a[0]).Contains(Cidr(a[1]))));
        library.Member("containsCIDR", [Network, CelType.String], CelType.Bool, a => CelNetwork.Parse(a[1].AsString) is { } network
            ? CelValue.Of(Cidr(a[0]).Contains(network))
            : CelValue.Error($"network address parse error during conversion from string: invalid CIDR address: {a[1].AsString}"));
    }

    private static CelAddress Ip(CelValue value) => (CelAddress)value.AsOpaque;

    private static CelNetwork Cidr(CelValue value) => (CelNetwork)value.AsOpaque;

    private static CelValue ParseAddress(string text) => CelAddress.Parse(text) is { } address ? CelValue.Opaque(address) : NotAnAddress(text);

    private static CelValue NotAnAddress(string text) =>
        CelValue.Error($"IP Address \"{text}\" parse error during conversion from string: ParseAddr(\"{text}\"): unable to parse IP");

    private static bool IsLinkLocalMulticast(CelAddress ip)
    {
        var bytes = ip.Address.GetAddressBytes();
        return ip.IsV4 ? bytes is [224, 0, 0, _] : bytes[0] == 0xff && (bytes[1] & 0x0f) == 2;
    }

    private static bool IsLinkLocalUnicast(CelAddress ip)
    {
        var bytes = ip.Address.GetAddressBytes();
        return ip.IsV4 ? bytes is [169, 254, ..] : ip.Address.IsIPv6LinkLocal;
    }

    private static bool IsGlobalUnicast(CelAddress ip)
    {
        var bytes = ip.Address.GetAddressBytes();
        var multicast = ip.IsV4 ? bytes[0] is >= 224 and < 240 : bytes[0] == 0xff;
        return !multicast && !IPAddress.IsLoopback(ip.Address) && !IsLinkLocalUnicast(ip) && !ip.Address.Equals(IPAddress.Broadcast)
            && !ip.Address.Equals(IPAddress.Any) && !ip.Address.Equals(IPAddress.IPv6Any);
    }
}
