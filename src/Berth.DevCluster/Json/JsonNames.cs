using System.Text.Json.Serialization;

namespace Berth.DevCluster.Json;

/// <summary>Source-generated serialization of the few plain values that are not written as nodes.</summary>
[JsonSerializable(typeof(string))]
internal sealed partial class JsonNames : JsonSerializerContext;
