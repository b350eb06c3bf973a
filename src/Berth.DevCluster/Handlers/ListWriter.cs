using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Tables;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>Writes a page of a list in the form the client asked for.</summary>
internal static class ListWriter
{
    public static async Task Write(ApiRequest request, Target target, ListPage page, Cluster cluster)
    {
        if (request.WantsTable)
        {
            var items = page.Items.Select(i => Shown(target, i)).ToList();
            await Responses.Json(request.Http, 200, TableWriter.Table(target, items, Metadata(page, emptyContinue: false), request.Query("includeObject"), cluster));
            return;
        }
        if (request.WantsMetadata)
        {
            var metadata = new JsonObject
            {
                ["kind"] = "PartialObjectMetadataList",
                ["apiVersion"] = "meta.k8s.io/v1",
                ["metadata"] = Metadata(page, emptyContinue: false),
                ["items"] = page.Items.Count == 0 ? null : new JsonArray([.. page.Items.Select(i => (JsonNode)TableWriter.Partial(Shown(target, i)))]),
            };
            await Responses.Json(request.Http, 200, metadata);
            return;
        }
        await Responses.Json(request.Http, 200, Objects(target, page));
    }

    public static JsonObject Shown(Target target, StoredObject stored) => Conversions.To(target.Version, target.Resource.Storage, stored.Parse());

    private static ReadOnlyMemory<byte> Objects(Target target, ListPage page)
    {
        var custom = target.Resource.Custom is not null;
        var asStored = target.Version.ApiVersion == target.Resource.Storage.ApiVersion;
        var buffer = new ArrayBufferWriter<byte>(page.Items.Sum(i => i.Json.Length) + 256);
        var head = $"{{\"kind\":{JsonSerializer.Serialize(target.Resource.ListKind, JsonNames.Default.String)},\"apiVersion\":{JsonSerializer.Serialize(target.Version.ApiVersion, JsonNames.Default.String)},\"metadata\":";
        buffer.Write(Encoding.UTF8.GetBytes(head));
        buffer.Write(JsonText.Bytes(Metadata(page, emptyContinue: custom)));
        buffer.Write(",\"items\":["u8);
        for (var i = 0; i < page.Items.Count; i++)
        {
            if (i > 0) buffer.Write(","u8);
            WriteItem(buffer, target, page.Items[i], custom, asStored);
        }
        buffer.Write("]}"u8);
        return buffer.WrittenMemory;
    }

    private static void WriteItem(ArrayBufferWriter<byte> buffer, Target target, StoredObject item, bool custom, bool asStored)
    {
        if (asStored && (custom || item.BodyOffset > 0))
        {
            if (custom)
            {
                buffer.Write(item.Json.Span);
                return;
            }
            buffer.Write("{"u8);
            buffer.Write(item.Json.Span[item.BodyOffset..]);
            return;
        }
        var shown = Shown(target, item);
        if (!custom)
        {
            // Typed lists leave kind and apiVersion to the list.
            shown.Remove("kind");
            shown.Remove("apiVersion");
        }
        buffer.Write(JsonText.Bytes(shown));
    }

    private static JsonObject Metadata(ListPage page, bool emptyContinue)
    {
        var metadata = new JsonObject { ["resourceVersion"] = page.Revision.Invariant() };
        if (page.Continue.Length > 0 || emptyContinue) metadata["continue"] = page.Continue;
        if (page.Remaining is { } remaining) metadata["remainingItemCount"] = remaining;
        return metadata;
    }
}
