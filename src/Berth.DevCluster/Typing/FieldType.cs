using System.Text.Json.Nodes;

namespace Berth.DevCluster.Typing;

/// <summary>The five shapes a value can be declared to have.</summary>
internal enum Shape { Scalar, Struct, Map, List, Any }

/// <summary>How the items of a list are told apart when two writers share it.</summary>
internal enum ListKind { Atomic, Set, Map }

/// <summary>
/// What is declared about a value: enough to decode, prune, merge and track who owns what. Built-in kinds are read from a table,
/// custom ones from their schema.
/// </summary>
internal sealed class FieldType
{
    public static readonly FieldType AnyType = new() { Shape = Shape.Any };

    public required Shape Shape { get; init; }

    /// <summary>For scalars the letter of the table (s, i32, b, t, q, I, …); empty for an unknown one.</summary>
    public string Scalar { get; init; } = "";

    /// <summary>The declared name of a struct, as error messages show it.</summary>
    public string Name { get; init; } = "";

    /// <summary>Set for types that may refer to themselves, once all tables are read.</summary>
    public IReadOnlyList<Field> Fields { get; set; } = [];

    public IReadOnlyDictionary<string, Field> ByName { get; set; } = new Dictionary<string, Field>();

    /// <summary>The type of a map's values, a list's items, or a struct's undeclared fields when those are kept.</summary>
    public FieldType? Element { get; init; }

    /// <summary>The whole value belongs to one writer.</summary>
    public bool Atomic { get; init; }

    public ListKind List { get; init; }

    public IReadOnlyList<string> Keys { get; init; } = [];

    public Field? Find(string name) => ByName.GetValueOrDefault(name);

    public void SetFields(IReadOnlyList<Field> fields)
    {
        Fields = fields;
        ByName = fields.ToDictionary(f => f.Name, StringComparer.Ordinal);
    }
}

/// <summary>One declared field of a struct.</summary>
/// <param name="Name">Its JSON name.</param>
/// <param name="Type">Its type.</param>
/// <param name="Pointer">Absent differs from zero.</param>
/// <param name="OmitEmpty">Not written when empty.</param>
/// <param name="OmitZero">Not written when zero, for times.</param>
/// <param name="Patch">Strategic merge: <c>merge</c>, <c>merge+retainKeys</c>, <c>replace</c> or empty.</param>
/// <param name="PatchKey">Strategic merge: the key of list items.</param>
/// <param name="Protobuf">The numbers that lead to it in protobuf: more than one where Go embeds a struct; empty when it is not there.</param>
/// <param name="Default">What a list item without this key is taken to have.</param>
internal sealed record Field(string Name, FieldType Type, bool Pointer = false, bool OmitEmpty = true, bool OmitZero = false, string Patch = "", string PatchKey = "", string Protobuf = "", JsonNode? Default = null);
