namespace Berth.DevCluster.Tests.Pods;

/// <summary>Polls a condition, bounded; a test that waits longer fails and says for what.</summary>
internal static class Wait
{
    public static Task UntilAsync(Func<bool> condition, string what, int seconds = 30) =>
        UntilAsync(() => Task.FromResult(condition()), what, seconds);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 30)
    {
        DateTime limit = DateTime.UtcNow.AddSeconds(seconds);
        while (!await condition())
        {
            if (DateTime.UtcNow > limit)
            {
                throw new TimeoutException($"waited {seconds} s in vain for {what}");
            }

            await Task.Delay(15);
        }
    }
}
