using System.Text.Json.Nodes;

namespace Berth.DevCluster.Apply;

/// <summary>
/// A set of field paths, as a tree. A step is written as in managedFields: <c>f:name</c>, <c>k:{"key":"value"}</c>, <c>v:"value"</c>, <c>i:0</c>.
/// A step can be a member itself (the dot), have members below, or both.
/// </summary>
internal sealed class FieldSet
{
    private readonly SortedDictionary<string, Node> _nodes = new(StringComparer.Ordinal);

    private sealed class Node
    {
        public bool Member { get; set; }

        public FieldSet? Below { get; set; }

        public bool IsEmpty => !Member && (Below is null || Below.IsEmpty);
    }

    public bool IsEmpty => _nodes.Values.All(n => n.IsEmpty);

    public IEnumerable<string> Steps => _nodes.Keys;

    public bool Has(string step) => _nodes.TryGetValue(step, out var node) && node.Member;

    public FieldSet? Below(string step) => _nodes.GetValueOrDefault(step)?.Below;

    /// <summary>The set below a step, made when absent: where a walk goes on to insert.</summary>
    public FieldSet Descend(string step) => NodeAt(step).Below ??= new FieldSet();

    public void Insert(string step) => NodeAt(step).Member = true;

    public void Insert(params ReadOnlySpan<string> path)
    {
        var at = this;
        foreach (var step in path[..^1]) at = at.Descend(step);
        at.Insert(path[^1]);
    }

    public FieldSet Union(FieldSet other) => Combine(other, (a, b) => a || b, keepLeft: true, keepRight: true);

    public FieldSet Intersection(FieldSet other) => Combine(other, (a, b) => a && b, keepLeft: false, keepRight: false);

    /// <summary>The members that the other set does not have; what lies below such members stays.</summary>
    public FieldSet Difference(FieldSet other) => Combine(other, (a, b) => a && !b, keepLeft: true, keepRight: false);

    /// <summary>Like <see cref="Difference"/>, but a member of the other set takes everything below it along.</summary>
    public FieldSet RecursiveDifference(FieldSet other)
    {
        var result = new FieldSet();
        foreach (var (step, node) in _nodes)
        {
            if (other.Has(step)) continue;
            var below = node.Below is null ? null : other.Below(step) is { } o ? node.Below.RecursiveDifference(o) : node.Below;
            result.Put(step, node.Member, below);
        }
        return result;
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject();
        foreach (var (step, node) in _nodes)
        {
            if (node.IsEmpty) continue;
            var child = node.Below is { IsEmpty: false } below ? below.ToJson() : [];
            if (node.Member && child.Count > 0) child.Insert(0, ".", new JsonObject());
            json[step] = child;
        }
        return json;
    }

    public static FieldSet FromJson(JsonObject? json)
    {
        var set = new FieldSet();
        foreach (var (step, value) in json ?? [])
        {
            if (step == ".") continue;
            var child = value as JsonObject ?? [];
            set.Put(step, child.Count == 0 || child.ContainsKey("."), child.Count == 0 ? null : FromJson(child));
        }
        return set;
    }

    /// <summary>Every member, as the path that conflict messages show: <c>.spec.steps[name="a"].run</c>.</summary>
    public IEnumerable<string> Paths(string prefix = "")
    {
        foreach (var (step, node) in _nodes)
        {
            var path = prefix + FieldSteps.Shown(step);
            if (node.Member) yield return path;
            foreach (var below in node.Below?.Paths(path) ?? []) yield return below;
        }
    }

    internal void Put(string step, bool member, FieldSet? below)
    {
        if (!member && (below is null || below.IsEmpty)) return;
        _nodes[step] = new Node { Member = member, Below = below is { IsEmpty: false } ? below : null };
    }

    private FieldSet Combine(FieldSet other, Func<bool, bool, bool> member, bool keepLeft, bool keepRight)
    {
        var result = new FieldSet();
        foreach (var step in _nodes.Keys.Union(other._nodes.Keys))
        {
            var (a, b) = (_nodes.GetValueOrDefault(step), other._nodes.GetValueOrDefault(step));
            var below = (a?.Below, b?.Below) switch
            {
                ({ } left, { } right) => left.Combine(right, member, keepLeft, keepRight),
                ({ } left, null) => keepLeft ? left : null,
                (null, { } right) => keepRight ? right : null,
                _ => null,
            };
            result.Put(step, member(a?.Member == true, b?.Member == true), below);
        }
        return result;
    }

    private Node NodeAt(string step)
    {
        if (_nodes.TryGetValue(step, out var node)) return node;
        node = new Node();
        _nodes[step] = node;
        return node;
    }
}
