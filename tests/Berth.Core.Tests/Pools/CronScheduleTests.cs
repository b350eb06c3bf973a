using System.Globalization;
using Berth.Core.Pools;
using Xunit;

namespace Berth.Core.Tests.Pools;

public sealed class CronScheduleTests
{
    private static readonly TimeZoneInfo Berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime();

    private static DateTimeOffset? Latest(string schedule, string now, TimeZoneInfo? zone = null) =>
        CronSchedule.Parse(schedule, out _)!.Latest(At(now), zone ?? TimeZoneInfo.Utc, 400)?.ToUniversalTime();

    [Theory]
    [InlineData("0 18 * * FRI", "2030-01-07T09:00Z", "2030-01-04T18:00Z")]
    [InlineData("0 18 * * 5", "2030-01-04T18:00Z", "2030-01-04T18:00Z")]
    [InlineData("0 18 * * 5", "2030-01-04T17:59Z", "2029-12-28T18:00Z")]
    [InlineData("*/15 9-17 * * MON-FRI", "2030-01-05T12:00Z", "2030-01-04T17:45Z")]
    [InlineData("30 4 1,15 * 5", "2030-01-14T00:00Z", "2030-01-11T04:30Z")]
    [InlineData("0 0 20 DEC *", "2030-01-05T00:00Z", "2029-12-20T00:00Z")]
    [InlineData("0 0 * * 7", "2030-01-08T00:00Z", "2030-01-06T00:00Z")]
    [InlineData("5/20 * * * *", "2030-01-08T10:30Z", "2030-01-08T10:25Z")]
    [InlineData("@monthly", "2030-02-08T10:30Z", "2030-02-01T00:00Z")]
    [InlineData("0 0 29 2 *", "2028-03-01T00:00Z", "2028-02-29T00:00Z")]
    public void The_latest_beginning_is_found(string schedule, string now, string expected) => Assert.Equal(At(expected), Latest(schedule, now));

    [Fact]
    public void A_schedule_that_never_comes_has_no_beginning() => Assert.Null(Latest("0 0 30 2 *", "2030-01-01T00:00Z"));

    [Theory]
    [InlineData("")]
    [InlineData("* * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("5-1 * * * *")]
    [InlineData("*/0 * * * *")]
    [InlineData("1,,2 * * * *")]
    [InlineData("x * * * *")]
    [InlineData("1/2/3 * * * *")]
    [InlineData("-1 * * * *")]
    [InlineData("* * * JANUARY *")]
    public void What_is_no_schedule_is_refused_with_a_reason(string text)
    {
        Assert.Null(CronSchedule.Parse(text, out var problem));
        Assert.NotNull(problem);
    }

    [Fact]
    public void The_time_zone_counts_in_summer_and_winter()
    {
        Assert.Equal(At("2030-01-04T17:00Z"), Latest("0 18 * * *", "2030-01-04T20:00Z", Berlin));
        Assert.Equal(At("2030-07-04T16:00Z"), Latest("0 18 * * *", "2030-07-04T20:00Z", Berlin));
    }

    [Fact]
    public void A_time_that_the_clocks_skip_counts_as_if_they_had_not()
    {
        // 31 March 2030: 02:00 becomes 03:00 in Berlin, at 01:00 UTC.
        Assert.Equal(At("2030-03-31T01:30Z"), Latest("30 2 * * *", "2030-03-31T12:00Z", Berlin));
        Assert.Equal(At("2030-04-01T00:30Z"), Latest("30 2 * * *", "2030-04-01T12:00Z", Berlin));
    }

    [Fact]
    public void Of_a_time_that_is_shown_twice_the_first_counts_unless_every_hour_does()
    {
        // 27 October 2030: 03:00 becomes 02:00 in Berlin, at 01:00 UTC; 02:30 is at 00:30 and at 01:30 UTC.
        Assert.Equal(At("2030-10-27T00:30Z"), Latest("30 2 * * *", "2030-10-27T12:00Z", Berlin));
        Assert.Equal(At("2030-10-27T00:30Z"), Latest("30 2 * * *", "2030-10-27T01:10Z", Berlin));
        Assert.Equal(At("2030-10-27T01:30Z"), Latest("30 * * * *", "2030-10-27T01:45Z", Berlin));
        Assert.Equal(At("2030-10-27T00:30Z"), Latest("30 * * * *", "2030-10-27T01:10Z", Berlin));
    }

    [Fact]
    public void Against_minute_by_minute_reading_over_two_changes_of_the_clocks()
    {
        string[] schedules = ["0 */6 * * *", "15 2 * * *", "45 1,2,3 * * SUN", "30 * * * *", "0 22 28-31 * *"];
        foreach (var text in schedules)
        {
            var schedule = CronSchedule.Parse(text, out _)!;
            foreach (var start in (string[])["2030-03-30T00:00Z", "2030-10-26T00:00Z"])
            {
                DateTimeOffset? known = null;
                for (var now = At(start); now < At(start).AddDays(3); now = now.AddMinutes(5))
                {
                    var latest = schedule.Latest(now, Berlin, 10);
                    Assert.True(latest is null || latest <= now, $"{text} at {now:u}");
                    Assert.True(known is null || latest >= known, $"{text} went back at {now:u}: {known:u} to {latest:u}");
                    known = latest;
                }
            }
        }
    }
}
