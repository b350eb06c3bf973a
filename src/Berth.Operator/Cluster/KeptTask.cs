using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Cluster;

/// <summary>
/// A task as the caches keep it: whole, or packed once it is quiet. There may be a hundred thousand of those, and hardly anybody asks for one; who
/// does gets the very same task. What is asked of all of them stays beside the packed rest.
/// </summary>
internal sealed record KeptTask
{
    /// <summary>Keeps a task whole.</summary>
    public KeptTask(TaskResource task)
    {
        var (meta, status) = (task.Metadata, task.Status);
        Whole = meta.Extra is null ? task : task with { Metadata = meta with { Extra = null } };
        Identity = BerthResources.Tasks.Identify(task);
        Phase = status.Phase;
        IsQuiet = task.IsAtRest() && meta.DeletionTimestamp is null && status.Slot is null && status.ObservedGeneration == meta.Generation && !status.Conditions.Any(c => c is { Type: "Stalled", Status: ConditionStatus.True });
        PastPod = status.Attempt?.PodUid is { Length: > 0 } uid && uid != status.Slot?.PodUid && !MayRunThere(task) ? uid : null;
        Epoch = status.Attempt?.Epoch ?? 0;
        HistorySeq = status.History.Seq;
        NeedsLook = !IsQuiet || task.Spec.TtlAfterFinished is not null;
        HasActionNote = meta.Annotations?.ContainsKey(Names.ActionAnnotation) == true;
    }

    /// <summary>How informers read tasks.</summary>
    public static ResourceType<KeptTask> Resource { get; } = new(BerthResources.Tasks.Group, BerthResources.Tasks.Version, BerthResources.Tasks.Plural, BerthResources.Tasks.Kind, true,
        JsonMetadataServices.CreateValueInfo<KeptTask>(BerthJson.Default.Options, new Converter()), t => t.Identity);

    /// <summary>Whose it is, and which version.</summary>
    public ObjectIdentity Identity { get; }

    /// <summary>The phase.</summary>
    public TaskPhase Phase { get; }

    /// <summary>At rest, its spec as it was seen, and nobody asked for anything: only its own events matter.</summary>
    public bool IsQuiet { get; }

    /// <summary>Uid of the pod where the latest attempt was and is over; null if there is none.</summary>
    public string? PastPod { get; }

    /// <summary>The epoch under which the latest attempt was ordered; 0 if there is none.</summary>
    public long Epoch { get; }

    /// <summary>The number of its latest transition.</summary>
    public long HistorySeq { get; }

    /// <summary>Whether a new leader has to look at it: at a quiet one only for the end of its time to live.</summary>
    public bool NeedsLook { get; }

    /// <summary>Whether a person's action is noted on it.</summary>
    public bool HasActionNote { get; }

    /// <summary>The task.</summary>
    public TaskResource Task => Whole ?? Packed!.Unpack();

    // One of the two is there.
    private TaskResource? Whole { get; init; }

    private PackedTask? Packed { get; init; }

    /// <summary>The same, kept packed.</summary>
    public KeptTask As(PackedTask packed) => this with { Whole = null, Packed = packed };

    /// <summary>Whether something of the latest attempt may still go on where it was ordered.</summary>
    public static bool MayRunThere(TaskResource task) => !task.IsAtRest() && (task.Status.Attempt is { EndedAt: null } || task.Status.Phase.MayRun());

    private sealed class Converter : JsonConverter<KeptTask>
    {
        public override KeptTask? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize(ref reader, BerthJson.Default.TaskResource) is { } task ? new KeptTask(task) : null;

        public override void Write(Utf8JsonWriter writer, KeptTask value, JsonSerializerOptions options) => JsonSerializer.Serialize(writer, value.Task, BerthJson.Default.TaskResource);
    }
}
