using System.Text;
using Berth.Api;

namespace Berth.Cli.Verbs.Look;

/// <summary>What a plan is about, in the few lines that a person reads before deciding.</summary>
internal static class PlanSummary
{
    public static string Describe(TaskResource task)
    {
        var plan = task.Status.Plan;
        var text = new StringBuilder();
        Line(text, "task", $"{task.Metadata.Namespace}/{task.Metadata.Name}, run {task.Status.Run}");
        Line(text, "workspace", task.Spec.Workspace);
        if (task.Spec.RequestedBy is { } requester) Line(text, "requested by", requester);
        if (plan is null) return text.ToString();
        Line(text, "plan", plan.Summary);
        Line(text, "made at", $"{plan.At:yyyy-MM-dd HH:mm:ss} UTC");
        Line(text, "digest", plan.Digest);
        if (task.Spec.Apply is { } apply) Line(text, "applies", string.Join(' ', apply.Command));
        foreach (var artifact in plan.Artifacts ?? []) Line(text, "with", $"{artifact.Path} ({artifact.Size} bytes, {Digests.Short(artifact.Digest)})");
        return text.ToString();
    }

    private static void Line(StringBuilder text, string label, string value) => text.Append(label.PadRight(14)).Append(value).Append('\n');
}
