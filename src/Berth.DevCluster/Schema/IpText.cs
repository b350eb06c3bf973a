using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Berth.DevCluster.Schema;

/// <summary>Parses addresses and CIDRs as Go does: dotted quads of decimal numbers only, IPv6 without zone.</summary>
internal static class IpText
{
    /// <param name="text">The address.</param>
    /// <param name="lenient">Whether leading zeros in IPv4 parts are tolerated.</param>
    /// <param name="address">The address; an IPv4-mapped IPv6 address stays one.</param>
    public static bool TryParse(string text, bool lenient, out IPAddress address)
    {
        address = IPAddress.None;
        if (!text.Contains(':'))
            return TryParseQuad(text, lenient, out address);
        if (text.Contains('%') || text.Contains('[') || text.Contains('/') || text.StartsWith(' ') || text.EndsWith(' '))
            return false;
        var quad = text.LastIndexOf(':') + 1;
        if (text.AsSpan(quad).Contains('.') && !TryParseQuad(text[quad..], lenient, out _))
            return false;
        return IPAddress.TryParse(text, out address!) && address.AddressFamily == AddressFamily.InterNetworkV6;
    }

    public static bool TryParseCidr(string text, bool lenient, out IPAddress address, out int prefix)
    {
        prefix = 0;
        address = IPAddress.None;
        var slash = text.IndexOf('/');
        if (slash < 0 || !TryParse(text[..slash], lenient, out address))
            return false;
        var digits = text.AsSpan(slash + 1);
        if (digits.Length is 0 or > 3 || digits.ContainsAnyExceptInRange('0', '9') || (!lenient && digits.Length > 1 && digits[0] == '0'))
            return false;
        prefix = int.Parse(digits, CultureInfo.InvariantCulture);
        return prefix <= (address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128);
    }

    private static bool TryParseQuad(string text, bool lenient, out IPAddress address)
    {
        address = IPAddress.None;
        var parts = text.Split('.');
        if (parts.Length != 4)
            return false;
        Span<byte> bytes = stackalloc byte[4];
        for (var i = 0; i < 4; i++)
        {
            var part = parts[i];
            if (part.Length == 0 || part.AsSpan().ContainsAnyExceptInRange('0', '9') || (!lenient && part.Length > 1 && part[0] == '0'))
                return false;
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out bytes[i]))
                return false;
        }
        address = new IPAddress(bytes);
        return true;
    }
}
