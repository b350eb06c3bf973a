using System.Text;

namespace Berth.Operator.Tests.Alerts;

/// <summary>Rules and their tests in Prometheus' own YAML.</summary>
internal static class RulesFile
{
    public const string Path = "deploy/alerts/berth.rules.yaml";

    // Relative to the repository: whoever publishes the pages elsewhere puts that address before it.
    private const string Pages = "docs/runbooks/";

    public static string Rules()
    {
        var text = new StringBuilder("# Written from tests/Berth.Operator.Tests/Alerts/AlertCatalog.cs. runbook_url is a path in the repository.\ngroups:\n- name: berth\n  rules:\n");
        foreach (var alert in AlertCatalog.All)
        {
            Line(text, 2, $"- alert: {alert.Name}");
            Line(text, 4, $"expr: {Quoted(alert.Expression)}");
            if (alert.For != "0m") Line(text, 4, $"for: {alert.For}");
            Line(text, 4, "labels:");
            Line(text, 6, $"severity: {alert.Severity}");
            Line(text, 4, "annotations:");
            Line(text, 6, $"summary: {Quoted(alert.Summary)}");
            Line(text, 6, $"description: {Quoted(alert.Description)}");
            Line(text, 6, $"runbook_url: {Pages}{alert.Runbook}.md");
        }
        return text.ToString();
    }

    /// <summary>A promtool test of one alert with one set of series.</summary>
    public static string Test(string rules, Alert alert, bool fires)
    {
        var text = new StringBuilder($"rule_files: [{Quoted(rules)}]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  input_series:\n");
        foreach (var (series, values) in fires ? alert.Fires : alert.Quiet) Line(text, 2, $"- {{series: {Quoted(series)}, values: {Quoted(values)}}}");
        // Counting how often it fires asks for no wording: what an alert says may change without its test.
        Line(text, 2, "promql_expr_test:");
        Line(text, 2, $"- expr: {Quoted($"count(ALERTS{{alertname=\"{alert.Name}\",alertstate=\"firing\"}}) or vector(0)")}");
        Line(text, 4, "eval_time: 70m");
        Line(text, 4, "exp_samples:");
        Line(text, 4, $"- {{labels: \"{{}}\", value: {(fires ? 1 : 0)}}}");
        return text.ToString();
    }

    private static void Line(StringBuilder text, int indent, string line) => text.Append(' ', indent).Append(line).Append('\n');

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
