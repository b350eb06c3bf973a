using System.Collections.Concurrent;
using System.Text.Json;
using Berth.Api;
using Berth.Core.Pools;
using Berth.Core.Tasks;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Pools;

/// <summary>What holds work back besides slots: freeze windows and limits, of pools and of namespaces. Read once per text.</summary>
internal sealed class WorkHolds(ClusterCache cache, NamespaceStorage storage, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, (string Text, FreezeCalendar Calendar)> _namespaces = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (long Generation, FreezeCalendar Calendar)> _pools = new(StringComparer.Ordinal);

    /// <summary>Why nothing that changes the world may begin on a pool now; null if it may.</summary>
    public WorkHold? Of(AgentPoolResource pool)
    {
        var now = time.GetUtcNow();
        var ns = pool.Metadata.Namespace!;
        var own = Hold(pool.Spec.FreezeWindows is { Count: > 0 } ? CalendarOf(pool) : null, $"pool {pool.Metadata.Name}", now);
        var shared = Hold(Annotation(ns, Names.FreezeWindowsAnnotation) is { } text ? CalendarOf(ns, text) : null, $"namespace {ns}", now);
        if (own is null || shared is null) return own ?? shared;
        return own.Until is null || (shared.Until is { } a && a < own.Until) ? own : shared;
    }

    /// <summary>Whether what a namespace says about windows and limits differs.</summary>
    public static bool Differ(Namespace? before, Namespace after) =>
        before?.Metadata.Annotation(Names.FreezeWindowsAnnotation) != after.Metadata.Annotation(Names.FreezeWindowsAnnotation) || before?.Metadata.Annotation(Names.LimitsAnnotation) != after.Metadata.Annotation(Names.LimitsAnnotation);

    /// <summary>Whether the namespace has limits of its own.</summary>
    public bool HasLimits(string ns) => Annotation(ns, Names.LimitsAnnotation) is not null;

    /// <summary>The limits of the namespace; such as cannot be read let nothing begin.</summary>
    public (TaskLimits Limits, string Scope)? LimitsOf(string ns)
    {
        if (Annotation(ns, Names.LimitsAnnotation) is not { } text) return null;
        return ReadLimits(text) is { } limits
            ? (new TaskLimits { Tasks = limits.Tasks, TasksPerWorkspace = limits.TasksPerWorkspace }, $"namespace {ns} (annotation {Names.LimitsAnnotation})")
            : (new TaskLimits { Tasks = 0 }, $"the annotation {Names.LimitsAnnotation} of namespace {ns} is not a JSON object such as {{\"tasks\": 20, \"storage\": \"10Gi\"}}; until it is, it");
    }

    /// <summary>Why nothing that is not approved begins in a namespace; null if it may.</summary>
    public WaitCause? NothingNewIn(string ns) => cache.Namespaces.Store.Get(new ObjectKey(ns)) is { } resource && StorageLimitOf(resource) is { } limit && storage.Used(ns) >= limit
        ? new WaitCause(Reasons.LimitReached, $"namespace {ns} keeps as many plans, checkpoints and logs in the history as the annotation {Names.LimitsAnnotation} lets it; begins when older ones are gone (retention, or 'berth cleanup --older-than') or that limit is higher; what is approved is applied all the same")
        : null;

    /// <summary>Bytes that a namespace may keep; null if it has no such limit, or one that cannot be read.</summary>
    public static long? StorageLimitOf(Namespace ns) =>
        ns.Metadata.Annotation(Names.LimitsAnnotation) is { Length: > 0 } text && ReadLimits(text) is { } limits && Quantities.TryParse(limits.Storage, out var bytes) ? bytes : null;

    /// <summary>Null if it is no JSON object with such limits.</summary>
    private static NamespaceLimits? ReadLimits(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, BerthJson.Default.NamespaceLimits) is { } limits && limits.Tasks is null or > 0 && limits.TasksPerWorkspace is null or > 0 && (limits.Storage is null || Quantities.TryParse(limits.Storage, out _)) ? limits : null;
        }
        catch (JsonException)
        {
            return null; // said by LimitsOf to all who wait
        }
    }

    private static WorkHold? Hold(FreezeCalendar? calendar, string where, DateTimeOffset now)
    {
        if (calendar is null) return null;
        if (calendar.Problem is { } problem) return new WorkHold(Reasons.InvalidWindow, $"{problem} ({where}); nothing is applied until that is corrected", null);
        return calendar.At(now) is { } freeze
            ? new WorkHold(Reasons.FreezeWindow, $"freeze window {freeze.Window} of {where}{(freeze.Reason is { Length: > 0 } why ? $" ({why})" : "")} lasts until {freeze.Until:u}", freeze.Until)
            : null;
    }

    private FreezeCalendar CalendarOf(AgentPoolResource pool)
    {
        if (_pools.TryGetValue(pool.Metadata.Uid, out var known) && known.Generation == pool.Metadata.Generation) return known.Calendar;
        var calendar = FreezeCalendar.Of(pool.Spec.FreezeWindows, Zone);
        _pools[pool.Metadata.Uid] = (pool.Metadata.Generation, calendar);
        return calendar;
    }

    private FreezeCalendar CalendarOf(string ns, string text)
    {
        if (_namespaces.TryGetValue(ns, out var known) && known.Text == text) return known.Calendar;
        var calendar = FreezeCalendar.Of(Parse(text), Zone);
        _namespaces[ns] = (text, calendar);
        return calendar;
    }

    private static List<FreezeWindow> Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, BerthJson.Default.ListFreezeWindow) ?? [];
        }
        catch (JsonException)
        {
            return [new FreezeWindow { Name = Names.FreezeWindowsAnnotation, Schedule = "(the annotation is not a JSON list of windows)" }];
        }
    }

    private static TimeZoneInfo? Zone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    private string? Annotation(string ns, string name) =>
        cache.Namespaces.Store.Get(new ObjectKey(ns))?.Metadata.Annotation(name) is { Length: > 0 } text ? text : null;
}
