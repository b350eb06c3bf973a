using System.Globalization;
using Berth.Api;
using Berth.Core.Pools;
using Xunit;

namespace Berth.Core.Tests.Pools;

public sealed class FreezeCalendarTests
{
    private static readonly FreezeWindow Weekend = new() { Name = "weekend", Schedule = "0 18 * * FRI", Duration = "62h", TimeZone = "Europe/Berlin", Reason = "nobody is there" };

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime();

    private static FreezeCalendar Of(params FreezeWindow[] windows) => FreezeCalendar.Of(windows, name => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null);

    [Fact]
    public void A_window_holds_from_its_beginning_and_not_at_its_end()
    {
        var calendar = Of(Weekend);
        Assert.Null(calendar.Problem);
        Assert.Null(calendar.At(At("2030-01-04T16:59:59Z")));
        Assert.Equal(new Freeze("weekend", "nobody is there", At("2030-01-07T07:00Z")), calendar.At(At("2030-01-04T17:00Z")));
        Assert.NotNull(calendar.At(At("2030-01-07T06:59:59Z")));
        Assert.Null(calendar.At(At("2030-01-07T07:00Z")));
    }

    [Fact]
    public void A_window_over_the_change_of_the_clocks_lasts_as_long_as_it_says()
    {
        // The clocks go forward in the night to 31 March 2030.
        Assert.Equal(At("2030-04-01T07:00Z"), Of(Weekend).At(At("2030-03-31T12:00Z"))!.Until);
    }

    [Fact]
    public void Windows_without_a_gap_between_them_are_one_freeze()
    {
        var calendar = Of(new FreezeWindow { Name = "a", Schedule = "0 8 * * *", Duration = "2h" }, new FreezeWindow { Name = "b", Schedule = "0 10 * * *", Duration = "3h" }, new FreezeWindow { Name = "c", Schedule = "30 9 * * *", Duration = "10m" });
        Assert.Equal(At("2030-01-04T13:00Z"), calendar.At(At("2030-01-04T08:30Z"))!.Until);
        Assert.Equal("a", calendar.At(At("2030-01-04T08:30Z"))!.Window);
        Assert.Null(calendar.At(At("2030-01-04T13:00Z")));
    }

    [Fact]
    public void A_window_that_follows_itself_without_a_gap_says_a_bounded_end() =>
        Assert.True(Of(new FreezeWindow { Name = "always", Schedule = "@daily", Duration = "24h" }).At(At("2030-01-04T08:30Z"))!.Until > At("2030-01-20T00:00Z"));

    [Theory]
    [InlineData("0 18 * *", "62h", "Europe/Berlin")]
    [InlineData("0 18 * * *", "800h", "Europe/Berlin")]
    [InlineData("0 18 * * *", "0s", "Europe/Berlin")]
    [InlineData("0 18 * * *", "2h", "Europe/Atlantis")]
    public void What_cannot_be_read_is_said(string schedule, string duration, string zone)
    {
        var problem = Of(Weekend with { Schedule = schedule, Duration = duration, TimeZone = zone }).Problem;
        Assert.Contains("weekend", problem, StringComparison.Ordinal);
    }
}
