using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>Behaviour of a <see cref="KubernetesClient"/>.</summary>
public sealed record KubernetesClientOptions
{
    /// <summary>Clock of delays and timeouts.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Where to log; null logs nothing.</summary>
    public ILoggerFactory? Logging { get; init; }

    /// <summary>User-Agent, also the default field manager's name on a server.</summary>
    public string UserAgent { get; init; } = "berth";

    /// <summary>Limit of a request that is neither a watch nor a stream, its retries apart.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>Limit of connecting, TLS included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause after which an HTTP/2 connection in use is pinged.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a ping may go unanswered before the connection counts as dead.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How often an answer that carries Retry-After (429, 5xx) is obeyed before it becomes an error.</summary>
    public int MaxRetries { get; init; } = 10;

    /// <summary>Awaited before each request; a place for a rate limiter. None by default: the server's priority and fairness decides.</summary>
    public Func<CancellationToken, ValueTask>? Throttle { get; init; }

    /// <summary>Replaces the network, for tests.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
