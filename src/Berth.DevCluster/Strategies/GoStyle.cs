using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Strategies;

/// <summary>Values in errors as a real server prints its internal types: declared order, capital names, nothing left out.</summary>
internal static class GoStyle
{
    /// <param name="obj">The value as clients write it.</param>
    /// <param name="fields">The names of its fields in their order; a client's name is the same with a small initial, or stands after a colon.</param>
    public static string Struct(JsonObject obj, params ReadOnlySpan<string> fields)
    {
        var parts = new List<string>();
        foreach (var field in fields)
        {
            var words = field.Split(':');
            var name = words.Length > 1 ? words[1] : char.ToLowerInvariant(field[0]) + field[1..];
            parts.Add($"{GoText.Json(words[0])}:{GoText.Json(obj[name])}");
        }
        return "{" + string.Join(',', parts) + "}";
    }
}
