using System.Text.Json.Serialization;

namespace Berth.History;

/// <summary>What a backup of the history holds. Written last; an archive without it is not complete.</summary>
public sealed record ArchiveManifest
{
    /// <summary>Version of this form.</summary>
    public int Version { get; init; } = 1;

    /// <summary>When the snapshot was taken.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Newest migration of the schema.</summary>
    public string Schema { get; init; } = "";

    /// <summary>Tables in the order in which they are restored.</summary>
    public IReadOnlyList<ArchivedTable> Tables { get; init; } = [];
}

/// <summary>One table of a backup.</summary>
public sealed record ArchivedTable
{
    /// <summary>Table.</summary>
    public string Name { get; init; } = "";

    /// <summary>Columns in the order of the data.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Rows.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes of the entry.</summary>
    public long Bytes { get; init; }

    /// <summary>Digest of the entry.</summary>
    public string Digest { get; init; } = "";
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ArchiveManifest))]
internal sealed partial class ArchiveJson : JsonSerializerContext;
