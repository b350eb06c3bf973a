namespace Berth.Operator.Tests.Dashboards;

/// <summary>How a panel shows its query.</summary>
internal enum PanelKind
{
    /// <summary>A number.</summary>
    Stat,

    /// <summary>Lines over time.</summary>
    TimeSeries,

    /// <summary>Rows of the latest values.</summary>
    Table,

    /// <summary>Words.</summary>
    Text,
}

/// <summary>A query and how its lines are called.</summary>
internal sealed record Query(string Expression, string Legend = "");

/// <summary>A panel; <paramref name="Help"/> says what is good and what is not.</summary>
internal sealed record Panel(string Title, PanelKind Kind, string Unit, string Help, params Query[] Queries);

/// <summary>A dashboard with a row of panels for each question.</summary>
internal sealed record Dashboard(string File, string Title, string Description, params (string Row, Panel[] Panels)[] Rows)
{
    /// <summary>Choices by label: variable and the metric that lists its values.</summary>
    public (string Variable, string Metric)[] Variables { get; init; } = [];
}
