using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Berth.Api;

namespace Berth.Operator.Telemetry;

/// <summary>
/// Ids of a task's trace, derived from what the status says, so that every leader writes parts of the same trace and a command's parent
/// is known before that parent is written.
/// </summary>
internal static class TaskTraceIds
{
    /// <summary>The trace of one run of a task.</summary>
    public static ActivityTraceId Trace(string uid, int run) => ActivityTraceId.CreateFromBytes(Hash($"trace/{uid}/{run}").AsSpan(0, 16));

    /// <summary>The span of the whole run.</summary>
    public static ActivitySpanId Root(string uid, int run) => Span($"root/{uid}/{run}");

    /// <summary>The span of one stay in a phase. Seconds: the least precise form in which the moment is ever read back.</summary>
    public static ActivitySpanId Phase(string uid, int run, TaskPhase phase, DateTimeOffset since) => Span($"phase/{uid}/{run}/{phase}/{since.ToUnixTimeSeconds()}");

    /// <summary>The span of an attempt.</summary>
    public static ActivitySpanId Attempt(string id) => Span($"attempt/{id}");

    /// <summary>The span of a stage of an attempt.</summary>
    public static ActivitySpanId Stage(string attempt, string stage) => Span($"stage/{attempt}/{stage}");

    /// <summary>W3C context for the attempt's command.</summary>
    public static string TraceParent(string uid, AttemptStatus attempt) => $"00-{Trace(uid, attempt.Run).ToHexString()}-{Attempt(attempt.Id).ToHexString()}-01";

    private static ActivitySpanId Span(string text) => ActivitySpanId.CreateFromBytes(Hash(text).AsSpan(0, 8));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
