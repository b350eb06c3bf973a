using Xunit;

namespace Berth.DevCluster.Tests;

public sealed class FreePortsTests
{
    [Fact]
    public async Task What_is_taken_at_the_same_time_is_never_the_same()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => FreePorts.Take(20))));
        Assert.Equal(160, taken.SelectMany(p => p).Distinct().Count());
    }
}
