using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Berth.Api;

/// <summary>SHA-256 digests in the form <c>sha256:</c> followed by 64 lower-case hex digits.</summary>
public static class Digests
{
    /// <summary>The pattern that the CRDs carry.</summary>
    public const string Pattern = "^sha256:[0-9a-f]{64}$";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Digest of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Format(SHA256.HashData(bytes));

    /// <summary>Digest of the UTF-8 form of a text.</summary>
    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text));

    /// <summary>Wraps a finished hash of 32 bytes.</summary>
    public static string Format(ReadOnlySpan<byte> hash) => "sha256:" + Convert.ToHexStringLower(hash);

    /// <summary>Whether a text is a well-formed digest.</summary>
    public static bool IsValid(string? text) =>
        text is { Length: 71 } && text.StartsWith("sha256:", StringComparison.Ordinal) && text.AsSpan(7).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>For people: <c>sha256:</c> and the first 12 digits.</summary>
    public static string Short(string digest) => digest.Length > 19 ? digest[..19] : digest;
}
