using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Apply;

/// <summary>Who wrote which field: kept up to date by every write, and what server-side apply decides by.</summary>
internal static class ManagedFields
{
    private static readonly FieldSet Untracked = Set(
        ["f:apiVersion"], ["f:kind"], ["f:metadata"], ["f:metadata", "f:name"], ["f:metadata", "f:namespace"], ["f:metadata", "f:creationTimestamp"],
        ["f:metadata", "f:selfLink"], ["f:metadata", "f:uid"], ["f:metadata", "f:generation"], ["f:metadata", "f:managedFields"], ["f:metadata", "f:resourceVersion"]);

    private static readonly FieldSet StatusAlone = Set(["f:status"]);
    private static readonly FieldSet CustomAllButStatus = Set(["f:metadata"], ["f:spec"]);
    private static readonly FieldSet AllButStatus = Set(["f:spec"], ["f:metadata", "f:ownerReferences"], ["f:metadata", "f:deletionTimestamp"]);

    /// <summary>Sets the managed fields of an object that a plain write changed.</summary>
    public static void RecordUpdate(Target target, JsonObject old, JsonObject next, string name, string now)
    {
        var created = old.At("metadata", "uid") is null;
        var managers = Current(target, old, next);
        next.Meta().Remove("managedFields");
        // An object whose tracking was given up stays untracked until it is applied.
        if (!created && managers.Count == 0) return;
        var self = new Manager(name, "Update", target.Version.ApiVersion, target.Subresource);
        var (before, after) = (Bare(old), Bare(next));
        var comparison = Disown(target, managers, null, before, after, out _);
        var taken = comparison.Modified.Union(comparison.Added).Difference(Untracked);
        if (!taken.IsEmpty)
        {
            var fields = managers.TryGetValue(self, out var owned) ? taken.Union(owned.Fields) : taken;
            // A scale is written by a view of the object that carries no time.
            managers[self] = new Ownership(fields, target.Subresource == "scale" ? null : now);
        }
        Strip(managers);
        managers.Write(next);
    }

    /// <summary>The outcome of an apply: the next state with its managed fields, or null when nothing changes.</summary>
    /// <exception cref="StatusException">409: somebody else owns what the configuration would change, and force was not given.</exception>
    public static JsonObject? Apply(Target target, JsonObject live, JsonObject config, string name, bool force, string now)
    {
        var type = target.Version.Type;
        var managers = Managers.Read(live);
        var created = live.At("metadata", "uid") is null;
        var before = Bare(live);
        if (!created && managers.Count == 0) Adopt(target, managers, before);
        var self = new Manager(name, "Apply", target.Version.ApiVersion, target.Subresource);
        var last = managers.TryGetValue(self, out var owned) ? owned : null;
        var configured = Bare(config);
        var wanted = TypedValue.Fields(configured, type).RecursiveDifference(Ignored(target));
        var merged = TypedMerge.Merge(before, configured, type);
        managers[self] = new Ownership(wanted, last?.Time);
        var pruned = Prune(merged, managers, last?.Fields, type);
        Disown(target, managers, self, before, pruned, out var conflicts);
        if (conflicts.Count > 0 && !force) throw Conflict(conflicts);
        Strip(managers);
        var changed = !JsonNode.DeepEquals(before, pruned) || last is null || !JsonNode.DeepEquals(last.Fields.ToJson(), managers.TryGetValue(self, out var mine) ? mine.Fields.ToJson() : []);
        if (managers.TryGetValue(self, out var now1) && changed) managers[self] = now1 with { Time = now };
        if (!changed) return null;
        managers.Write(pruned);
        return pruned;
    }

    /// <summary>Sets the managed fields of an object that is only answered, never stored.</summary>
    public static void RecordVirtual(JsonObject obj, FieldType type, string name, string subresource, string now)
    {
        obj.Meta().Remove("managedFields");
        var comparison = Comparison.Of(BuiltinCodec.Zero(type), obj, type);
        var managers = new Managers { [new Manager(name, "Update", obj.TextOr("", "apiVersion"), subresource)] = new(comparison.Added.Union(comparison.Modified).RecursiveDifference(StatusAlone), now) };
        Strip(managers);
        managers.Write(obj);
    }

    // A client may clear the entries, or set them; through a subresource it may do neither.
    private static Managers Current(Target target, JsonObject old, JsonObject next)
    {
        if (target.Subresource.Length > 0 || next.At("metadata", "managedFields") is not JsonArray given) return Managers.Read(old);
        if (given.Count == 0 || given is [JsonObject { Count: 0 }]) return [];
        var asked = Managers.Read(next);
        return asked.Count > 0 ? asked : Managers.Read(old);
    }

    // Takes what changed away from all other owners, each seen in the version it wrote through.
    private static Comparison Disown(Target target, Managers managers, Manager? self, JsonObject before, JsonObject after, out List<(Manager Owner, FieldSet Fields)> conflicts)
    {
        conflicts = [];
        var own = Comparison.Of(before, after, target.Version.Type);
        own.Ignore(Ignored(target));
        var seen = new Dictionary<string, Comparison> { [target.Version.ApiVersion] = own };
        foreach (var (manager, owned) in managers.Where(m => m.Key != self).ToList())
        {
            if (!seen.TryGetValue(manager.ApiVersion, out var comparison))
            {
                if (Served(target.Resource, manager.ApiVersion) is not { } version)
                {
                    managers.Remove(manager);
                    continue;
                }
                comparison = Comparison.Of(Conversions.To(version, target.Version, before.Clone()), Conversions.To(version, target.Version, after.Clone()), version.Type);
                seen[manager.ApiVersion] = comparison;
            }
            var disputed = owned.Fields.Intersection(comparison.Modified.Union(comparison.Added));
            if (!disputed.IsEmpty) conflicts.Add((manager, disputed));
            var left = owned.Fields.Difference(disputed).Difference(comparison.Removed);
            if (left.IsEmpty) managers.Remove(manager);
            else managers[manager] = owned with { Fields = left };
        }
        return own;
    }

    private static ServedVersion? Served(ApiResource resource, string apiVersion) =>
        resource.Storage.ApiVersion == apiVersion ? resource.Storage : resource.Versions.FirstOrDefault(v => v.ApiVersion == apiVersion);

    // Takes away what this manager applied before and does not any more, unless somebody else has it too.
    private static JsonObject Prune(JsonObject merged, Managers managers, FieldSet? last, FieldType type)
    {
        if (last is null || last.IsEmpty) return merged;
        var lastNamed = TypedValue.WithNamedFields(last, type);
        var pruned = TypedValue.Without(merged, lastNamed, type) as JsonObject ?? [];
        var owned = managers.Values.Aggregate(new FieldSet(), (all, m) => all.Union(m.Fields));
        var mergedSet = TypedValue.WithNamedFields(TypedValue.Fields(merged, type), type);
        var prunedSet = TypedValue.WithNamedFields(TypedValue.Fields(pruned, type), type);
        pruned = TypedValue.Without(merged, mergedSet.Difference(prunedSet.Union(TypedValue.WithNamedFields(owned, type))), type) as JsonObject ?? [];
        prunedSet = TypedValue.WithNamedFields(TypedValue.Fields(pruned, type), type);
        return TypedValue.Without(merged, mergedSet.Difference(prunedSet).Intersection(lastNamed), type) as JsonObject ?? [];
    }

    // An object that nobody tracked is taken to be written by one unnamed manager before.
    private static void Adopt(Target target, Managers managers, JsonObject live)
    {
        var fields = Comparison.Of(Bare(Handlers.KindCodec.Blank(target.Resource, target.Version)), live, target.Version.Type).Added.RecursiveDifference(StatusAlone).Difference(Untracked);
        managers[new Manager("before-first-apply", "Update", target.Version.ApiVersion, "")] = new Ownership(fields, null);
    }

    private static FieldSet Ignored(Target target)
    {
        var custom = target.Resource.Custom is not null;
        if (target.Subresource == "status") return custom ? CustomAllButStatus : AllButStatus;
        var hasStatus = custom ? target.Version.Subresource("status") is not null : target.Resource.Strategy.HasStatus;
        return hasStatus ? StatusAlone : new FieldSet();
    }

    private static void Strip(Managers managers)
    {
        foreach (var (manager, owned) in managers.ToList())
        {
            var left = owned.Fields.Difference(Untracked);
            if (left.IsEmpty) managers.Remove(manager);
            else managers[manager] = owned with { Fields = left };
        }
    }

    private static JsonObject Bare(JsonObject obj)
    {
        if (obj.At("metadata", "managedFields") is null) return obj;
        var bare = obj.Clone();
        bare.Meta().Remove("managedFields");
        return bare;
    }

    private static StatusException Conflict(List<(Manager Owner, FieldSet Fields)> conflicts) => ApplyConflict.Of(conflicts);

    private static FieldSet Set(params string[][] paths)
    {
        var set = new FieldSet();
        foreach (var path in paths) set.Insert(path.AsSpan());
        return set;
    }
}
