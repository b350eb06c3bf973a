using System.Globalization;
using Berth.Api;

namespace Berth.Core.Checkpoints;

/// <summary>A checkpoint as the choice sees it.</summary>
/// <param name="Attempt">Id of the attempt that made it.</param>
/// <param name="Number">Number within that attempt.</param>
/// <param name="Digest">Digest of its bytes.</param>
/// <param name="Size">Size in bytes.</param>
public sealed record Checkpoint(string Attempt, int Number, string Digest, long Size)
{
    /// <summary>Number of the attempt within its task.</summary>
    public int AttemptNumber => int.Parse(Attempt.AsSpan(Attempt.LastIndexOf('-') + 1), CultureInfo.InvariantCulture);

    /// <summary>What people call it: number of the attempt, dash, number.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"{AttemptNumber}-{Number}");
}

/// <summary>What an attempt may begin with, best first.</summary>
/// <param name="Candidates">The checkpoints.</param>
/// <param name="Named">Whether a person asked for it: then nothing may begin from scratch instead.</param>
/// <param name="Problem">Why nothing may begin; null if it may.</param>
public sealed record CheckpointChoice(IReadOnlyList<Checkpoint> Candidates, bool Named, string? Problem)
{
    /// <summary>The value of spec.resumeFrom that means the newest one.</summary>
    public const string Latest = "latest";

    /// <summary>
    /// Chooses. The run's own checkpoints come first, newest first. A run without any begins where spec.resumeFrom says, and what is older
    /// stands by in case that one is damaged.
    /// </summary>
    /// <param name="task">The task.</param>
    /// <param name="newestFirst">Its checkpoints.</param>
    public static CheckpointChoice Of(TaskResource task, IReadOnlyList<Checkpoint> newestFirst)
    {
        var own = newestFirst.Where(c => c.AttemptNumber > task.Status.AttemptsBefore).ToList();
        var earlier = newestFirst.Except(own).ToList();
        if (task.Spec.ResumeFrom is not { Length: > 0 } from) return new CheckpointChoice(own, false, null);
        if (from == Latest) return earlier.Count + own.Count > 0 ? new CheckpointChoice(own.Concat(earlier).ToList(), own.Count == 0, null) : Missing(task, "none is kept", newestFirst);
        var at = earlier.FindIndex(c => c.Name == from);
        if (at < 0) return own.Count > 0 ? new CheckpointChoice(own, false, null) : Missing(task, $"{from} is not kept", newestFirst);
        return new CheckpointChoice(own.Concat(earlier.Skip(at)).ToList(), own.Count == 0, null);
    }

    private static CheckpointChoice Missing(TaskResource task, string what, IReadOnlyList<Checkpoint> all) =>
        new([], true, $"spec.resumeFrom names a checkpoint to begin with, but {what}; there {(all.Count == 1 ? "is" : "are")} {(all.Count == 0 ? "none" : string.Join(", ", all.Select(c => c.Name)))}. Correct or remove spec.resumeFrom of task {task.Metadata.Name}");
}
