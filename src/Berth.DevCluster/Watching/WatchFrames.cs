using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Handlers;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Tables;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Watching;

/// <summary>Writes watch events in the form the client asked for. Plain events are the stored bytes with a frame around them.</summary>
internal sealed class WatchFrames(ApiRequest request, Target target, Cluster cluster)
{
    private readonly bool _table = request.WantsTable;
    private readonly bool _partial = request.WantsMetadata;
    private readonly bool _asStored = target.Version.ApiVersion == target.Resource.Storage.ApiVersion;
    private readonly string _include = request.Query("includeObject");
    private bool _columnsSent;

    public void Write(PipeWriter output, string type, StoredObject obj)
    {
        if (_asStored && !_table && !_partial)
        {
            Frame(output, type, obj.Json.Span);
            return;
        }
        var shown = ListWriter.Shown(target, obj);
        if (_table) WriteTable(output, type, shown, obj.Revision);
        else Frame(output, type, JsonText.Bytes(_partial ? TableWriter.Partial(shown) : shown));
    }

    public void WriteBookmark(PipeWriter output, long revision, bool initialEventsEnd)
    {
        var metadata = new JsonObject();
        if (initialEventsEnd) metadata["annotations"] = new JsonObject { ["k8s.io/initial-events-end"] = "true" };
        metadata["resourceVersion"] = revision.Invariant();
        var obj = target.Resource.Custom is not null ? [] : BuiltinCodec.Zero(target.Version.Type);
        var mark = new JsonObject { ["kind"] = target.Resource.Kind, ["apiVersion"] = target.Version.ApiVersion, ["metadata"] = metadata };
        foreach (var (key, value) in obj.ToList())
        {
            obj.Remove(key);
            mark.TryAdd(key, value);
        }
        if (_table) WriteTable(output, "BOOKMARK", null, revision);
        else Frame(output, "BOOKMARK", JsonText.Bytes(_partial ? TableWriter.Partial(mark) : mark));
    }

    public static void WriteTooOld(PipeWriter output, long asked, long oldest) => WriteError(output, StatusException.Expired($"too old resource version: {asked} ({oldest})"));

    public static void WriteError(PipeWriter output, StatusException failure) => Frame(output, "ERROR", JsonText.Bytes(failure.Body()));

    private void WriteTable(PipeWriter output, string type, JsonObject? obj, long revision)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.Invariant() };
        var table = TableWriter.Table(target, obj is null ? [] : [obj], metadata, _include, cluster, withColumns: !_columnsSent);
        _columnsSent = true;
        Frame(output, type, JsonText.Bytes(table));
    }

    private static void Frame(PipeWriter output, string type, ReadOnlySpan<byte> json)
    {
        output.Write("{\"type\":\""u8);
        Span<byte> name = stackalloc byte[16];
        output.Write(name[..Encoding.ASCII.GetBytes(type, name)]);
        output.Write("\",\"object\":"u8);
        output.Write(json);
        output.Write("}\n"u8);
    }
}
