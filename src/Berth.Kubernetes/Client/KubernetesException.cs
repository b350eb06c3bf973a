using System.Net;

namespace Berth.Kubernetes;

/// <summary>A request that did not succeed. There is always a <see cref="Status"/>; when no answer came, its code is 0.</summary>
public sealed class KubernetesException : Exception
{
    /// <summary>For an answer of the server.</summary>
    public KubernetesException(Status status, TimeSpan? retryAfter = null, Exception? inner = null) : base(Describe(status), inner)
    {
        Status = status;
        RetryAfter = retryAfter ?? (status.Details?.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);
    }

    /// <summary>With a message.</summary>
    public KubernetesException(string message, Exception? inner = null) : this(new Status { Message = message }, null, inner) { }

    /// <summary>With a message.</summary>
    public KubernetesException(string message) : this(message, null) { }

    /// <summary>Without a message.</summary>
    public KubernetesException() : this("The request failed.") { }

    /// <summary>The server's answer.</summary>
    public Status Status { get; }

    /// <summary>The HTTP status code; 0 when there was no answer.</summary>
    public HttpStatusCode Code => (HttpStatusCode)Status.Code;

    /// <summary>Machine-readable reason; empty when the server gave none.</summary>
    public string Reason => Status.Reason ?? "";

    /// <summary>When the server wants to be asked again.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>404.</summary>
    public bool IsNotFound => Status.Code == 404;

    /// <summary>The object exists already (409 on a create).</summary>
    public bool IsAlreadyExists => Status is { Code: 409, Reason: "AlreadyExists" };

    /// <summary>The object changed since it was read, or a field belongs to another manager (409, but not AlreadyExists).</summary>
    public bool IsConflict => Status.Code == 409 && !IsAlreadyExists;

    /// <summary>A resourceVersion or continue token is too old (410, reason Expired or Gone).</summary>
    public bool IsGone => Status.Code == 410 || Reason is "Expired" or "Gone";

    /// <summary>422: the object violates its schema or a rule.</summary>
    public bool IsInvalid => Status.Code == 422;

    /// <summary>403.</summary>
    public bool IsForbidden => Status.Code == 403;

    /// <summary>The namespace is being deleted, nothing can be created in it.</summary>
    public bool IsNamespaceTerminating => IsForbidden && (Status.Details?.Causes?.Any(static c => c.Reason == "NamespaceTerminating") ?? false);

    /// <summary>401.</summary>
    public bool IsUnauthorized => Status.Code == 401;

    /// <summary>429. On an eviction: a disruption budget forbids it for now.</summary>
    public bool IsTooManyRequests => Status.Code == 429;

    /// <summary>The asked-for resourceVersion is ahead of the server's (504 with cause ResourceVersionTooLarge): ask again.</summary>
    public bool IsTooLargeResourceVersion =>
        (Status.Details?.Causes?.Any(static c => c.Reason == "ResourceVersionTooLarge") ?? false)
        || (Status.Code == 504 && (Status.Message?.Contains("Too large resource version", StringComparison.Ordinal) ?? false));

    /// <summary>No answer came: refused, reset, timed out.</summary>
    public bool IsNoAnswer => Status.Code == 0;

    /// <summary>Whether a write may have happened all the same: no answer, or an answer that does not exclude it (5xx).</summary>
    public bool IsOutcomeUnknown => IsNoAnswer || Status.Code >= 500;

    /// <summary>Whether the same request may succeed later: no answer, 429 or 5xx.</summary>
    public bool IsTransient => IsNoAnswer || IsTooManyRequests || Status.Code >= 500;

    private static string Describe(Status status)
    {
        ArgumentNullException.ThrowIfNull(status);
        var text = string.IsNullOrEmpty(status.Message) ? status.Reason ?? "no message" : status.Message;
        return status.Code == 0 ? text : $"{text} (HTTP {status.Code}{(status.Reason is { Length: > 0 } reason ? $" {reason}" : "")})";
    }
}
