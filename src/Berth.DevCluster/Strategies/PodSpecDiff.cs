using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Strategies;

/// <summary>The difference of two pod specs as the server prints it: its internal form, indented, with three lines around each change.</summary>
internal static class PodSpecDiff
{
    private const int Context = 3;

    public static string Between(JsonObject before, JsonObject after)
    {
        var type = BuiltinTypes.Get("core/v1.PodSpec");
        var (a, b) = (Lines(InternalForm.Of(before), type), Lines(InternalForm.Of(after), type));
        var text = new StringBuilder();
        foreach (var hunk in Hunks(Edits(a, b)))
        {
            var (oldStart, newStart) = (hunk[0].Old + 1, hunk[0].New + 1);
            var (oldCount, newCount) = (hunk.Count(e => e.Kind != '+'), hunk.Count(e => e.Kind != '-'));
            text.Append(CultureInfo.InvariantCulture, $"@@ -{oldStart},{oldCount} +{newStart},{newCount} @@\n");
            foreach (var edit in hunk) text.Append(edit.Kind).Append(edit.Line).Append('\n');
        }
        return text.ToString();
    }

    private sealed record Edit(char Kind, string Line, int Old, int New);

    // Longest common subsequence: specs have a few hundred lines.
    private static List<Edit> Edits(List<string> a, List<string> b)
    {
        var length = new int[a.Count + 1, b.Count + 1];
        for (var i = a.Count - 1; i >= 0; i--)
        {
            for (var j = b.Count - 1; j >= 0; j--)
                length[i, j] = a[i] == b[j] ? length[i + 1, j + 1] + 1 : Math.Max(length[i + 1, j], length[i, j + 1]);
        }
        var edits = new List<Edit>();
        int x = 0, y = 0;
        while (x < a.Count || y < b.Count)
        {
            if (x < a.Count && y < b.Count && a[x] == b[y]) edits.Add(new Edit(' ', a[x], x++, y++));
            else if (x < a.Count && (y == b.Count || length[x + 1, y] >= length[x, y + 1])) edits.Add(new Edit('-', a[x], x++, y));
            else edits.Add(new Edit('+', b[y], x, y++));
        }
        return edits;
    }

    private static IEnumerable<List<Edit>> Hunks(List<Edit> edits)
    {
        var i = 0;
        while (i < edits.Count)
        {
            if (edits[i].Kind == ' ')
            {
                i++;
                continue;
            }
            var start = Math.Max(0, i - Context);
            var end = i;
            for (var quiet = 0; end < edits.Count && quiet <= 2 * Context; end++) quiet = edits[end].Kind == ' ' ? quiet + 1 : 0;
            var last = edits.FindLastIndex(end - 1, end - i, e => e.Kind != ' ');
            end = Math.Min(edits.Count, last + 1 + Context);
            yield return edits[start..end];
            i = end;
        }
    }

    private static List<string> Lines(JsonObject spec, FieldType type)
    {
        var lines = new List<string>();
        Write(lines, "", spec, type, 0, "");
        return lines;
    }

    private static void Write(List<string> lines, string prefix, JsonNode? value, FieldType type, int depth, string suffix, bool pointer = false)
    {
        var indent = new string(' ', depth);
        switch (type.Shape, value)
        {
            case (Shape.Struct, JsonObject o):
                lines.Add(indent + prefix + "{");
                var fields = InternalForm.Fields(type);
                for (var i = 0; i < fields.Count; i++)
                    Write(lines, $"\"{InternalForm.Name(fields[i].Name)}\": ", o[fields[i].Name], fields[i].Type, depth + 1, i + 1 < fields.Count ? "," : "", fields[i].Pointer);
                lines.Add(indent + "}" + suffix);
                break;
            case (Shape.List, JsonArray list):
                lines.Add(indent + prefix + "[");
                for (var i = 0; i < list.Count; i++) Write(lines, "", list[i], type.Element!, depth + 1, i + 1 < list.Count ? "," : "");
                lines.Add(indent + "]" + suffix);
                break;
            case (Shape.Map, JsonObject map):
                lines.Add(indent + prefix + "{");
                var n = 0;
                foreach (var (key, item) in map) Write(lines, $"\"{key}\": ", item, type.Element!, depth + 1, ++n < map.Count ? "," : "");
                lines.Add(indent + "}" + suffix);
                break;
            default:
                lines.Add(indent + prefix + (value?.ToJsonString() ?? (pointer ? "null" : Empty(type))) + suffix);
                break;
        }
    }

    private static string Empty(FieldType type) => type.Shape == Shape.Scalar ? type.Scalar switch { "s" => "\"\"", "b" => "false", "t" => "null", _ => "0" } : "null";
}
