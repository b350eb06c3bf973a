namespace Berth.Api;

/// <summary>
/// Stable reasons. The same word stands in condition, event, log, history and metric, so that one can be searched by the other.
/// </summary>
public static class Reasons
{
    /// <summary>The task is not over; its phase says where it stands.</summary>
    public const string Unfinished = nameof(Unfinished);

    /// <summary>A slot that was held was let go.</summary>
    public const string Released = nameof(Released);

    /// <summary>Nobody had to approve: the task asks for Auto and its pool allows that.</summary>
    public const string ApprovedByPolicy = nameof(ApprovedByPolicy);

    /// <summary>A plan was made again and says the same as the one that was approved.</summary>
    public const string ApprovalCarriedOver = nameof(ApprovalCarriedOver);

    /// <summary>Suspension was asked for while something runs; it begins at the next safe point.</summary>
    public const string SuspendRequested = nameof(SuspendRequested);

    /// <summary>A requeue was asked for while the task was not over.</summary>
    public const string RequeueIgnored = nameof(RequeueIgnored);

    /// <summary>No slot of the pool is free.</summary>
    public const string WaitingForSlot = nameof(WaitingForSlot);

    /// <summary>Another task may be changing the same workspace.</summary>
    public const string WaitingForWorkspace = nameof(WaitingForWorkspace);

    /// <summary>The pool that the task names does not exist.</summary>
    public const string PoolNotFound = nameof(PoolNotFound);

    /// <summary>The pool exists but cannot run anything; its own Ready condition says why.</summary>
    public const string PoolNotReady = nameof(PoolNotReady);

    /// <summary>The pool's policy does not allow this task.</summary>
    public const string PolicyForbids = nameof(PolicyForbids);

    /// <summary>The spec cannot be run as it is.</summary>
    public const string InvalidSpec = nameof(InvalidSpec);

    /// <summary>A ConfigMap that the task names is missing or lacks a key.</summary>
    public const string InputMissing = nameof(InputMissing);

    /// <summary>A Secret that the task names cannot be read.</summary>
    public const string SecretForbidden = nameof(SecretForbidden);

    /// <summary>A pause between tries.</summary>
    public const string BackingOff = nameof(BackingOff);

    /// <summary>Held still on request.</summary>
    public const string Suspended = nameof(Suspended);

    /// <summary>Too many transitions wait for the database; running work goes on.</summary>
    public const string HistoryBacklog = nameof(HistoryBacklog);

    /// <summary>Plan runs.</summary>
    public const string Planning = nameof(Planning);

    /// <summary>Apply runs.</summary>
    public const string Applying = nameof(Applying);

    /// <summary>The command of type Run runs.</summary>
    public const string Running = nameof(Running);

    /// <summary>Planned; a person has to approve.</summary>
    public const string AwaitingApproval = nameof(AwaitingApproval);

    /// <summary>Approved; apply begins as soon as its slot is ready.</summary>
    public const string Approved = nameof(Approved);

    /// <summary>The operator could not prove that the cluster checks who approves.</summary>
    public const string ApprovalPolicyMissing = nameof(ApprovalPolicyMissing);

    /// <summary>The approval was withdrawn or grew too old before it was used.</summary>
    public const string ApprovalRevoked = nameof(ApprovalRevoked);

    /// <summary>Nobody approved in time.</summary>
    public const string ApprovalTimedOut = nameof(ApprovalTimedOut);

    /// <summary>A person rejected the plan.</summary>
    public const string Rejected = nameof(Rejected);

    /// <summary>What apply would run with differs from what was planned.</summary>
    public const string InputsChanged = nameof(InputsChanged);

    /// <summary>The plan shows nothing to do.</summary>
    public const string NoChanges = nameof(NoChanges);

    /// <summary>Planned, and the task asks for no more.</summary>
    public const string Planned = nameof(Planned);

    /// <summary>Applied.</summary>
    public const string Applied = nameof(Applied);

    /// <summary>The command of type Run succeeded.</summary>
    public const string Completed = nameof(Completed);

    /// <summary>The slot that was held is gone.</summary>
    public const string SlotLost = nameof(SlotLost);

    /// <summary>The slot was given up because nobody approved within the pool's holdFor; it is taken again on approval.</summary>
    public const string HoldExpired = nameof(HoldExpired);

    /// <summary>The slot was given to an approved task.</summary>
    public const string Displaced = nameof(Displaced);

    /// <summary>A slot is held and the working directory there is warm.</summary>
    public const string Reserved = nameof(Reserved);

    /// <summary>The stored plan is being restored on another slot.</summary>
    public const string Restoring = nameof(Restoring);

    /// <summary>The pod under the plan vanished; it is planned again.</summary>
    public const string PlanLost = nameof(PlanLost);

    /// <summary>The agent would not start the attempt.</summary>
    public const string AttemptRefused = nameof(AttemptRefused);

    /// <summary>The command failed.</summary>
    public const string CommandFailed = nameof(CommandFailed);

    /// <summary>The command was not found or cannot be executed.</summary>
    public const string CannotStart = nameof(CannotStart);

    /// <summary>The command ran past its timeout.</summary>
    public const string TimedOut = nameof(TimedOut);

    /// <summary>The exit code says that trying again is useless.</summary>
    public const string PermanentFailure = nameof(PermanentFailure);

    /// <summary>Apply said that it changed nothing; planned again.</summary>
    public const string NothingChanged = nameof(NothingChanged);

    /// <summary>Too many failing tries.</summary>
    public const string RetriesExhausted = nameof(RetriesExhausted);

    /// <summary>Too many losses.</summary>
    public const string ResetsExhausted = nameof(ResetsExhausted);

    /// <summary>The pod under an apply or run vanished and it is not proved dead.</summary>
    public const string ApplyLost = nameof(ApplyLost);

    /// <summary>It is proved dead, but nobody knows how far it got; a person has to say.</summary>
    public const string ApplyOutcomeUnknown = nameof(ApplyOutcomeUnknown);

    /// <summary>A person said that the lost attempt did its work.</summary>
    public const string MarkedSucceeded = nameof(MarkedSucceeded);

    /// <summary>A person said that the lost attempt failed.</summary>
    public const string MarkedFailed = nameof(MarkedFailed);

    /// <summary>A person, or the task's policy, asked for a new plan after a loss.</summary>
    public const string Replan = nameof(Replan);

    /// <summary>Being stopped.</summary>
    public const string Stopping = nameof(Stopping);

    /// <summary>Stopped on request.</summary>
    public const string Stopped = nameof(Stopped);

    /// <summary>Deleted on request.</summary>
    public const string Deleted = nameof(Deleted);

    /// <summary>Run again on request.</summary>
    public const string Requeued = nameof(Requeued);

    /// <summary>A running command prints nothing.</summary>
    public const string OutputSilent = nameof(OutputSilent);

    /// <summary>History cannot be written at the moment.</summary>
    public const string HistoryDegraded = nameof(HistoryDegraded);

    /// <summary>History can be written again.</summary>
    public const string HistoryRestored = nameof(HistoryRestored);

    /// <summary>Everything is as it should be.</summary>
    public const string AsExpected = nameof(AsExpected);

    /// <summary>The plan is on its way to the database.</summary>
    public const string Storing = nameof(Storing);

    /// <summary>The plan is in the database.</summary>
    public const string Stored = nameof(Stored);

    /// <summary>There is no plan yet.</summary>
    public const string NotPlanned = nameof(NotPlanned);

    /// <summary>Pods of the pool are on their way.</summary>
    public const string PodsStarting = nameof(PodsStarting);

    /// <summary>The pool's template is not a pod that Berth can use.</summary>
    public const string InvalidTemplate = nameof(InvalidTemplate);

    /// <summary>The API server refused a pod of this pool.</summary>
    public const string PodRefused = nameof(PodRefused);

    /// <summary>Pods of the pool cannot be scheduled.</summary>
    public const string Unschedulable = nameof(Unschedulable);

    /// <summary>An image of the pool's pods cannot be pulled.</summary>
    public const string ImagePullFailed = nameof(ImagePullFailed);

    /// <summary>A container of the pool's pods keeps crashing.</summary>
    public const string CrashLoop = nameof(CrashLoop);

    /// <summary>A quota of the namespace leaves no room for more pods.</summary>
    public const string QuotaExceeded = nameof(QuotaExceeded);

    /// <summary>The operator, or the pod's service account, lacks a right or does not exist.</summary>
    public const string MissingPermission = nameof(MissingPermission);

    /// <summary>A Secret, ConfigMap or volume that the pool's template names is missing.</summary>
    public const string VolumeMissing = nameof(VolumeMissing);

    /// <summary>The agent of a pod runs, and has not connected to the operator for a minute.</summary>
    public const string AgentNotConnected = nameof(AgentNotConnected);

    /// <summary>Pods of the pool end as soon as they begin.</summary>
    public const string PodsFailing = nameof(PodsFailing);

    /// <summary>Demand asks for more pods than the pool may have.</summary>
    public const string MaxReplicas = nameof(MaxReplicas);

    /// <summary>spec.replicas was set by somebody else while autoscaling sets it; undone.</summary>
    public const string ScaledByHand = nameof(ScaledByHand);

    /// <summary>Pods of the pool are spread over the nodes again, on request.</summary>
    public const string Rebalancing = nameof(Rebalancing);

    /// <summary>Held back by a freeze window; the message names its end.</summary>
    public const string FreezeWindow = nameof(FreezeWindow);

    /// <summary>A freeze window or limit cannot be read, so nothing is applied until it can be.</summary>
    public const string InvalidWindow = nameof(InvalidWindow);

    /// <summary>As many tasks as the pool, namespace or workspace may run at once hold slots, or the namespace keeps as much in the history as it may.</summary>
    public const string LimitReached = nameof(LimitReached);

    /// <summary>The runner cannot start in the image of the task container.</summary>
    public const string RunnerIncompatible = nameof(RunnerIncompatible);

    /// <summary>Something in a pool's template has no effect.</summary>
    public const string TemplateIgnored = nameof(TemplateIgnored);

    /// <summary>A plan expires soon unless somebody decides.</summary>
    public const string ApprovalExpiring = nameof(ApprovalExpiring);

    /// <summary>A checkpoint was saved on request.</summary>
    public const string CheckpointSaved = nameof(CheckpointSaved);

    /// <summary>A checkpoint cannot be used; the one before it is tried.</summary>
    public const string CheckpointDamaged = nameof(CheckpointDamaged);

    /// <summary>An attempt goes on from a checkpoint.</summary>
    public const string Resumed = nameof(Resumed);

    /// <summary>Verdict: the decision was accepted.</summary>
    public const string Accepted = nameof(Accepted);

    /// <summary>A newer plan (as verdict on an Approval) or a newer task (as end of a task) took its place.</summary>
    public const string Superseded = nameof(Superseded);

    /// <summary>Verdict: the digest is not that of the current plan.</summary>
    public const string WrongDigest = nameof(WrongDigest);

    /// <summary>Verdict: another run, or another task of the same name, was meant.</summary>
    public const string WrongRun = nameof(WrongRun);

    /// <summary>Verdict: the task is past the point of decision.</summary>
    public const string TooLate = nameof(TooLate);

    /// <summary>Verdict: the task does not wait for this decision.</summary>
    public const string NotWaiting = nameof(NotWaiting);

    /// <summary>Verdict: another decision came first.</summary>
    public const string Conflict = nameof(Conflict);

    /// <summary>Verdict: this person may not decide here, or it could not be proved that the cluster checked who it is.</summary>
    public const string NotAllowed = nameof(NotAllowed);
}
