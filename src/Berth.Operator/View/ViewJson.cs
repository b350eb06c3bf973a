using System.Text.Json.Serialization;
using Berth.Api;

namespace Berth.Operator.View;

/// <summary>Source-generated JSON of the views.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcTimeConverter)])]
[JsonSerializable(typeof(OutboxEntry[]))]
[JsonSerializable(typeof(CheckpointView[]))]
internal sealed partial class ViewJson : JsonSerializerContext;
