using System.Globalization;
using Xunit;

namespace Berth.Core.Tests.Model;

/// <summary>Random lives of four tasks: every invariant after every step, and everything comes to an end once the world is well.</summary>
public sealed class ModelTests
{
    private const int Steps = 400;
    private const int HealingRounds = 400;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Invariants_hold_whatever_happens(int block)
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("BERTH_MODEL_SEEDS") ?? "500", CultureInfo.InvariantCulture);
        for (var seed = block * count; seed < (block + 1) * count; seed++) Live(seed);
    }

    [Fact]
    public void One_seed_is_the_whole_reproduction()
    {
        if (Environment.GetEnvironmentVariable("BERTH_MODEL_SEED") is { Length: > 0 } seed) Live(int.Parse(seed, CultureInfo.InvariantCulture));
        else Live(0);
    }

    private static void Live(int seed)
    {
        var world = new World(seed);
        try
        {
            for (var i = 0; i < Steps; i++) world.Step();
            for (var i = 0; i < HealingRounds && !world.AllOver; i++) world.Heal();
            Assert.True(world.AllOver, string.Join("; ", world.Tasks.Select(t => $"{t.Metadata.Name} {t.Status.Phase} {t.Status.Reason}: {t.Status.Message}")));
            world.Heal();
            world.CheckHistory();
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed} (BERTH_MODEL_SEED={seed}): {e.Message}\n{string.Join('\n', world.Log.TakeLast(40))}");
        }
    }
}
