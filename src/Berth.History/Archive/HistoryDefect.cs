namespace Berth.History;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Kind">One word, e.g. <c>TransitionMissing</c>.</param>
/// <param name="Subject">Task uid, digest or attempt.</param>
/// <param name="Message">What it is.</param>
public sealed record HistoryDefect(string Kind, string Subject, string Message)
{
    private const string FromBackup = "A backup brings it back: berth restore FILE --history-only --merge.";

    private static readonly Dictionary<string, string> Remedies = new(StringComparer.Ordinal)
    {
        ["TransitionMissing"] = "The leader writes again what the statuses of tasks still hold, within seconds after the database is back: verify once more. " + FromBackup,
        ["HistoryLost"] = FromBackup + " Without one it is lost; the alert stays to say so.",
        ["TransitionTwice"] = "Somebody wrote into the table by hand: delete the copy, or restore a backup into an empty database.",
        ["TransitionWaiting"] = "Nothing is lost yet. 'berth doctor' says whether an operator leads and whether the database takes what it is given.",
        ["TransitionDiffers"] = "The history keeps what came first. Somebody changed the task's status by hand, or the cluster went back in time: the API server's audit log tells.",
        ["TaskMissing"] = "The row of the task is gone and its moves are not: " + FromBackup,
        ["ClusterBehind"] = "The cluster's store was put back to an earlier state: what ran since may run again. Look at the task before it goes on; docs/recovery.md.",
        ["ClusterMissing"] = "If the cluster was lost: berth restore FILE --resources-only brings it back suspended. If somebody took its finalizer off, nothing more is to be done.",
        ["ArtifactMissing"] = "A plan that is only on its slot is applied from there, and planned again if the slot goes; nothing is applied without its bytes. " + FromBackup,
        ["ChunkMissing"] = "Such bytes are never used: what needs them is planned or run again. Look at the database's disk. " + FromBackup,
        ["ArtifactDamaged"] = "Such bytes are never used: what needs them is planned or run again. If a key is missing, put it back into the Secret; otherwise look at the database's disk. " + FromBackup,
        ["LogHole"] = "A part of this output is gone. " + FromBackup,
        ["LogDamaged"] = "This output cannot be read. If a key is missing, put it back into the Secret; otherwise look at the database's disk. " + FromBackup,
    };

    /// <summary>What to do about defects of this kind.</summary>
    public string Remedy => Remedies.GetValueOrDefault(Kind, "");
}
