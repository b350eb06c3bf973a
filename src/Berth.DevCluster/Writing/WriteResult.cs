using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Writing;

/// <summary>What a write leaves behind: the object as it is now, in the stored version.</summary>
internal sealed record WriteResult(ReadOnlyMemory<byte> Json, bool Created)
{
    public static WriteResult Of(StoredObject stored, bool created) => new(stored.Json, created);

    public static WriteResult DryRun(JsonObject obj, bool created) => new(ObjectDraft.Unstored(obj), created);

    public JsonObject Parse() => JsonText.Object(Json);
}
