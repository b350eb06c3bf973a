using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd;

/// <summary>The instance that all quiet scenarios share.</summary>
[CollectionDefinition("quiet")]
public sealed class QuietScenarios : ICollectionFixture<StackFixture>;

/// <summary>The instance whose operators and database are killed, again and again.</summary>
[CollectionDefinition("disaster")]
public sealed class DisasterScenarios : ICollectionFixture<StackFixture>;

/// <summary>Berth with real processes.</summary>
public sealed class StackFixture : IAsyncLifetime
{
    public BerthStack Stack { get; private set; } = null!;

    public static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(6);

    // A shorter lease than by default: failover is what many scenarios wait for.
    private static readonly Dictionary<string, string> ShortLease = new() { ["Lease__Duration"] = LeaseDuration.ToString(), ["Lease__RenewDeadline"] = "00:00:04", ["Lease__RetryPeriod"] = "00:00:01" };

    public async ValueTask InitializeAsync() => Stack = await BerthStack.StartAsync(environment: ShortLease);

    public ValueTask DisposeAsync() => Stack.DisposeAsync();
}
