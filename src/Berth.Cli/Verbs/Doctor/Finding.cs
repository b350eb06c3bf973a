namespace Berth.Cli.Verbs.Doctor;

/// <summary>How bad it is.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Could not be looked at from here.</summary>
    Unknown,

    /// <summary>Somebody should look.</summary>
    Warning,

    /// <summary>Does not work.</summary>
    Bad,
}

/// <summary>What one check found, and what to do about it; nothing to do when all is well.</summary>
internal sealed record Finding(string Check, Verdict Verdict, string Text, string? Remedy = null);
