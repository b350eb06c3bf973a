using System.Text.Json.Nodes;

namespace Berth.DevCluster.Schema;

/// <summary>What a value validator found: errors, each distinct one once, in the order of their discovery.</summary>
internal sealed class Faults(FieldPath? basis)
{
    private readonly List<(string Text, FieldError Error)> found = [];

    public int Count => found.Count;

    public IEnumerable<FieldError> Errors => found.Select(f => f.Error);

    public Faults Fresh() => new(basis);

    /// <summary>An error of a place in the value.</summary>
    public void Invalid(DotPath path, JsonNode? value, string message) => Add(message, FieldError.Invalid(At(path), value, message));

    public void TypeInvalid(DotPath path, string types, string actual)
    {
        var message = $"{path} in body must be of type {types}: {GoText.Quote(actual)}";
        Add(message, FieldError.TypeInvalid(At(path), actual, message));
    }

    public void Add(DotPath path, Func<FieldPath?, FieldError> error)
    {
        var made = error(At(path));
        Add(made.Message, made);
    }

    /// <summary>An error of the value as a whole, which Kubernetes reports without the place in it.</summary>
    public void General(string message) => Add(message, FieldError.Invalid(basis, "", message));

    public void AddAll(Faults others)
    {
        foreach (var (text, error) in others.found)
            Add(text, error);
    }

    /// <summary>Forgets what was found since there were <paramref name="count"/> errors.</summary>
    public void Forget(int count) => found.RemoveRange(count, found.Count - count);

    private void Add(string text, FieldError error)
    {
        if (!found.Exists(f => f.Text == text))
            found.Add((text, error));
    }

    private FieldPath? At(DotPath path)
    {
        var name = path.ToString();
        return name.Length == 0 || name == "." ? basis : FieldPath.Child(basis, name[0] == '.' ? name[1..] : name);
    }
}
