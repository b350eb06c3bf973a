namespace Berth.History;

/// <summary>Something that is not as it should be.</summary>
/// <param name="Kind">One word, e.g. <c>TransitionMissing</c>.</param>
/// <param name="Subject">Task uid, digest or attempt.</param>
/// <param name="Message">What it is.</param>
public sealed record HistoryDefect(string Kind, string Subject, string Message);
