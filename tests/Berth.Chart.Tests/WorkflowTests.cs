using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>Workflows cannot run here; what is wrong with one at first sight is found all the same.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string[] Keys = ["name", "on", "permissions", "concurrency", "env", "defaults", "jobs"];
    private static readonly string[] JobKeys = ["name", "needs", "runs-on", "timeout-minutes", "permissions", "strategy", "env", "steps", "if", "outputs", "environment", "concurrency"];
    private static readonly string[] StepKeys = ["name", "id", "if", "uses", "with", "run", "env", "working-directory", "shell", "continue-on-error", "timeout-minutes"];
    private static readonly string[] Contexts = ["github", "matrix", "vars", "secrets", "steps", "env", "needs", "runner", "inputs"];

    public static TheoryData<string> Files => [.. Directory.EnumerateFiles(Path.Combine(Chart.Root, ".github", "workflows")).Select(f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Files))]
    public void A_workflow_is_well_formed(string file)
    {
        var text = Chart.Read($".github/workflows/{file}");
        var workflow = Chart.Documents(text).Single();
        Assert.Empty(workflow.Select(p => p.Key).Except(Keys));
        Assert.NotNull(workflow["on"]);
        Assert.True(workflow["permissions"] is JsonObject, "rights are given one by one");
        var jobs = workflow["jobs"]!.AsObject();
        foreach (var (name, job) in jobs)
        {
            Assert.Empty(job!.AsObject().Select(p => p.Key).Except(JobKeys));
            Assert.StartsWith("ubuntu-", (string)job["runs-on"]!, StringComparison.Ordinal);
            Assert.True(job["timeout-minutes"] is not null, $"job {name} may run for ever");
            foreach (var needed in job["needs"] is JsonArray list ? list.Select(n => (string)n!) : job["needs"] is { } one ? [(string)one!] : []) Assert.True(jobs.ContainsKey(needed), $"job {name} needs {needed}, which is not there");
            foreach (var step in job["steps"]!.AsArray()) Step(step!.AsObject(), job, name);
        }
        foreach (Match expression in Expression().Matches(text)) Assert.True(Contexts.Contains(expression.Groups[1].Value.Split('.')[0]), $"unknown context in {expression.Value}");
    }

    [Theory, MemberData(nameof(Files))]
    public void What_a_workflow_runs_is_in_the_tree(string file)
    {
        foreach (var path in TreePath().Matches(Chart.Read($".github/workflows/{file}")).Select(m => m.Groups[1].Value))
            Assert.True(Path.Exists(Path.Combine(Chart.Root, path)), $"{file} names {path}, which is not in the tree");
    }

    [Theory, MemberData(nameof(Files))]
    public void Values_that_a_workflow_sets_are_the_charts(string file)
    {
        var values = Chart.Documents(Chart.Read("charts/berth/values.yaml")).Single();
        foreach (var path in Value().Matches(Chart.Read($".github/workflows/{file}")).Select(m => m.Groups[1].Value))
        {
            JsonNode? at = values;
            foreach (var part in path.Split('.')) Assert.True((at as JsonObject)?.TryGetPropertyValue(part, out at), $"{file} sets {path}, which is no value of the chart");
        }
    }

    private static void Step(JsonObject step, JsonNode job, string name)
    {
        Assert.Empty(step.Select(p => p.Key).Except(StepKeys));
        Assert.True(step["uses"] is null != step["run"] is null, $"a step of job {name} must either use an action or run something");
        if (step["uses"] is { } action) Assert.Matches(@"^[\w-]+/[\w.-]+@v\d+", (string)action!);
        if (step["run"] is not { } script) return;
        // What people write (titles, branch names) comes in by variables, never as text of a script.
        Assert.DoesNotContain("${{", (string)script!, StringComparison.Ordinal);
        foreach (Match used in Matrix().Matches(step.ToJsonString())) Assert.True(HasMatrix(job, used.Groups[1].Value), $"job {name} has no matrix value {used.Groups[1].Value}");
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-n"]) { RedirectStandardInput = true, RedirectStandardError = true })!;
        bash.StandardInput.Write((string)script!);
        bash.StandardInput.Close();
        var error = bash.StandardError.ReadToEnd();
        bash.WaitForExit();
        Assert.True(bash.ExitCode == 0, $"a script of job {name} is no bash: {error}");
    }

    private static bool HasMatrix(JsonNode job, string key) =>
        job["strategy"]?["matrix"] is JsonObject matrix && (matrix.ContainsKey(key) || (matrix["include"] as JsonArray ?? []).Any(i => i!.AsObject().ContainsKey(key)));

    [GeneratedRegex(@"\$\{\{\s*([\w.-]+)\s*\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex("--set [\"']?([\\w.]+)=")]
    private static partial Regex Value();

    [GeneratedRegex(@"matrix\.([\w-]+)")]
    private static partial Regex Matrix();

    [GeneratedRegex(@"(?<![\w/$}])(\.ci/[\w-]+|charts/berth(?:/[\w.]+)?|crds|global\.json|Directory\.Build\.props|Dockerfile|\./dev)\b")]
    private static partial Regex TreePath();
}
