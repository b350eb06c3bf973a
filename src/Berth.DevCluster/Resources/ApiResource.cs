using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Resources;

/// <summary>One resource of one group in all its served versions.</summary>
internal sealed class ApiResource
{
    public required string Group { get; init; }

    public required string Plural { get; init; }

    public required string Singular { get; init; }

    public required string Kind { get; init; }

    public string ListKind { get => field ?? Kind + "List"; init; }

    public required bool Namespaced { get; init; }

    public required IReadOnlyList<ServedVersion> Versions { get; init; }

    /// <summary>The version objects are stored in.</summary>
    public required ServedVersion Storage { get; init; }

    public IReadOnlyList<string> ShortNames { get; init; } = [];

    public IReadOnlyList<string> Categories { get; init; } = [];

    public required ResourceStore Store { get; init; }

    public required ResourceStrategy Strategy { get; init; }

    /// <summary>Null for built-in kinds.</summary>
    public CustomKind? Custom { get; init; }

    /// <summary>Empty for all verbs; otherwise those that are offered.</summary>
    public IReadOnlyList<string> OnlyVerbs { get; init; } = [];

    /// <summary>Objects are answered but never stored (reviews).</summary>
    public bool Virtual { get; init; }

    public string GroupResource => Group.Length == 0 ? Plural : $"{Plural}.{Group}";

    public ServedVersion? Version(string name) => Versions.FirstOrDefault(v => v.Name == name);
}
