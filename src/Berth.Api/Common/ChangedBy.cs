using System.Globalization;

namespace Berth.Api;

/// <summary>
/// Who changed a spec: the value of <see cref="Names.ChangedByAnnotation"/>. Kubernetes tells controllers which program changed a field, not
/// which person; so whoever changes <c>desiredState</c>, <c>requeue</c> or <c>priority</c> writes the user's name beside it, in the same
/// patch and with the generation that it leads to. The chart's policy refuses another name than the requesting user's.
/// </summary>
public static class ChangedBy
{
    /// <summary>The value for a change to an object that has this generation now.</summary>
    public static string Of(string user, long generation) => string.Create(CultureInfo.InvariantCulture, $"{user}@{generation + 1}");

    /// <summary>The user who says to have made the object's present generation; null if nobody does.</summary>
    public static string? Read(ResourceMeta meta)
    {
        if (meta.Annotations?.GetValueOrDefault(Names.ChangedByAnnotation) is not { } text || text.LastIndexOf('@') is not (> 0 and var at)) return null;
        return text[(at + 1)..] == meta.Generation.ToString(CultureInfo.InvariantCulture) ? text[..at] : null;
    }
}
