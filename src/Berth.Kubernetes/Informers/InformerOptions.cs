namespace Berth.Kubernetes;

/// <summary>What an informer watches, and how patiently.</summary>
public sealed record InformerOptions
{
    /// <summary>One namespace; null for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>Labels to select by.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>Fields to select by.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>First pause after a failure; doubled up to <see cref="MaxBackoff"/>, plus up to the same again at random.</summary>
    public TimeSpan MinBackoff { get; init; } = TimeSpan.FromMilliseconds(800);

    /// <summary>Longest pause after a failure, its random part apart.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A watch that has been silent for so long, bookmarks included, is opened again from where it was.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Shortest life of a watch; its real one is chosen between this and twice as much.</summary>
    public TimeSpan MinWatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Objects per page where lists are paged.</summary>
    public int PageSize { get; init; } = 500;

    /// <summary>Whether to try a streaming list first.</summary>
    public bool StreamingList { get; init; } = true;
}
