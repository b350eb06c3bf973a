using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.DevCluster.Tests.Recordings;

/// <summary>One recorded exchange replayed: its name and what differs.</summary>
internal sealed record Replayed(string Name, IReadOnlyList<string> Differences);

/// <summary>Sends recorded requests in their order, keeps what later ones refer to, and compares the answers.</summary>
internal sealed class Replayer(HttpClient anonymous, string adminToken)
{
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<Replayed>> Run(IReadOnlyList<JsonObject> entries, CancellationToken cancel)
    {
        var opening = entries.Where(e => e["request"]!["during"] is JsonArray { Count: > 0 }).ToDictionary(e => (string)e["request"]!["during"]![0]!);
        var running = new Dictionary<string, Task<(int, JsonArray)>>();
        var results = new List<Replayed>();
        foreach (var entry in entries)
        {
            var name = (string)entry["name"]!;
            if (opening.TryGetValue(name, out var watch)) running[(string)watch["name"]!] = await Open(watch["request"]!.AsObject(), cancel);
            var request = entry["request"]!.AsObject();
            var answer = request["watchSeconds"] is null ? await Send(request, cancel)
                : await Watched(await (running.GetValueOrDefault(name) ?? await Open(request, cancel)));
            results.Add(new Replayed(name, [.. Expectation.Differences(name, entry["response"]!.AsObject(), answer)]));
        }
        return results;
    }

    private static Task<Answer> Watched((int Status, JsonArray Events) watch) => Task.FromResult(new Answer(watch.Status, watch.Events, []));

    private async Task<Answer> Send(JsonObject request, CancellationToken cancel)
    {
        using var message = Message(request);
        using var response = await anonymous.SendAsync(message, cancel);
        var text = await response.Content.ReadAsStringAsync(cancel);
        var body = Parse(text);
        foreach (var (variable, path) in request["save"] as JsonObject ?? [])
        {
            JsonNode? at = body;
            foreach (var step in ((string)path!).Split('.')) at = (at as JsonObject)?[step];
            _variables[variable] = at is JsonValue v ? v.ToString() : "missing";
        }
        return new Answer((int)response.StatusCode, body, [.. response.Headers.Concat(response.Content.Headers).Select(h => h.Key.ToLowerInvariant())]);
    }

    // Returns once the watch is open; the events are collected until its time is over.
    private async Task<Task<(int, JsonArray)>> Open(JsonObject request, CancellationToken cancel)
    {
        var message = Message(request);
        var response = await anonymous.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
        return Collect(message, response, TimeSpan.FromSeconds((double)request["watchSeconds"]!), cancel);
    }

    private static async Task<(int, JsonArray)> Collect(HttpRequestMessage message, HttpResponseMessage response, TimeSpan time, CancellationToken cancel)
    {
        using (message)
        using (response)
        {
            var events = new JsonArray();
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            end.CancelAfter(time);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
            try
            {
                while (await reader.ReadLineAsync(end.Token) is { } line) events.Add(JsonNode.Parse(line));
            }
            catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
            {
                // The recorded watch was as long.
            }
            return ((int)response.StatusCode, events);
        }
    }

    private HttpRequestMessage Message(JsonObject request)
    {
        var message = new HttpRequestMessage(new HttpMethod((string)request["method"]!), new Uri(Substitute((string)request["path"]!), UriKind.Relative))
        {
            Version = HttpVersion.Version11,
        };
        message.Headers.Accept.ParseAdd((string?)request["accept"] ?? "application/json");
        if (request["anonymous"] is null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (string?)request["as"] == "sa" ? _variables["sa_token"] : adminToken);
        var body = request["rawBody"] is { } raw ? (string)raw! : request["body"] is { } json ? Substitute(json.ToJsonString()) : null;
        if (body is null) return message;
        message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        if ((string?)request["contentType"] is { } type) message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        return message;
    }

    private string Substitute(string text)
    {
        foreach (var (name, value) in _variables) text = text.Replace("${" + name + "}", value, StringComparison.Ordinal);
        return text;
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return JsonValue.Create(text);
        }
    }
}

/// <summary>What our server answered.</summary>
internal sealed record Answer(int Status, JsonNode? Body, IReadOnlyList<string> Headers);
