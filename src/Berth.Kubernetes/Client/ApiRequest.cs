namespace Berth.Kubernetes;

/// <summary>A request to any path of the API server.</summary>
public sealed record ApiRequest
{
    /// <summary>The method.</summary>
    public required HttpMethod Method { get; init; }

    /// <summary>Path and query, starting with a slash.</summary>
    public required string Path { get; init; }

    /// <summary>The body; null for none.</summary>
    public ReadOnlyMemory<byte>? Body { get; init; }

    /// <summary>Content type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>Accepted content type.</summary>
    public string Accept { get; init; } = "application/json";

    /// <summary>Verb for metrics, such as <c>list</c> or <c>watch</c>; null takes the method.</summary>
    public string? Verb { get; init; }

    /// <summary>Whether the answer is a stream: no time limit but the caller's.</summary>
    public bool IsStream { get; init; }
}
