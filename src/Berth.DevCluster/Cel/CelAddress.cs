using System.Net;
using System.Net.Sockets;

namespace Berth.DevCluster.Cel;

/// <summary>An IP address.</summary>
internal sealed record CelAddress(IPAddress Address) : ICelOpaque
{
    public const string Name = "net.IP";

    public string TypeName => Name;

    public bool IsV4 => Address.AddressFamily == AddressFamily.InterNetwork;

    public bool SameAs(ICelOpaque other) => other is CelAddress address && address.Address.Equals(Address);

    /// <summary>Parses an address; one with a zone, leading zeros or mapped from IPv4 is none.</summary>
    public static CelAddress? Parse(string text) =>
        Schema.IpText.TryParse(text, lenient: false, out var address) && !address.IsIPv4MappedToIPv6 ? new(address) : null;

    public override string ToString() => Address.ToString();
}

/// <summary>An IP network.</summary>
internal sealed record CelNetwork(IPAddress Address, int Prefix) : ICelOpaque
{
    public const string Name = "net.CIDR";

    public string TypeName => Name;

    public bool SameAs(ICelOpaque other) => other is CelNetwork network && network.Prefix == Prefix && network.Address.Equals(Address);

    public static CelNetwork? Parse(string text) =>
        Schema.IpText.TryParseCidr(text, lenient: false, out var address, out var prefix) && !address.IsIPv4MappedToIPv6
            ? new(address, prefix)
            : null;

    public CelNetwork Masked()
    {
        var bytes = Address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] &= (byte)(0xff << (8 - Math.Clamp(Prefix - (i * 8), 0, 8)));
        return new(new IPAddress(bytes), Prefix);
    }

    public bool Contains(IPAddress address) =>
        address.AddressFamily == Address.AddressFamily && new CelNetwork(address, Prefix).Masked().Address.Equals(Masked().Address);

    public bool Contains(CelNetwork other) => other.Prefix >= Prefix && Contains(other.Address);

    public override string ToString() => $"{Address}/{Prefix}";
}
