using System.Reflection;

namespace Berth.DevCluster.Typing;

/// <summary>
/// The declared types of the built-in kinds, read once from <c>builtin-types.txt</c>. A line <c>@group/version.Type</c> begins a struct;
/// each line after it is a field: name, type, flags. Types: letters for scalars, <c>*</c> pointer, <c>[]</c> list,
/// <c>{}</c> map, <c>@</c> another struct, <c>x</c> anything. Flags: <c>o</c> omitted when empty, <c>z</c> when zero, <c>l=</c> list type with keys,
/// <c>m=</c> map or struct type, <c>p=</c> patch strategy with merge key,
/// <c>#</c> protobuf field number.
/// </summary>
internal sealed class BuiltinTypes
{
    private static readonly Lazy<BuiltinTypes> Loaded = new(Load);
    private readonly Dictionary<string, FieldType> _structs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FieldType> _atomicStructs = new(StringComparer.Ordinal);

    private BuiltinTypes() { }

    public static FieldType Get(string name) => Loaded.Value._structs[name];

    public static FieldType? Find(string name) => Loaded.Value._structs.GetValueOrDefault(name);

    public static IEnumerable<KeyValuePair<string, FieldType>> All => Loaded.Value._structs;

    public static FieldType ObjectMeta => Get("meta/v1.ObjectMeta");

    private static BuiltinTypes Load()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("builtin-types.txt")!;
        using var reader = new StreamReader(stream);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var types = new BuiltinTypes();
        foreach (var line in lines.Where(l => l[0] == '@')) types.Declare(line.Split(' '));
        types.ReadFields(lines);
        return types;
    }

    private void Declare(string[] words)
    {
        var name = words[0][1..];
        var atomic = words.Contains("atomic");
        _structs[name] = new FieldType { Shape = Shape.Struct, Name = name, Atomic = atomic };
        _atomicStructs[name] = new FieldType { Shape = Shape.Struct, Name = name, Atomic = true };
    }

    private void ReadFields(string[] lines)
    {
        var current = "";
        var fields = new List<Field>();
        foreach (var line in lines.Append("@"))
        {
            if (line[0] == '#') continue;
            if (line[0] != '@')
            {
                fields.Add(ReadField(line.Split(' ')));
                continue;
            }
            if (current.Length > 0)
            {
                _structs[current].SetFields(fields);
                _atomicStructs[current].SetFields(fields);
                fields = [];
            }
            current = line.Length > 1 ? line.Split(' ')[0][1..] : "";
        }
    }

    private Field ReadField(string[] words)
    {
        string Flag(string prefix) => words.Skip(2).FirstOrDefault(w => w.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..] ?? "";
        var type = words[1];
        var pointer = type[0] == '*';
        var patch = Flag("p=").Split(':');
        return new Field(words[0], ReadType(pointer ? type[1..] : type, Flag("l="), Flag("m=") == "atomic"), pointer,
            OmitEmpty: words.Contains("o"), OmitZero: words.Contains("z"), Patch: patch[0], PatchKey: patch.Length > 1 ? patch[1] : "", Protobuf: Flag("#"));
    }

    private FieldType ReadType(string type, string list, bool atomic)
    {
        if (type.StartsWith("[]", StringComparison.Ordinal))
        {
            var parts = list.Split(':');
            var kind = parts[0] switch { "map" => ListKind.Map, "set" => ListKind.Set, _ => ListKind.Atomic };
            return new FieldType
            {
                Shape = Shape.List,
                List = kind,
                Atomic = kind == ListKind.Atomic,
                Element = ReadType(type[2..].TrimStart('*'), "", false),
                Keys = parts.Length > 1 ? [.. parts[1].Split('+').Order(StringComparer.Ordinal)] : [],
            };
        }
        if (type.StartsWith("{}", StringComparison.Ordinal))
            return new FieldType { Shape = Shape.Map, Atomic = atomic, Element = ReadType(type[2..].TrimStart('*'), "", false) };
        if (type[0] == '@') return atomic ? _atomicStructs[type[1..]] : _structs[type[1..]];
        return type == "x" ? FieldType.AnyType : new FieldType { Shape = Shape.Scalar, Scalar = type };
    }
}
