using System.Globalization;
using Berth.Api;

namespace Berth.Cli.Output;

/// <summary>Spans of time and moments as people read them.</summary>
internal static class Ages
{
    public static string Of(TimeSpan span) => Durations.Describe(span);

    /// <summary>How long ago; empty for never.</summary>
    public static string Since(DateTimeOffset? at) => at is { } moment ? Of(DateTimeOffset.UtcNow - moment) : "";

    /// <summary>A moment for people, with how far it is away.</summary>
    public static string Moment(DateTimeOffset at)
    {
        var away = at - DateTimeOffset.UtcNow;
        return string.Create(CultureInfo.InvariantCulture, $"{at:yyyy-MM-dd HH:mm:ss} UTC ({(away > TimeSpan.Zero ? $"in {Of(away)}" : $"{Of(-away)} ago")})");
    }
}
