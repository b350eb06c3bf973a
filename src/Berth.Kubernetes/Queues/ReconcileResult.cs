namespace Berth.Kubernetes;

/// <summary>What a reconcile wants next. To fail, throw; to fail for good, throw a <see cref="TerminalReconcileException"/>.</summary>
public readonly record struct ReconcileResult
{
    private ReconcileResult(TimeSpan? after, Exception? error) => (After, Error) = (after, error);

    /// <summary>Nothing: an event will wake the key. Its failures are forgotten.</summary>
    public static ReconcileResult Done => default;

    /// <summary>The time after which the key is due again; null for none.</summary>
    public TimeSpan? After { get; }

    /// <summary>The failure; null for success.</summary>
    public Exception? Error { get; }

    /// <summary>Success, and look again after a time. The key's failures are forgotten.</summary>
    public static ReconcileResult RequeueAfter(TimeSpan after) => new(after, null);

    /// <summary>An expected failure: the key is tried again after its backoff, as if the exception had been thrown.</summary>
    public static ReconcileResult Failed(Exception error) => new(null, error);
}
