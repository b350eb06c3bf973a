namespace Berth.Kubernetes;

/// <summary>A reconcile failed in a way that trying again cannot mend. It is recorded and not retried; the next event is.</summary>
public sealed class TerminalReconcileException : Exception
{
    /// <summary>With a message.</summary>
    public TerminalReconcileException(string message) : base(message) { }

    /// <summary>With a message and a cause.</summary>
    public TerminalReconcileException(string message, Exception inner) : base(message, inner) { }

    /// <summary>Without a message.</summary>
    public TerminalReconcileException() { }
}
