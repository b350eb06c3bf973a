using System.Text.Json.Nodes;

namespace Berth.DevCluster.Cel;

/// <summary>A map value, or an object with fields.</summary>
internal abstract class CelMap
{
    public abstract int Count { get; }

    public abstract IEnumerable<CelValue> Keys { get; }

    public virtual string TypeName => "map";

    /// <summary>The value of a key; null when there is none.</summary>
    public abstract CelValue? Find(CelValue key);

    /// <summary>The value of a field, by the name expressions use.</summary>
    public virtual CelValue? FindField(string name) => Find(CelValue.Of(name));

    public virtual bool HasField(string name) => FindField(name) is not null;

    public static CelMap Of(IReadOnlyList<KeyValuePair<CelValue, CelValue>> entries) => new Literal(entries);

    public static CelMap Of(JsonObject fields, CelDecl? value) => new Json(fields, value);

    public static CelMap OfObject(JsonObject fields, CelDecl decl) => new Structured(fields, decl);

    private sealed class Literal(IReadOnlyList<KeyValuePair<CelValue, CelValue>> entries) : CelMap
    {
        public override int Count => entries.Count;

        public override IEnumerable<CelValue> Keys => entries.Select(e => e.Key);

        public override CelValue? Find(CelValue key)
        {
            foreach (var (known, value) in entries)
            {
                if (CelEquality.Equal(known, key))
                    return value;
            }
            return null;
        }
    }

    private sealed class Json(JsonObject fields, CelDecl? value) : CelMap
    {
        public override int Count => fields.Count;

        public override IEnumerable<CelValue> Keys => fields.Select(f => CelValue.Of(f.Key));

        public override CelValue? Find(CelValue key) =>
            key.Kind == CelKind.String && fields.TryGetPropertyValue(key.AsString, out var found) ? CelJson.Read(found, value) : null;
    }

    private sealed class Structured(JsonObject fields, CelDecl decl) : CelMap
    {
        public override int Count => decl.Fields.Values.Count(f => fields.ContainsKey(f.JsonName));

        public override string TypeName => decl.TypeName;

        public override IEnumerable<CelValue> Keys =>
            decl.Fields.Where(f => fields.ContainsKey(f.Value.JsonName)).Select(f => CelValue.Of(f.Key));

        public override CelValue? Find(CelValue key) => key.Kind == CelKind.String ? FindField(key.AsString) : null;

        public override CelValue? FindField(string name) =>
            decl.Fields.TryGetValue(name, out var field) && fields.TryGetPropertyValue(field.JsonName, out var value)
                ? CelJson.Read(value, field.Decl)
                : null;

        public override bool HasField(string name) => decl.Fields.TryGetValue(name, out var field) && fields.ContainsKey(field.JsonName);
    }
}
