using System.Text;

namespace Berth.History.Connection;

/// <summary>JSON that PostgreSQL's jsonb takes: it refuses the escape of NUL, which System.Text.Json writes as <c>\u0000</c>.</summary>
internal static class Json
{
    public static byte[] Storable(byte[] json) =>
        json.AsSpan().IndexOf("\\u0000"u8) < 0 ? json : Encoding.UTF8.GetBytes(Storable(Encoding.UTF8.GetString(json)));

    public static string Storable(string json)
    {
        if (!json.Contains("\\u0000", StringComparison.Ordinal)) return json;
        var text = new StringBuilder(json.Length);
        for (var i = 0; i < json.Length; i++)
        {
            if (json[i] == '\\' && i + 1 < json.Length)
            {
                var nul = string.CompareOrdinal(json, i, "\\u0000", 0, 6) == 0;
                text.Append(nul ? "\\uFFFD" : json.AsSpan(i, 2));
                i += nul ? 5 : 1;
            }
            else
            {
                text.Append(json[i]);
            }
        }
        return text.ToString();
    }
}
