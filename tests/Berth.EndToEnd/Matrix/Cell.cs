namespace Berth.EndToEnd.Matrix;

/// <summary>Where a task stands when disaster strikes; the columns of the matrix.</summary>
public enum Cell
{
    Pending,
    Planning,
    Unapproved,
    Approved,
    Applying,
    Run,
    Stopping,
    Suspended,
}

/// <summary>What becomes of it; what people see and type in each case is in docs/recovery.md.</summary>
public enum Fate
{
    /// <summary>Still waits, and has not begun.</summary>
    Waits,

    /// <summary>The same attempt goes on as if nothing had happened.</summary>
    Goes,

    /// <summary>The same plan is kept, on the same slot, or on none if it was suspended.</summary>
    Kept,

    /// <summary>The stored plan was put back on another slot; no new plan, no new approval, no reset.</summary>
    Moved,

    /// <summary>Planned again by another attempt.</summary>
    Replanned,

    /// <summary>Lost and proved dead; a person has to say what became of it.</summary>
    Held,

    /// <summary>Lost and not proved dead: nothing else runs for the workspace. Its late result is believed.</summary>
    LateResult,

    /// <summary>Lost and never to be proved dead: a person has to confirm it.</summary>
    ConfirmDead,

    /// <summary>Being stopped, until that is proved; then stopped.</summary>
    Stops,

    /// <summary>Being stopped, and nothing will ever prove it: a person has to confirm it.</summary>
    StopsConfirmed,
}
