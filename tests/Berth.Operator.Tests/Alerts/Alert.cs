namespace Berth.Operator.Tests.Alerts;

/// <summary>One alert: its rule, and series under which it fires and under which it stays quiet (one sample a minute, Prometheus' notation).</summary>
internal sealed record Alert(string Name, string Severity, string Expression, string For, string Summary, string Description)
{
    /// <summary>Page below docs/runbooks.</summary>
    public required string Runbook { get; init; }

    /// <summary>Series under which it fires after an hour.</summary>
    public required (string Series, string Values)[] Fires { get; init; }

    /// <summary>Series under which it does not.</summary>
    public required (string Series, string Values)[] Quiet { get; init; }
}
