using System.Globalization;

namespace Berth.DevCluster.Schema;

/// <summary>A path as the value validator names it in messages: dots before every field, map keys included.</summary>
internal sealed class DotPath
{
    public static readonly DotPath Root = new(null, "", "");

    private readonly DotPath? parent;
    private readonly string dot;
    private readonly string name;

    private DotPath(DotPath? parent, string dot, string name)
    {
        this.parent = parent;
        this.dot = dot;
        this.name = name;
    }

    public bool IsRoot => parent is null;

    public DotPath Field(string field) => new(this, IsRoot ? "" : ".", field);

    /// <summary>A field that keeps its dot even directly below the root, as required and additional properties do.</summary>
    public DotPath Member(string field) => new(this, ".", field);

    public DotPath Item(int index) => new(this, "", "[" + index.ToString(CultureInfo.InvariantCulture) + "]");

    public override string ToString() => parent is null ? "" : string.Concat(parent.ToString(), dot, name);
}
