using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>What the CRD cannot check, or may not have checked: the task against its pool, and the spec in itself.</summary>
internal static class Admission
{
    public static Fault? Check(TaskObserved seen) => CheckSpec(seen.Task.Spec) ?? CheckPool(seen);

    private static Fault? CheckPool(TaskObserved seen)
    {
        var (spec, pool) = (seen.Task.Spec, seen.Pool);
        if (pool is null)
            return new(Reasons.PoolNotFound, $"there is no AgentPool {spec.PoolRef.Name} in namespace {seen.Task.Metadata.Namespace}; create it, or create the task again with the right spec.poolRef.name (kubectl get bap -n {seen.Task.Metadata.Namespace})");
        if (pool.Spec.Policy.Types is { Count: > 0 } types && !types.Contains(spec.Type))
            return new(Reasons.PolicyForbids, $"pool {spec.PoolRef.Name} runs only {string.Join(", ", types)}; use another pool, or have its spec.policy.types extended by {spec.Type}");
        if (spec.Approval?.Mode == ApprovalMode.Auto && pool.Spec.Policy.Approval == ApprovalMode.Manual)
            return new(Reasons.PolicyForbids, $"pool {spec.PoolRef.Name} asks for a person's approval; create the task again with spec.approval.mode Manual, or have the pool's spec.policy.approval set to Auto");
        if (MaskPatterns.Problem(pool.Spec.Policy.Mask) is { } wrong)
            return new(Reasons.PoolNotReady, $"pool {spec.PoolRef.Name}: spec.policy.mask: {wrong}; have it corrected: nothing runs whose output could not be masked");
        return pool.Fault is { Retry: false } fault ? new(Reasons.PoolNotReady, $"pool {spec.PoolRef.Name}: {fault.Reason}: {fault.Message}") : null;
    }

    private static Fault? CheckSpec(TaskSpec spec)
    {
        var problem = spec switch
        {
            { Workspace.Length: 0 } => "spec.workspace is empty",
            { Type: TaskType.Run, Run.Command.Count: > 0, Mask: not { Count: > 0 } } => null,
            { Type: TaskType.Run, Run: not { Command.Count: > 0 } } => "type Run needs spec.run.command",
            { Type: not TaskType.Run, Plan: not { Command.Count: > 0 } } => $"type {spec.Type} needs spec.plan.command",
            { Type: TaskType.PlanAndApply, Apply.Command.Count: 0 } or { Type: TaskType.PlanAndApply, Apply: null } => "type PlanAndApply needs spec.apply.command",
            { Plan: { Describe: PlanDescriber.Terraform, Artifacts: not { Count: > 0 } } } => "describe: Terraform needs the plan file as the first of spec.plan.artifacts",
            { Plan: { Describe: PlanDescriber.Command, DescribeCommand: not { Count: > 0 } } } => "describe: Command needs spec.plan.describeCommand",
            { Mask.Count: > 0 } when MaskPatterns.Problem(spec.Mask) is { } wrong => $"spec.mask: {wrong}",
            _ => BadPath(spec) is { } path ? $"path {path} must be relative and stay below the working directory" : null,
        };
        return problem is null ? null : new(Reasons.InvalidSpec, $"{problem}; create the task again with a corrected spec", Retry: false);
    }

    private static string? BadPath(TaskSpec spec) =>
        (spec.Source?.Inline?.Files.Keys ?? []).Concat(spec.Plan?.Artifacts ?? []).FirstOrDefault(p => !IsSafe(p));

    private static bool IsSafe(string path) =>
        path.Length is > 0 and <= 255 && path[0] != '/' && !path.Contains('\0', StringComparison.Ordinal) && path.Split('/').All(part => part is not ("" or "." or ".."));
}
