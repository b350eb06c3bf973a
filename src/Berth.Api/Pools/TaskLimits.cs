using Berth.Api.Schema;

namespace Berth.Api;

/// <summary>Caps on tasks that hold slots, running and reserved ones alike. On a Namespace the same fields, and one for storage, stand as JSON in the annotation berth.dev/limits.</summary>
public sealed record TaskLimits
{
    /// <summary>Tasks that may hold a slot at once.</summary>
    [Bounds(Minimum = 1, Maximum = 100_000)]
    public int? Tasks { get; init; }

    /// <summary>Tasks of one workspace that may hold a slot at once. At most one of them can change anything in any case.</summary>
    [Bounds(Minimum = 1, Maximum = 100_000)]
    public int? TasksPerWorkspace { get; init; }
}
