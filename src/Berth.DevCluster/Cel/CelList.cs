using System.Collections;
using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>A list value.</summary>
internal abstract class CelList : IReadOnlyList<CelValue>
{
    public static CelList Empty { get; } = new Literal([]);

    public abstract int Count { get; }

    public abstract CelValue this[int index] { get; }

    /// <summary>The schema of a list from an object, whose list type changes what equality and addition mean.</summary>
    public virtual StructuralSchema? Schema => null;

    public static CelList Of(IReadOnlyList<CelValue> items) => new Literal(items);

    public static CelList Of(JsonArray items, CelDecl? element, StructuralSchema? schema) => new Json(items, element, schema);

    public IEnumerator<CelValue> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private sealed class Literal(IReadOnlyList<CelValue> items) : CelList
    {
        public override int Count => items.Count;

        public override CelValue this[int index] => items[index];
    }

    private sealed class Json(JsonArray items, CelDecl? element, StructuralSchema? schema) : CelList
    {
        public override int Count => items.Count;

        public override StructuralSchema? Schema => schema;

        public override CelValue this[int index] => CelJson.Read(items[index], element);
    }
}
