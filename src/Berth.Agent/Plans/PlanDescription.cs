using System.Text;
using System.Text.Json;
using Berth.Agent.Attempts;
using Berth.Agent.Masking;
using Berth.Agent.Spool;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Plans;

/// <summary>Runs a describer's command and captures what it prints.</summary>
internal delegate Task<(Capture Output, StepEnded End)> RunDescriber(string name, IReadOnlyList<string> argv, int limit);

/// <summary>What a plan would do: text for people, counts, and a digest of its meaning where that can be had.</summary>
internal sealed record PlanDescription
{
    private const int TextLimit = 1024 * 1024;
    private const int JsonLimit = 256 * 1024 * 1024;

    public byte[]? Text { get; init; }

    public PlanCounts? Counts { get; init; }

    public string? SemanticDigest { get; init; }

    public IReadOnlyDictionary<string, string>? ToolVersions { get; init; }

    /// <summary>Why there is no description.</summary>
    public string? Problem { get; init; }

    public static Task<PlanDescription> OfAsync(Assign order, IReadOnlyList<FileDigest> artifacts, AttemptSpool spool, Func<(byte[] Bytes, bool Truncated)> output, RunDescriber run) => order.Describe switch
    {
        PlanDescriber.Terraform => TerraformAsync(order, artifacts, spool, run),
        PlanDescriber.Command => CommandAsync(order, run),
        _ => Task.FromResult(OfText(output())),
    };

    /// <summary>Equal texts need not mean equal changes, so plans that are only text are never called equal.</summary>
    private static PlanDescription OfText((byte[] Bytes, bool Truncated) output) => new() { Text = Marked(output.Bytes, output.Truncated) };

    private static async Task<PlanDescription> CommandAsync(Assign order, RunDescriber run)
    {
        var (output, end) = await run("describe", order.DescribeCommand ?? [], JsonLimit);
        if (Failed("describeCommand", end) is { } problem) return new PlanDescription { Problem = problem };
        try
        {
            using var document = JsonDocument.Parse(output.Bytes);
            var text = Encoding.UTF8.GetBytes(document.RootElement.GetProperty("text").GetString() ?? "");
            return new PlanDescription
            {
                Text = Marked(Masked(order, text), text.Length > TextLimit),
                Counts = new PlanCounts { Add = Count(document, "add"), Change = Count(document, "change"), Destroy = Count(document, "destroy") },
                SemanticDigest = document.RootElement.TryGetProperty("semantic", out var semantic) && semantic.ValueKind != JsonValueKind.Null
                    ? Digests.Of("berth-describe-command/1\n" + CanonicalJson.Write(System.Text.Json.Nodes.JsonNode.Parse(semantic.GetRawText())))
                    : null,
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return new PlanDescription { Problem = $"describeCommand must print one JSON object like {{\"add\":1,\"change\":0,\"destroy\":0,\"text\":\"…\"}}; {Trouble(e)}" };
        }
    }

    /// <summary>In words of ours: what a parser says is for those who wrote it.</summary>
    private static string Trouble(Exception error) => error is JsonException { LineNumber: { } line } ? $"line {line + 1} of what it printed is no JSON" : "what it printed is JSON, but lacks a member or has one of another type";

    private static async Task<PlanDescription> TerraformAsync(Assign order, IReadOnlyList<FileDigest> artifacts, AttemptSpool spool, RunDescriber run)
    {
        if (artifacts.Count == 0) return new PlanDescription { Problem = "describe: Terraform needs the plan file as the first of artifacts" };
        var file = artifacts[0];
        var tool = TerraformTool(order.Command?.Argv);
        var (text, textEnd) = await run("describe-text", [tool, "show", "-no-color", file.Path], TextLimit);
        if (Failed($"{tool} show -no-color {file.Path}", textEnd) is { } noText) return new PlanDescription { Problem = noText };
        var (json, jsonEnd) = await run("describe-json", [tool, "show", "-json", file.Path], JsonLimit);
        if (Failed($"{tool} show -json {file.Path}", jsonEnd) is { } noJson) return new PlanDescription { Problem = noJson };
        try
        {
            var plan = TerraformPlan.Parse(json.Bytes);
            return new PlanDescription
            {
                Text = Marked(Masked(order, text.Bytes), text.Truncated),
                Counts = plan.Counts(),
                SemanticDigest = plan.SemanticDigest(order.TaskUid, TerraformPlanFile.StateIdentity(spool.ArtifactPath(file.Digest))),
                ToolVersions = plan.ToolVersions(Path.GetFileName(tool)),
            };
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new PlanDescription { Problem = $"{tool} show -json printed no plan; {Trouble(e)}" };
        }
    }

    /// <summary>The plan command's own program if it is Terraform or OpenTofu, so that both speak of the same version.</summary>
    private static string TerraformTool(IReadOnlyList<string>? argv) =>
        argv is [var program, ..] && Path.GetFileName(program) is "terraform" or "tofu" ? program : "terraform";

    private static string? Failed(string what, StepEnded end) => end switch
    {
        { Cause: StepCause.Exited, ExitCode: 0 } => null,
        { Cause: StepCause.Exited } => $"{what} ended with exit code {end.ExitCode}; its errors are at the end of the output",
        { Cause: StepCause.TimedOut } => $"{what} ran past its limit",
        _ => end.Message ?? $"{what} was ended",
    };

    private static int Count(JsonDocument document, string name) => document.RootElement.TryGetProperty(name, out var count) ? count.GetInt32() : 0;

    private static byte[] Masked(Assign order, byte[] text)
    {
        var masker = new Masker(SecretPatterns.Of(order));
        return [.. masker.Push(text), .. masker.Flush()];
    }

    private static byte[] Marked(byte[] text, bool truncated) => !truncated && text.Length <= TextLimit
        ? text
        : [.. text.AsSpan(0, Math.Min(text.Length, TextLimit)), .. Encoding.UTF8.GetBytes($"\n[berth: the plan text is longer than {TextLimit} bytes; the rest is not shown]\n")];
}
