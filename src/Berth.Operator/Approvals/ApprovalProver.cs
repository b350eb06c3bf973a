using System.Collections.Concurrent;
using Berth.Api;
using Berth.Core.Approvals;
using Berth.Kubernetes;
using Berth.Operator.Cluster;

namespace Berth.Operator.Approvals;

/// <summary>
/// Proves, per namespace, that the cluster refuses Approvals under a false name: a schema-valid dry-run create must be denied with the
/// policy's own message. Without the proof no approval is honoured.
/// </summary>
internal sealed class ApprovalProver(KubernetesClient client, ApprovalProofRecord record, TimeProvider time, ILogger<ApprovalProver> log) : IDisposable
{
    private static readonly TimeSpan GoodFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(10);
    private const string FalseName = "berth:nobody";
    private readonly ConcurrentDictionary<string, (ApprovalProof Proof, DateTimeOffset CheckedAt)> _proofs = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> _wanted = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Raised when a namespace's proof appears or goes.</summary>
    public event Action<string>? Changed;

    /// <summary>The proof of a namespace; asking for it has it checked.</summary>
    public ApprovalProof ProofOf(string ns)
    {
        if (_proofs.TryGetValue(ns, out var known)) return known.Proof;
        if (_wanted.TryAdd(ns, 0)) _wake.Release();
        return ApprovalProof.None;
    }

    /// <summary>Checks what was asked for, and again from time to time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var now = time.GetUtcNow();
            foreach (var ns in _wanted.Keys)
                if (!_proofs.TryGetValue(ns, out var known) || now - known.CheckedAt >= (known.Proof.Proven ? GoodFor : TryAgain)) await CheckAsync(ns, cancellationToken);
            await _wake.WaitAsync(TryAgain, cancellationToken);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _wake.Dispose();

    private async Task CheckAsync(string ns, CancellationToken cancellationToken)
    {
        var before = _proofs.TryGetValue(ns, out var known) ? known.Proof : ApprovalProof.None;
        var (proven, detail, gone) = await TryAsync(ns, cancellationToken);
        if (gone)
        {
            _wanted.TryRemove(ns, out _);
            _proofs.TryRemove(ns, out _);
            return;
        }
        var now = time.GetUtcNow();
        var since = DateTimeOffset.MaxValue;
        if (proven) since = await record.ProvedAsync(ns, before.Proven ? before.Since : now, now, cancellationToken);
        else await record.BrokenAsync(ns, cancellationToken);
        var proof = new ApprovalProof(proven, since, detail);
        _proofs[ns] = (proof, now);
        if (before.Proven == proven && before.Detail == detail) return;
        if (proven) log.LogInformation("Namespace {Namespace} checks who approves", ns);
        else log.LogError("{Reason}: namespace {Namespace}: {Detail}", Reasons.ApprovalPolicyMissing, ns, detail);
        Changed?.Invoke(ns);
    }

    /// <summary>Asks the cluster once; keeps nothing.</summary>
    public async Task<(bool Proven, string Detail, bool Gone)> TryAsync(string ns, CancellationToken cancellationToken)
    {
        var probe = new ApprovalResource
        {
            Metadata = new ResourceMeta { Name = "berth-policy-probe", Namespace = ns },
            Spec = new ApprovalSpec
            {
                TaskRef = new TaskReference { Name = "berth-policy-probe", Uid = "00000000-0000-0000-0000-000000000000" },
                Run = 1,
                Workspace = "berth-policy-probe",
                Decision = ApprovalDecision.Approve,
                Digest = "sha256:" + new string('0', 64),
                Approver = FalseName,
            },
        };
        try
        {
            await client.CreateAsync(BerthResources.Approvals, probe, ns, new WriteOptions { DryRun = true }, cancellationToken);
            return (false, "the cluster let an Approval under a false name pass; install the ValidatingAdmissionPolicy berth-approver of the chart, and its binding", false);
        }
        catch (KubernetesException e) when (e.Status.Message?.Contains(ApprovalProof.ApproverMessage, StringComparison.Ordinal) == true)
        {
            return (true, "", false);
        }
        catch (KubernetesException e) when (e.IsNotFound && e.Status.Details?.Kind == "namespaces")
        {
            return (false, "", true);
        }
        catch (KubernetesException e)
        {
            return (false, $"the check could not be made: {e.Status.Message}", false);
        }
    }
}
