using Berth.Api;
using Berth.Protocol;

namespace Berth.Operator.Checkpoints;

/// <summary>What an order says of checkpoints.</summary>
internal static class CheckpointSettings
{
    /// <summary>The part of an order; null where the task has no checkpoints.</summary>
    public static CheckpointOrder? Order(TaskSpec spec, Assign order)
    {
        if (spec.Checkpoint is not { } policy) return null;
        // The very first attempt of a task can have nothing to go on from, and must not wait for the database to say so.
        var first = order.Attempt.EndsWith("-1", StringComparison.Ordinal) && spec.ResumeFrom is null;
        return new CheckpointOrder { IntervalSeconds = (int)Math.Ceiling(Durations.Or(policy.Interval, TimeSpan.Zero).TotalSeconds), Keep = policy.Keep, Resume = !first };
    }
}
