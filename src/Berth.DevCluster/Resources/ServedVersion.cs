using Berth.DevCluster.Schema;
using Berth.DevCluster.Typing;

namespace Berth.DevCluster.Resources;

/// <summary>One version in which a resource is served.</summary>
internal sealed class ServedVersion
{
    public required string Group { get; init; }

    public required string Name { get; init; }

    public string ApiVersion => Group.Length == 0 ? Name : $"{Group}/{Name}";

    /// <summary>What is declared about its objects.</summary>
    public required FieldType Type { get; init; }

    /// <summary>The schema of a custom kind; null for built-in ones.</summary>
    public StructuralSchema? Schema { get; init; }

    /// <summary>What objects of a custom kind are held to.</summary>
    public CustomResourceRules? Rules { get; init; }

    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    public ScalePaths? Scale { get; init; }

    public IReadOnlyList<PrinterColumn> Columns { get; init; } = [];

    /// <summary>Field selectors besides metadata.name and metadata.namespace, by label.</summary>
    public IReadOnlyList<string> SelectableFields { get; init; } = [];

    public Subresource? Subresource(string name) => Subresources.FirstOrDefault(s => s.Name == name);
}

/// <summary>One subresource as discovery shows it.</summary>
/// <param name="Name">Such as <c>status</c>.</param>
/// <param name="Kind">The kind it speaks; empty for the resource's own.</param>
/// <param name="Group">The group of that kind; only shown when it differs.</param>
/// <param name="Version">The version of that kind; only shown when it differs.</param>
/// <param name="Verbs">What can be done with it.</param>
internal sealed record Subresource(string Name, string Kind, string Group, string Version, params IReadOnlyList<string> Verbs);

/// <summary>One column of a table.</summary>
internal sealed record PrinterColumn(string Name, string Type, string JsonPath, string Format = "", string Description = "", long Priority = 0);
