using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Checkpoints;

/// <summary>A checkpoint that a person asks for: each new value of the annotation asks once, of the command that runs then or of the next one.</summary>
public static class CheckpointRequest
{
    private const int MaxLength = 64;

    /// <summary>The request that was not acted on yet; null if there is none.</summary>
    public static string? Open(TaskResource task) =>
        task.Metadata.Annotations?.GetValueOrDefault(Names.CheckpointAnnotation) is { Length: > 0 } value && Text.Cut(value, MaxLength) is var request && request != task.Status.Checkpointed ? request : null;
}
