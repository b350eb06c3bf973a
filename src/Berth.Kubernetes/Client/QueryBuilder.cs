using System.Text;

namespace Berth.Kubernetes;

/// <summary>Appends query parameters to a path.</summary>
internal struct QueryBuilder(string path)
{
    private readonly StringBuilder _text = new(path);
    private bool _any;

    public void Add(string name, string? value)
    {
        if (string.IsNullOrEmpty(value)) return;
        _text.Append(_any ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        _any = true;
    }

    public void Add(WriteOptions? options)
    {
        if (options is null) return;
        if (options.DryRun) Add("dryRun", "All");
        Add("fieldManager", options.FieldManager);
        if (options.Force) Add("force", "true");
        if (options.FieldValidation != FieldValidation.Default) Add("fieldValidation", options.FieldValidation.ToString());
    }

    public override readonly string ToString() => _text.ToString();
}
