using System.Text.Json.Nodes;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Custom kinds.</summary>
internal sealed class CustomStrategy(bool hasStatus) : ResourceStrategy
{
    public override bool AllowUnconditionalUpdate => false;

    public override bool HasStatus => hasStatus;

    public override bool TracksGeneration => true;

    public override bool DesiredStateChanged(JsonObject obj, JsonObject old)
    {
        foreach (var key in obj.Select(p => p.Key).Union(old.Select(p => p.Key)))
        {
            if (key is "metadata" or "apiVersion" or "kind" || (hasStatus && key == "status")) continue;
            if (!JsonNode.DeepEquals(obj[key], old[key])) return true;
        }
        return false;
    }
}
