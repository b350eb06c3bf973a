using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Berth.Kubernetes.Conformance;

/// <summary>A collection of config maps with list (paged), watch, streaming lists and bookmarks, whose faults are switches.</summary>
internal sealed class FakeCollection
{
    private const string Path = "/api/v1/configmaps";
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JsonObject> _objects = [];
    private readonly List<(long Version, string Line)> _log = [];
    private long _compactedTo;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _cut = new();
    private int _uid;

    public long Version { get; private set; } = 100;

    /// <summary>Whether streaming lists are known; otherwise they are refused with 422.</summary>
    public bool Streaming { get; set; } = true;

    /// <summary>Answers a request instead of the collection when it returns true.</summary>
    public Func<HttpContext, Task<bool>>? Intercept { get; set; }

    /// <summary>Whether watches say nothing, though they stay open.</summary>
    public bool Frozen { get; set; }

    public int Lists { get; private set; }

    public int Pages { get; private set; }

    public int Watches { get; private set; }

    public int StreamedLists { get; private set; }

    public List<string> Queries { get; } = [];

    public string Set(string name, string value = "", bool newUid = false)
    {
        lock (_lock)
        {
            Version++;
            var exists = _objects.TryGetValue(name, out var old) && !newUid;
            var uid = exists ? old!["metadata"]!["uid"]!.GetValue<string>() : $"uid-{++_uid}";
            var item = JsonNode.Parse($$$"""
                {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","namespace":"ns","uid":"{{{uid}}}","resourceVersion":"{{{Version}}}",
                "managedFields":[{"manager":"kubectl","fieldsV1":{"f:data":{} } }]},"data":{"value":""},"later":{"field":[1,2]}}
                """)!.AsObject();
            item["data"]!["value"] = value;
            _objects[name] = item;
            Log(exists ? "MODIFIED" : "ADDED", item);
            return uid;
        }
    }

    /// <summary>Replaces an object by another of the same name, saying only that it changed.</summary>
    public void ReplaceSilently(string name)
    {
        lock (_lock)
        {
            Remove(name, silently: true);
            Set(name, newUid: true);
        }
    }

    public void Remove(string name, bool silently = false)
    {
        lock (_lock)
        {
            Version++;
            _objects.Remove(name, out var item);
            if (silently) return;
            item!["metadata"]!["resourceVersion"] = Version.ToString(CultureInfo.InvariantCulture);
            Log("DELETED", item);
        }
    }

    /// <summary>Forgets the past: whoever asks for it gets 410.</summary>
    public void Compact()
    {
        lock (_lock)
        {
            Version++;
            _compactedTo = Version;
            _log.Clear();
        }
    }

    public void CutWatches()
    {
        lock (_lock)
        {
            _cut.Cancel();
            _cut = new();
        }
    }

    public void Bookmark()
    {
        lock (_lock) Log("BOOKMARK", BookmarkObject(++Version, false));
    }

    public void Say(string line)
    {
        lock (_lock) Append(++Version, line);
    }

    public Task AnswerAsync(HttpContext http) => RouteAsync(http);

    private async Task RouteAsync(HttpContext http)
    {
        lock (_lock) Queries.Add(http.Request.Path + http.Request.QueryString.ToString());
        if (Intercept is { } intercept && await intercept(http)) return;
        if (http.Request.Path != Path && http.Request.Path != "/api/v1/namespaces/ns/configmaps") await FakeApi.Status(http, 404, "NotFound");
        else if (http.Request.Query["watch"] == "1") await WatchAsync(http);
        else await ListAsync(http);
    }

    private async Task ListAsync(HttpContext http)
    {
        var limit = int.TryParse(http.Request.Query["limit"], out var wanted) ? wanted : int.MaxValue;
        var from = int.TryParse(http.Request.Query["continue"], out var start) ? start : 0;
        string body;
        lock (_lock)
        {
            if (from == 0) Lists++;
            Pages++;
            var items = _objects.Values.Skip(from).Take(limit).Select(static o => o.ToJsonString());
            var more = from + limit < (long)_objects.Count ? (from + limit).ToString(CultureInfo.InvariantCulture) : "";
            body = $$"""{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"{{Version}}","continue":"{{more}}"},"items":[{{string.Join(',', items)}}]}""";
        }
        await FakeApi.Json(http, 200, body);
    }

    private async Task WatchAsync(HttpContext http)
    {
        var streaming = http.Request.Query["sendInitialEvents"] == "true";
        if (streaming && !Streaming)
        {
            await FakeApi.Status(http, 422, "Invalid", "sendInitialEvents is forbidden");
            return;
        }
        var version = long.TryParse(http.Request.Query["resourceVersion"], out var from) ? from : 0;
        CancellationToken cut;
        var initial = new StringBuilder();
        lock (_lock)
        {
            if (streaming) StreamedLists++;
            else Watches++;
            if (!streaming && version < _compactedTo)
            {
                version = -1;
            }
            if (streaming)
            {
                foreach (var item in _objects.Values) initial.Append(Line("ADDED", item)).Append('\n');
                initial.Append(Line("BOOKMARK", BookmarkObject(Version, true))).Append('\n');
                version = Version;
            }
            cut = _cut.Token;
        }
        if (version < 0)
        {
            await FakeApi.Status(http, 410, "Expired", "too old resource version");
            return;
        }
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(initial.ToString());
        await http.Response.Body.FlushAsync();
        await FollowAsync(http, version, CancellationTokenSource.CreateLinkedTokenSource(cut, http.RequestAborted).Token);
    }

    private async Task FollowAsync(HttpContext http, long version, CancellationToken cut)
    {
        try
        {
            while (true)
            {
                Task changed;
                List<(long Version, string Line)> news;
                lock (_lock)
                {
                    changed = _changed.Task;
                    news = Frozen ? [] : [.. _log.Where(e => e.Version > version)];
                }
                foreach (var (at, line) in news)
                {
                    await http.Response.WriteAsync(line + "\n", cut);
                    version = at;
                }
                if (news.Count > 0) await http.Response.Body.FlushAsync(cut);
                await changed.WaitAsync(cut);
            }
        }
        catch (OperationCanceledException)
        {
            // Cut: the stream ends as it would when the server's timeout comes.
        }
    }

    private static JsonObject BookmarkObject(long version, bool end) => JsonNode.Parse(
        $$$"""{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}"{{{(end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "")}}}}}""")!.AsObject();

    private static string Line(string type, JsonObject item) => $$"""{"type":"{{type}}","object":{{item.ToJsonString()}}}""";

    private void Log(string type, JsonObject item) => Append(Version, Line(type, item));

    private void Append(long version, string line)
    {
        _log.Add((version, line));
        var changed = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        changed.SetResult();
    }
}
