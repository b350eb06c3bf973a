using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Kubernetes;

/// <summary>A record that keeps the fields it does not know, so that they survive a read-modify-write.</summary>
public abstract record Extensible
{
    /// <summary>Fields without a property of their own; null when there are none.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Extra { get; set; }
}
