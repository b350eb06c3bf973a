using System.Text.Json;

namespace Berth.Api;

/// <summary>What a person did with a verb of the command line. Stands in <see cref="Names.ActionAnnotation"/> of the object, written in the same
/// request as the change; the audit of the database is filled from it.</summary>
public sealed record ActionNote
{
    /// <summary>Identity of the act; two acts never share it.</summary>
    public Guid Id { get; init; }

    /// <summary>The verb: <c>stop</c>, <c>pool drain</c>.</summary>
    public string Verb { get; init => field = value ?? ""; } = "";

    /// <summary>Who, as the cluster told the command line. The API server's own audit log is the proof.</summary>
    public string By { get; init => field = value ?? ""; } = "";

    /// <summary>When, by the clock of the person's machine.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>Why, if the person said so.</summary>
    public string? Comment { get; init; }

    /// <summary>As it stands in the annotation.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, BerthJson.Default.ActionNote);

    /// <summary>Reads an annotation; null for what is none.</summary>
    public static ActionNote? Read(string? annotation)
    {
        if (string.IsNullOrEmpty(annotation)) return null;
        try
        {
            return JsonSerializer.Deserialize(annotation, BerthJson.Default.ActionNote);
        }
        catch (JsonException)
        {
            // Anybody may write annotations; one that is no note tells nothing.
            return null;
        }
    }
}
