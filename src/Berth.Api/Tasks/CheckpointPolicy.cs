using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Checkpoints of a running command.</summary>
public sealed record CheckpointPolicy
{
    /// <summary>How often $BERTH_CHECKPOINT_DIR is saved while the command runs, if it changed. Without it, only on demand and when the command ends without success.</summary>
    [Duration]
    public string? Interval { get; init; }

    /// <summary>How many checkpoints of the task are kept; older ones go.</summary>
    [Default("10"), Bounds(Minimum = 1, Maximum = 100)]
    public int Keep { get; set; } = 10;
}
