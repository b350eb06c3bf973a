using Berth.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(Berth.EndToEnd.StackFixture))]

namespace Berth.EndToEnd;

/// <summary>One instance for all quiet scenarios; those that kill operators or the database take one of their own.</summary>
public sealed class StackFixture : IAsyncLifetime
{
    public BerthStack Stack { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Stack = await BerthStack.StartAsync();

    public ValueTask DisposeAsync() => Stack.DisposeAsync();
}
