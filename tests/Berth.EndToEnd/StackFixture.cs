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

    public async ValueTask InitializeAsync() => Stack = await BerthStack.StartAsync();

    public ValueTask DisposeAsync() => Stack.DisposeAsync();
}
