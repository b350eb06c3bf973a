using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.Api;

/// <summary>
/// Source-generated JSON of Berth's resources; camelCase, nulls left out. A generated contract sets every init-only property, with null
/// for what is absent: that is why such properties of the records fall back with <c>value ?? …</c>.
/// </summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict,
    Converters = [typeof(UtcTimeConverter), typeof(SharedTextConverter)])]
[JsonSerializable(typeof(TaskResource))]
[JsonSerializable(typeof(TaskStatus))]
[JsonSerializable(typeof(TaskSpec))]
[JsonSerializable(typeof(AgentPoolResource))]
[JsonSerializable(typeof(AgentPoolStatus))]
[JsonSerializable(typeof(ApprovalResource))]
[JsonSerializable(typeof(ApprovalStatus))]
[JsonSerializable(typeof(ApprovalSpec))]
[JsonSerializable(typeof(OutboxEntry))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(ActionNote))]
[JsonSerializable(typeof(List<FreezeWindow>))]
[JsonSerializable(typeof(NamespaceLimits))]
public sealed partial class BerthJson : JsonSerializerContext;
