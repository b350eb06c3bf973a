using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Faults;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Tables;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>Lists collections: at one version, in pages, by selectors, as objects, metadata or a table.</summary>
internal sealed class ListHandler(Cluster cluster)
{
    private const long SnapshotPatience = 3;

    public async Task Handle(ApiRequest request, Target target)
    {
        ListOptions.Check(request, watch: false);
        var labels = LabelSelector.Parse(request.Query("labelSelector"));
        var fields = FieldSelector.Parse(request.Query("fieldSelector"), target.Resource, target.Version);
        var page = await Page.Of(request, cluster);
        if (FaultGate.StaleRevision(request.Http) is { } stale && page.Continue.Length == 0) page = page with { Revision = stale, Pinned = true };
        var (set, revision) = page.Pinned ? (At(target, page), page.Revision) : cluster.Store.Snapshot(target.Resource.Store);
        var found = Collect(target, set, labels, fields, page, out var next, out var remaining);
        var selected = !labels.IsEverything || !fields.IsEverything;
        var list = new ListPage(found, revision, next is null ? "" : Page.Token(revision, next), next is null || selected ? null : remaining);
        await ListWriter.Write(request, target, list, cluster);
    }

    /// <summary>All objects of a collection that the request selects.</summary>
    public (IReadOnlyList<StoredObject> Items, long Revision) Select(ApiRequest request, Target target)
    {
        var (set, revision) = cluster.Store.Snapshot(target.Resource.Store);
        var fields = FieldSelector.Parse(request.Query("fieldSelector"), target.Resource, target.Version);
        return (Collect(target, set, LabelSelector.Parse(request.Query("labelSelector")), fields, new Page(0, "", null, revision, false), out _, out _), revision);
    }

    private static ImmutableSortedSet<StoredObject> At(Target target, Page page) =>
        target.Resource.Store.At(page.Revision) ?? throw new StatusException(410, "Expired", page.Continue.Length > 0
            ? "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list."
            : "The resourceVersion for the provided list is too old.")
        { Continue = page.After is { } after ? Page.Token(-1, after.TrimEnd('\0')) : "" };

    private static List<StoredObject> Collect(Target target, ImmutableSortedSet<StoredObject> set, LabelSelector labels, FieldSelector fields, Page page, out string? next, out long remaining)
    {
        var prefix = target.Namespace.Length > 0 ? target.Namespace + "/" : fields.Namespace is { } ns && target.Resource.Namespaced ? ns + "/" : "";
        var found = new List<StoredObject>();
        (next, remaining) = (null, 0);
        var start = page.After is { } after ? Above(set, prefix + after) : Above(set, prefix, inclusive: true);
        var items = start == 0 && prefix.Length == 0 ? set : Range(set, start, prefix);
        string? last = null;
        foreach (var obj in items)
        {
            if (page.Limit > 0 && found.Count == page.Limit)
            {
                next = last![prefix.Length..];
                remaining = End(set, prefix) - Above(set, last);
                break;
            }
            last = obj.Key;
            if ((labels.IsEverything || labels.Matches(obj.Labels())) && fields.Matches(obj)) found.Add(obj);
        }
        return found;
    }

    private static IEnumerable<StoredObject> Range(ImmutableSortedSet<StoredObject> set, int start, string prefix)
    {
        for (var i = start; i < set.Count; i++)
        {
            var obj = set[i];
            if (!obj.Key.StartsWith(prefix, StringComparison.Ordinal)) yield break;
            yield return obj;
        }
    }

    private static int Above(ImmutableSortedSet<StoredObject> set, string key, bool inclusive = false)
    {
        var index = set.IndexOf(StoredObject.Probe(key));
        return index < 0 ? ~index : inclusive ? index : index + 1;
    }

    private static int End(ImmutableSortedSet<StoredObject> set, string prefix) => prefix.Length == 0 ? set.Count : Above(set, prefix + "\uffff");

    /// <summary>Where a list begins and at which version.</summary>
    private sealed record Page(long Limit, string Continue, string? After, long Revision, bool Pinned)
    {
        public static async Task<Page> Of(ApiRequest request, Cluster cluster)
        {
            _ = long.TryParse(request.Query("limit"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var limit);
            var token = request.Query("continue");
            if (token.Length > 0)
            {
                var (revision, after) = ReadToken(token);
                if (request.Query("resourceVersion") is { Length: > 0 } and not "0")
                    throw StatusException.BadRequest("specifying resource version is not allowed when using continue");
                return revision < 0 ? new Page(limit, token, after, cluster.Store.Revision, false) : new Page(limit, token, after, revision, true);
            }
            var asked = ReadRevision(request.Query("resourceVersion"));
            var match = request.Query("resourceVersionMatch");
            // A version from the future may be about to come: a real server waits three seconds for it.
            if (asked > cluster.Store.Revision) await Wait(cluster, asked.Value, request.Aborted);
            var exact = match == "Exact" && asked > 0;
            return new Page(limit, "", null, exact ? asked!.Value : cluster.Store.Revision, exact);
        }

        public static string Token(long revision, string after)
        {
            var json = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = "/" + after + "\0" };
            return System.Buffers.Text.Base64Url.EncodeToString(JsonText.Bytes(json));
        }

        private static (long Revision, string After) ReadToken(string token)
        {
            byte[] bytes;
            try
            {
                bytes = System.Buffers.Text.Base64Url.DecodeFromChars(token);
            }
            catch (FormatException)
            {
                throw StatusException.BadRequest("invalid continue token: continue key is not valid: illegal base64 data at input byte 0");
            }
            try
            {
                var json = JsonText.Object(bytes);
                return (json.Number("rv") ?? 0, (json.Text("start") ?? "/").TrimStart('/').TrimEnd('\0'));
            }
            catch (Exception e) when (e is System.Text.Json.JsonException or InvalidCastException)
            {
                var why = e is System.Text.Json.JsonException unread ? GoJson.Complaint(bytes, unread) : "json: cannot unmarshal";
                throw StatusException.BadRequest("invalid continue token: continue key is not valid: " + why);
            }
        }

        private static long? ReadRevision(string text)
        {
            if (text.Length == 0) return null;
            return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision
                : throw StatusException.BadRequest($"invalid resource version: resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
        }

        private static async Task Wait(Cluster cluster, long revision, CancellationToken aborted)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(aborted);
            patience.CancelAfter(TimeSpan.FromSeconds(SnapshotPatience));
            try
            {
                while (cluster.Store.Revision < revision) await Task.Delay(50, patience.Token);
            }
            catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
            {
                throw StatusException.TooLargeRevision(revision, cluster.Store.Revision);
            }
        }
    }
}

/// <summary>One page of a list.</summary>
internal sealed record ListPage(IReadOnlyList<StoredObject> Items, long Revision, string Continue, long? Remaining);
