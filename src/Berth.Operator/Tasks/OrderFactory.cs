using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Checkpoints;
using Berth.Operator.Telemetry;
using Berth.Protocol;

namespace Berth.Operator.Tasks;

/// <summary>Makes the order for an attempt from what the status recorded; secrets are read here and go to the agent alone.</summary>
internal sealed class OrderFactory(InputsResolver inputs)
{
    private static readonly TimeSpan DefaultPrepareTimeout = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan DefaultPlanTimeout = TimeSpan.FromHours(1);

    /// <summary>The order, or an <see cref="InputsException"/> if what was planned with can no longer be had.</summary>
    public async Task<Assign> MakeAsync(TaskResource task, AttemptStatus attempt, CancellationToken cancellationToken)
    {
        var (spec, status, kind) = (task.Spec, task.Status, attempt.Kind);
        var snapshot = status.Inputs ?? throw new InvalidOperationException($"attempt {attempt.Id} was ordered without inputs");
        var order = new Assign
        {
            Attempt = attempt.Id,
            Epoch = attempt.Epoch,
            Kind = kind,
            Slot = attempt.Slot,
            RunnerBoot = attempt.RunnerBoot,
            Namespace = task.Metadata.Namespace!,
            Task = task.Metadata.Name,
            TaskUid = task.Metadata.Uid,
            Run = attempt.Run,
            Workspace = spec.Workspace,
            TraceParent = TaskTraceIds.TraceParent(task.Metadata.Uid, attempt),
            SecretEnv = InputsResolver.NamesSecrets(spec, kind) ? await inputs.SecretsAsync(task, kind, cancellationToken) : null,
            Mask = inputs.MaskOf(task),
        };
        return kind switch
        {
            AttemptKind.Plan => Plan(await WithFilesAsync(order, task, attempt, snapshot, cancellationToken), spec, snapshot),
            AttemptKind.Restore => Restore(await WithFilesAsync(order, task, attempt, snapshot, cancellationToken), spec, status, snapshot),
            AttemptKind.Run => Run(await WithFilesAsync(order, task, attempt, snapshot, cancellationToken), spec, snapshot),
            _ => Apply(order, task, snapshot),
        };
    }

    private static Assign Plan(Assign order, TaskSpec spec, InputsStatus snapshot) => order with
    {
        Prepare = Prepare(spec),
        Checkpoint = CheckpointSettings.Order(spec, order),
        Command = new CommandOrder { Argv = spec.Plan!.Command, TimeoutSeconds = Seconds(spec.Plan.Timeout, DefaultPlanTimeout) },
        Env = StepEnvironment.Plain(spec.Plan.Env, "plan", snapshot),
        Artifacts = spec.Plan.Artifacts,
        Describe = spec.Plan.Describe,
        DescribeCommand = spec.Plan.DescribeCommand,
        SuccessExitCodes = SuccessCodes(spec.Plan.ExitCodes),
    };

    private static Assign Restore(Assign order, TaskSpec spec, Api.TaskStatus status, InputsStatus snapshot) => order with
    {
        Prepare = Prepare(spec),
        Env = StepEnvironment.Plain(spec.Plan?.Env, "plan", snapshot),
        Restore = status.Plan!.Artifacts ?? [],
        Directory = status.Plan.Attempt,
    };

    private static Assign Run(Assign order, TaskSpec spec, InputsStatus snapshot) => order with
    {
        Prepare = Prepare(spec),
        Checkpoint = CheckpointSettings.Order(spec, order),
        Command = new CommandOrder { Argv = spec.Run!.Command, TimeoutSeconds = Seconds(spec.Run.Timeout, TimeSpan.Zero) },
        Env = StepEnvironment.Plain(spec.Run.Env, "run", snapshot),
    };

    private static Assign Apply(Assign order, TaskResource task, InputsStatus snapshot)
    {
        var (spec, status) = (task.Spec, task.Status);
        var manifest = Manifests.Of(task, status.Run, snapshot, status.Plan!);
        return order with
        {
            Command = new CommandOrder { Argv = spec.Apply!.Command, TimeoutSeconds = Seconds(spec.Apply.Timeout, TimeSpan.Zero) },
            Env = StepEnvironment.Plain(spec.Apply.Env, "apply", snapshot),
            Restore = status.Plan!.Artifacts,
            Directory = status.Plan.Attempt,
            Manifest = manifest.ToCanonicalJson(),
            RunDigest = status.Grant!.RunDigest,
        };
    }

    private async Task<Assign> WithFilesAsync(Assign order, TaskResource task, AttemptStatus attempt, InputsStatus snapshot, CancellationToken cancellationToken)
    {
        if (task.Spec.Source is null) return order;
        var now = await inputs.ResolveAsync(task, attempt.Kind, attempt.PodUid, attempt.Slot, cancellationToken);
        if (now.Snapshot.SourceDigest != snapshot.SourceDigest) throw new InputsException(new Fault(Reasons.InputsChanged, "the source files changed since the plan was ordered"));
        return order with { Files = now.Files, FileDigests = snapshot.Files?.ToDictionary(f => f.Path, f => f.Digest) };
    }

    private static CommandOrder? Prepare(TaskSpec spec) =>
        spec.Prepare is { } prepare ? new CommandOrder { Argv = prepare.Command, TimeoutSeconds = Seconds(prepare.Timeout, DefaultPrepareTimeout) } : null;

    private static IReadOnlyList<int>? SuccessCodes(PlanExitCodes? codes)
    {
        var all = (codes?.Changes ?? []).Concat(codes?.NoChanges ?? []).ToList();
        return all.Count == 0 ? null : codes?.Changes is null or { Count: 0 } ? [0, .. all] : all;
    }

    private static int Seconds(string? duration, TimeSpan fallback) => (int)Math.Ceiling(Durations.Or(duration, fallback).TotalSeconds);
}
