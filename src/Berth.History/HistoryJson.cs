using System.Text.Json;
using System.Text.Json.Serialization;

namespace Berth.History;

/// <summary>Source-generated JSON of the history's own types; camelCase, nulls left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SpilledTask))]
[JsonSerializable(typeof(TransitionDifference))]
[JsonSerializable(typeof(TransitionLoss))]
[JsonSerializable(typeof(TaskStory))]
[JsonSerializable(typeof(IReadOnlyList<TaskSummary>))]
[JsonSerializable(typeof(IReadOnlyList<StoredTransition>))]
[JsonSerializable(typeof(HistoryStatistics))]
[JsonSerializable(typeof(IReadOnlyList<AuditRecord>))]
[JsonSerializable(typeof(IReadOnlyList<HistoryDefect>))]
[JsonSerializable(typeof(CleanupReport))]
public sealed partial class HistoryJson : JsonSerializerContext;
