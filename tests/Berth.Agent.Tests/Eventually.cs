namespace Berth.Agent.Tests;

internal static class Eventually
{
    public static async Task TrueAsync(Func<bool> condition, string what, int seconds = 20)
    {
        for (var until = DateTime.UtcNow.AddSeconds(seconds); !condition(); await Task.Delay(10))
        {
            if (DateTime.UtcNow > until) Assert.Fail($"not within {seconds} s: {what}");
        }
    }
}
