using System.CommandLine;
using System.Text.Json.Nodes;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Doctor;

/// <summary>doctor: looks at everything that can be wrong, each with a verdict and a remedy.</summary>
internal static class DoctorCommand
{
    public static Command Create(ClusterOptions cluster)
    {
        var output = OutputFormat.Create(OutputFormat.Table, OutputFormat.Json, OutputFormat.Yaml);
        var command = new Command("doctor", "Check API access, CRDs, rights, leader, database, pools, tasks, orphans, disk, clocks, certificates and agents; say what to do.") { output };
        command.SetAction(async (result, cancellationToken) =>
        {
            using var session = cluster.Open(result);
            var findings = new List<Finding>();
            var text = result.GetValue(output) == OutputFormat.Table;
            await foreach (var finding in ExamineAsync(session, text, cancellationToken))
            {
                findings.Add(finding);
                if (text) Print(finding);
            }
            var worst = findings.Max(f => f.Verdict);
            if (text) Console.WriteLine(worst switch
            {
                Verdict.Bad => $"\nDoes not work: {string.Join(", ", findings.Where(f => f.Verdict == Verdict.Bad).Select(f => f.Check).Distinct(StringComparer.Ordinal))}.",
                Verdict.Warning => "\nIt works, but somebody should look.",
                _ => "\nAll is well.",
            });
            else
            {
                var document = new JsonObject { ["findings"] = new JsonArray([.. findings.Select(Json)]) };
                Console.Write(result.GetValue(output) == OutputFormat.Json ? Serialized.Json(document) : Serialized.Yaml(document));
            }
            return worst == Verdict.Bad ? ExitCodes.Failed : ExitCodes.Done;
        });
        return command;
    }

    private static async IAsyncEnumerable<Finding> ExamineAsync(ClusterSession session, bool tell, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var patient = new Patient(session);
        foreach (var (check, examine) in Checks.All)
        {
            IReadOnlyList<Finding> found;
            using (var progress = new Progress())
            {
                if (tell) progress.Hint($"looking at {check}");
                found = await OneAsync(check, examine, patient, cancellationToken);
            }
            foreach (var finding in found) yield return finding;
            // Without the API server nothing else can be asked.
            if (check == Checks.ApiAccess && found.Any(f => f.Verdict == Verdict.Bad)) yield break;
        }
    }

    private static async Task<IReadOnlyList<Finding>> OneAsync(string check, Func<Patient, string, CancellationToken, Task<IReadOnlyList<Finding>>> examine, Patient patient, CancellationToken cancellationToken)
    {
        try
        {
            return await examine(patient, check, cancellationToken);
        }
        catch (KubernetesException error) when (error.IsForbidden)
        {
            return [new(check, Verdict.Unknown, $"you may not look: {error.Status.Message ?? error.Message}", "Ask somebody with more rights to run 'berth doctor'.")];
        }
        catch (Exception error) when (error is KubernetesException or CliException)
        {
            return [new(check, check == Checks.ApiAccess ? Verdict.Bad : Verdict.Unknown, error.Message, check == Checks.ApiAccess ? "Check --kubeconfig and --context, and that the API server runs." : null)];
        }
    }

    private static void Print(Finding finding)
    {
        var word = finding.Verdict switch { Verdict.Ok => Paint.Good("ok     "), Verdict.Warning => Paint.Warn("warning"), Verdict.Bad => Paint.Bad("bad    "), _ => Paint.Dim("unknown") };
        Console.WriteLine($"{word}  {finding.Check,-14}  {finding.Text.ReplaceLineEndings(" ")}");
        if (finding.Remedy is { } remedy) Console.WriteLine($"{"",-9}{"",-14}  {Paint.Bold("→ " + remedy)}");
    }

    private static JsonNode Json(Finding finding) => new JsonObject { ["check"] = finding.Check, ["verdict"] = finding.Verdict.ToString().ToLowerInvariant(), ["text"] = finding.Text, ["remedy"] = finding.Remedy };
}
