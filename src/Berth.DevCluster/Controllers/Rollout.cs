using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>The arithmetic of rolling out a pod template.</summary>
internal static class Rollout
{
    public const string HashLabel = "pod-template-hash";

    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";

    /// <summary>A short name of a template's content, in the letters that Kubernetes uses.</summary>
    public static string Hash(JsonNode template)
    {
        byte[] digest = SHA256.HashData(Encoding.UTF8.GetBytes(Canonical(template).ToJsonString()));
        return string.Concat(digest.Take(10).Select(static part => Alphabet[part % Alphabet.Length]));
    }

    /// <summary>True when two templates differ in nothing but the hash label.</summary>
    public static bool Same(JsonNode? one, JsonNode? other) => JsonNode.DeepEquals(WithoutHash(one), WithoutHash(other));

    /// <summary>How many pods may be above and below the wanted number, both rounded as Kubernetes does and never both zero.</summary>
    public static (int Surge, int Unavailable) Bounds(JsonObject deployment, int wanted)
    {
        JsonNode? rolling = deployment.At("spec", "strategy", "rollingUpdate");
        int surge = Share(rolling.Text("maxSurge") ?? "25%", wanted, up: true);
        int unavailable = Share(rolling.Text("maxUnavailable") ?? "25%", wanted, up: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }

    private static JsonNode? WithoutHash(JsonNode? template)
    {
        JsonNode? copy = template?.DeepClone();
        (copy.At("metadata", "labels") as JsonObject)?.Remove(HashLabel);
        return copy;
    }

    private static JsonNode Canonical(JsonNode node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(static pair => pair.Key, StringComparer.Ordinal)
            .Select(static pair => KeyValuePair.Create(pair.Key, pair.Value is null ? null : Canonical(pair.Value)))!),
        JsonArray list => list.Select(static item => item is null ? null : Canonical(item)).ToJsonArray(),
        _ => node.DeepClone(),
    };

    public static int Share(string value, int of, bool up)
    {
        if (!value.EndsWith('%'))
        {
            return int.Parse(value, CultureInfo.InvariantCulture);
        }

        double share = of * double.Parse(value.AsSpan(0, value.Length - 1), CultureInfo.InvariantCulture) / 100;
        return (int)(up ? Math.Ceiling(share) : Math.Floor(share));
    }
}
