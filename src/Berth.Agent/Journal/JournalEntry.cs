using System.Text.Json.Serialization;
using Berth.Api;
using Berth.Protocol;
using Berth.Protocol.Runner;

namespace Berth.Agent.Journal;

/// <summary>One fact in the journal. Facts are only added; an unknown one (of a newer agent) is kept out of the state but never lost silently.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "t")]
[JsonDerivedType(typeof(EpochObeyed), "epoch")]
[JsonDerivedType(typeof(RunnerBooted), "boot")]
[JsonDerivedType(typeof(AttemptAccepted), "accepted")]
[JsonDerivedType(typeof(AttemptBarred), "barred")]
[JsonDerivedType(typeof(AttemptStarted), "started")]
[JsonDerivedType(typeof(StepIntended), "intended")]
[JsonDerivedType(typeof(StepOver), "over")]
[JsonDerivedType(typeof(AttemptCancelled), "cancelled")]
[JsonDerivedType(typeof(AttemptFinished), "finished")]
[JsonDerivedType(typeof(AttemptAcknowledged), "acked")]
[JsonDerivedType(typeof(AttemptUploaded), "uploaded")]
[JsonDerivedType(typeof(UploadsAbandoned), "abandoned")]
[JsonDerivedType(typeof(DirectoryKept), "kept")]
[JsonDerivedType(typeof(DirectoryGone), "gone")]
[JsonDerivedType(typeof(IdsSeen), "ids")]
internal abstract record JournalEntry;

/// <summary>The highest epoch obeyed.</summary>
internal sealed record EpochObeyed(long Epoch) : JournalEntry;

/// <summary>A new runner process in a slot: everything of the one before is dead.</summary>
internal sealed record RunnerBooted(int Slot, string Nonce, long Boot) : JournalEntry;

/// <summary>The attempt may start from now on. Written before the runner is told anything.</summary>
internal sealed record AttemptAccepted(string Attempt, int Slot, long Boot, AttemptKind Kind, string TaskUid, string Token) : JournalEntry;

/// <summary>The attempt was refused and is never to be started.</summary>
internal sealed record AttemptBarred(string Attempt, string Reason, string Message) : JournalEntry;

/// <summary>Its first process started.</summary>
internal sealed record AttemptStarted(string Attempt, DateTimeOffset At) : JournalEntry;

/// <summary>The runner is about to be told to start this step.</summary>
internal sealed record StepIntended(string Attempt, string Step) : JournalEntry;

/// <summary>The step is over.</summary>
internal sealed record StepOver(string Attempt, string Step, StepEnded End) : JournalEntry;

/// <summary>It is to be ended.</summary>
internal sealed record AttemptCancelled(string Attempt, int GraceSeconds) : JournalEntry;

/// <summary>Its result. Also for an unknown attempt that was cancelled: then it never starts.</summary>
internal sealed record AttemptFinished(AttemptResult Result, int Slot) : JournalEntry;

/// <summary>The operator has the result.</summary>
internal sealed record AttemptAcknowledged(string Attempt) : JournalEntry;

/// <summary>The operator has every artifact.</summary>
internal sealed record AttemptUploaded(string Attempt) : JournalEntry;

/// <summary>The operator released the plan before every artifact was taken; nobody wants them any more.</summary>
internal sealed record UploadsAbandoned(string Attempt) : JournalEntry;

/// <summary>The slot's working directory belongs to this plan attempt and task.</summary>
internal sealed record DirectoryKept(int Slot, string Directory, string TaskUid) : JournalEntry;

/// <summary>The slot keeps no directory.</summary>
internal sealed record DirectoryGone(int Slot) : JournalEntry;

/// <summary>Ids of attempts that are over and acknowledged.</summary>
internal sealed record IdsSeen(IReadOnlyList<string> Attempts) : JournalEntry;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, AllowOutOfOrderMetadataProperties = true)]
[JsonSerializable(typeof(JournalEntry))]
internal sealed partial class JournalJson : JsonSerializerContext;
