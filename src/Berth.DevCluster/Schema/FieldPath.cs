using System.Globalization;
using System.Text;

namespace Berth.DevCluster.Schema;

/// <summary>
/// Where in an object a value stands, rendered as Kubernetes does: <c>spec.steps[0].labels[key]</c>.
/// A null path renders as <c>&lt;nil&gt;</c>; nothing is rendered before <see cref="ToString"/>, since most paths are never shown.
/// </summary>
internal sealed class FieldPath
{
    private readonly FieldPath? parent;
    private readonly string? name;
    private readonly string? index;

    private FieldPath(FieldPath? parent, string? name, string? index)
    {
        this.parent = parent;
        this.name = name;
        this.index = index;
    }

    /// <summary>A path of names below the object's root.</summary>
    public static FieldPath Of(string name, params ReadOnlySpan<string> more)
    {
        var path = new FieldPath(null, name, null);
        foreach (var next in more)
            path = new FieldPath(path, next, null);
        return path;
    }

    /// <summary>The text of a path that may be absent.</summary>
    public static string Text(FieldPath? path) => path?.ToString() ?? "<nil>";

    public static FieldPath Child(FieldPath? parent, string name) => new(parent, name, null);

    public static FieldPath Key(FieldPath? parent, string key) => new(parent, null, key);

    public static FieldPath Index(FieldPath? parent, int index) => Key(parent, index.ToString(CultureInfo.InvariantCulture));

    public FieldPath Child(string name) => Child(this, name);

    public FieldPath Key(string key) => Key(this, key);

    public FieldPath Index(int index) => Index(this, index);

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        parent?.Append(text);
        if (name is { Length: > 0 })
        {
            if (parent is not null)
                text.Append('.');
            text.Append(name);
        }
        else
        {
            text.Append('[').Append(index).Append(']');
        }
    }
}
