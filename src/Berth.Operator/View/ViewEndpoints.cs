using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Operator.History;
using Berth.Operator.Leadership;
using Berth.Operator.View.Access;
using Berth.Operator.View.Tables;

namespace Berth.Operator.View;

/// <summary>The routes of the aggregated API. Every replica answers; what only the leader knows is asked of it.</summary>
internal sealed class ViewEndpoints(TaskViews tasks, HistoryViews history, ClusterRows rows, OperatorRow self, ViewGate gate, LeaderViews leaders, LeaderState leader)
{
    private const string Version = $"/apis/{Names.ViewGroup}/{Names.Version}";

    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var (path, document) in ViewDiscovery.Documents) routes.MapGet(path, Written(context => GuardedAsync(context, null, () => Task.FromResult(Json(document())))));
        routes.MapGet(Version + "/namespaces/{ns}/tasks/{name}", (HttpContext context, string ns, string name) =>
            GuardedAsync(context, new("get", ns, "tasks", Name: name), () => StandingAsync(context, ns, name)));
        routes.MapGet(Version + "/namespaces/{ns}/tasks/{name}/{view}", (HttpContext context, string ns, string name, string view) =>
            GuardedAsync(context, new("get", ns, "tasks", view, name), () => tasks.AnswerAsync(ns, name, view, context)));
        foreach (var view in HistoryViews.Names)
        {
            routes.MapGet($"{Version}/{view}", Written(context => GuardedAsync(context, new("list", null, view), () => history.AnswerAsync(view, null, context))));
            routes.MapGet($"{Version}/namespaces/{{ns}}/{view}", (HttpContext context, string ns) => GuardedAsync(context, new("list", ns, view), () => history.AnswerAsync(view, ns, context)));
        }
        routes.MapGet(Version + "/namespaces/{ns}/tasks/{name}/checkpoints/{checkpoint}", (HttpContext context, string ns, string name, string checkpoint) =>
            GuardedAsync(context, new("get", ns, "tasks", "checkpoints", name), () => tasks.CheckpointAsync(ns, name, checkpoint, context)));
        foreach (var kind in ViewKinds.All) Map(routes, kind);
    }

    private void Map(IEndpointRouteBuilder routes, ViewKind kind)
    {
        routes.MapGet($"{Version}/{kind.Plural}", Written(context => ListAsync(context, kind, null)));
        if (!kind.Namespaced) routes.MapGet($"{Version}/{kind.Plural}/{{name}}", (HttpContext context, string name) => ItemAsync(context, kind, null, name));
        if (!kind.Namespaced) return;
        routes.MapGet($"{Version}/namespaces/{{ns}}/{kind.Plural}", (HttpContext context, string ns) => ListAsync(context, kind, ns));
        routes.MapGet($"{Version}/namespaces/{{ns}}/{kind.Plural}/{{name}}", (HttpContext context, string ns, string name) => ItemAsync(context, kind, ns, name));
    }

    private static RequestDelegate Written(Func<HttpContext, Task<IResult>> answer) => async context => await (await answer(context)).ExecuteAsync(context);

    private Task<IResult> ListAsync(HttpContext context, ViewKind kind, string? ns) => GuardedAsync(context, new("list", ns, kind.Plural), async () =>
    {
        if (MustAskLeader(kind)) return await leaders.AskAsync(context, kind == ViewKinds.Positions ? Own : null);
        return Own();

        IResult Own()
        {
            var items = Items(kind, ns).ToList();
            return Json(WantsTable(context) ? kind.Table(items) : kind.List(items));
        }
    });

    private Task<IResult> StandingAsync(HttpContext context, string ns, string name)
    {
        return MustAskLeader(ViewKinds.Positions) ? leaders.AskAsync(context, Own) : Task.FromResult(Own());

        IResult Own() => rows.Standing(ns, name) is { } item ? Json(ViewKinds.Positions.Item(item)) : ViewStatus.Missing($"There is no task '{name}' in namespace '{ns}'.", name);
    }

    private Task<IResult> ItemAsync(HttpContext context, ViewKind kind, string? ns, string name) => GuardedAsync(context, new("get", ns, kind.Plural, Name: name), async () =>
    {
        if (MustAskLeader(kind)) return await leaders.AskAsync(context);
        if (Items(kind, ns).FirstOrDefault(i => (string?)i["metadata"]!["name"] == name) is not { } item) return ViewStatus.Of(404, "NotFound", $"{kind.Plural}.{Names.ViewGroup} \"{name}\" not found", kind.Plural, name);
        return Json(WantsTable(context) ? kind.Table([item]) : kind.Item(item));
    });

    // Agents speak to the leader alone, and it alone places.
    private bool MustAskLeader(ViewKind kind) => (kind == ViewKinds.Connections || kind == ViewKinds.Positions) && leader.Term is null;

    private IEnumerable<JsonObject> Items(ViewKind kind, string? ns) => kind.Plural switch
    {
        "queuepositions" => rows.Positions(ns),
        "slots" => rows.Slots(ns),
        "connections" => rows.Connections(ns),
        _ => [self.Read()],
    };

    private async Task<IResult> GuardedAsync(HttpContext context, ViewTarget? target, Func<Task<IResult>> answer) =>
        Listeners.IsView(context) && await gate.RefuseAsync(context, target) is { } refusal ? refusal : await answer();

    /// <summary>Whether kubectl asks for rows and columns.</summary>
    internal static bool WantsTable(HttpContext context) => context.Request.Headers.Accept.ToString().Split(',')[0].Contains("as=Table", StringComparison.Ordinal);

    private static IResult Json(JsonObject document) => Results.Text(document.ToJsonString(), "application/json");
}
