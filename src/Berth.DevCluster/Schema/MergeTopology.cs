namespace Berth.DevCluster.Schema;

/// <summary>How a node's children are owned and merged by server-side apply.</summary>
internal enum MergeKind
{
    /// <summary>A value without children of its own.</summary>
    Scalar,

    /// <summary>Fields are owned one by one.</summary>
    GranularMap,

    /// <summary>The object is owned as a whole.</summary>
    AtomicMap,

    /// <summary>The list is owned as a whole.</summary>
    AtomicList,

    /// <summary>Items are owned by value.</summary>
    SetList,

    /// <summary>Items are owned by their keys' values.</summary>
    MapList,

    /// <summary>The schema does not say: what the value itself is decides (objects granular, lists atomic).</summary>
    Deduced,
}

/// <summary>The part of a schema that server-side apply reads.</summary>
internal sealed partial class StructuralSchema
{
    /// <summary>How this node's children are owned.</summary>
    public MergeKind Merge
    {
        get
        {
            if (Type == "array" || Items is not null)
                return ListType switch { "map" => MergeKind.MapList, "set" => MergeKind.SetList, _ => MergeKind.AtomicList };
            if (Type == "object" || Properties.Count > 0)
                return MapType == "atomic" ? MergeKind.AtomicMap : MergeKind.GranularMap;
            return Type.Length > 0 || IntOrString ? MergeKind.Scalar : MergeKind.Deduced;
        }
    }

    /// <summary>The schema of a list's items; null when unknown, which is <see cref="MergeKind.Deduced"/>.</summary>
    public StructuralSchema? ItemSchema => Items;

    /// <summary>
    /// The schema at a path of fields below this node, where every list is passed by one element <c>[]</c>; null where the schema says nothing.
    /// </summary>
    public StructuralSchema? At(params ReadOnlySpan<string> path)
    {
        StructuralSchema? node = this;
        foreach (var step in path)
            node = step == "[]" ? node?.Items : node?.Field(step);
        return node;
    }
}
