using Berth.DevCluster.Faults;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster;

/// <summary>Everything one running API server consists of.</summary>
internal sealed class Cluster(DevClusterOptions options, ObjectStore store, ResourceRegistry registry, Credentials credentials)
{
    public DevClusterOptions Options { get; } = options;

    public ObjectStore Store { get; } = store;

    public ResourceRegistry Registry { get; } = registry;

    public Credentials Credentials { get; } = credentials;

    /// <summary>Faults on command; null where they are off.</summary>
    public FaultBoard? Faults { get; } = options.Faults ? new FaultBoard() : null;

    /// <summary>How many requests were answered, for <c>/metrics</c>.</summary>
    public Http.RequestCounts Requests { get; } = new();

    public TimeProvider Time => Options.Time;

    public string Now() => Typing.ScalarCodec.Write(Time.GetUtcNow());

    /// <summary>Tells about a failure of the server itself.</summary>
    public void Report(string text)
    {
        if (Options.Log is { } log) log(text);
        else Console.Error.WriteLine(text);
    }
}
