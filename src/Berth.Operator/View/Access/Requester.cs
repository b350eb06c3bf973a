namespace Berth.Operator.View.Access;

/// <summary>Who asks, as the API server authenticated them.</summary>
internal sealed record Requester(string Name, string? Uid, IReadOnlyList<string> Groups, IReadOnlyDictionary<string, IReadOnlyList<string>> Extra);
