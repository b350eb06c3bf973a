namespace Berth.History;

/// <summary>Values as PostgreSQL gives them back.</summary>
internal static class Moments
{
    /// <summary>UTC, whole microseconds.</summary>
    public static DateTimeOffset Normal(DateTimeOffset at) => new(at.UtcTicks / 10 * 10, TimeSpan.Zero);

    /// <inheritdoc cref="Normal(DateTimeOffset)"/>
    public static DateTimeOffset? Normal(DateTimeOffset? at) => at is { } value ? Normal(value) : null;

    /// <summary>PostgreSQL's text holds no NUL; a command's message may.</summary>
    public static string Storable(string text) => text.Contains('\0', StringComparison.Ordinal) ? text.Replace('\0', '\uFFFD') : text;
}
