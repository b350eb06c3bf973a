using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>How far a Job has come, judged by the pods that are there.</summary>
internal sealed class JobProgress(JsonObject job, List<JsonObject> pods)
{
    private const string Index = "batch.kubernetes.io/job-completion-index";

    private readonly List<JsonObject> _succeeded = [.. pods.Where(static pod => pod.Text("status", "phase") == "Succeeded")];
    private readonly List<JsonObject> _failed = [.. pods.Where(static pod =>
        pod.Text("status", "phase") == "Failed" || (pod.IsDeleting() && pod.Text("status", "phase") != "Succeeded"))];

    private bool Indexed => job.Text("spec", "completionMode") == "Indexed";

    private int Parallelism => (int)(job.Number("spec", "parallelism") ?? 1);

    private int? Completions => (int?)job.Number("spec", "completions");

    private int Done => Indexed ? Indexes(_succeeded).Count : _succeeded.Count;

    public DateTimeOffset? Deadline => job.Number("spec", "activeDeadlineSeconds") is { } seconds
        ? (job.Time("status", "startTime") ?? DateTimeOffset.UtcNow).AddSeconds(seconds) : null;

    /// <summary>Null while the job goes on; otherwise the reason of its end, <c>CompletionsReached</c> being the good one.</summary>
    public string? End(DateTimeOffset now)
    {
        if (Completions is { } wanted ? Done >= wanted : _succeeded.Count > 0 && !pods.Exists(OwnedPods.IsActive))
        {
            return "CompletionsReached";
        }

        int restarts = pods.Sum(static pod => (int)pod.Items("status", "containerStatuses").Sum(static item => item.Number("restartCount") ?? 0));
        bool restarting = job.Text("spec", "template", "spec", "restartPolicy") == "OnFailure";
        long limit = job.Number("spec", "backoffLimit") ?? 6;
        return _failed.Count > limit || (restarting && restarts > limit) ? "BackoffLimitExceeded"
            : Deadline <= now ? "DeadlineExceeded" : null;
    }

    /// <summary>After failures the next pod waits ten seconds, then twenty, up to six minutes.</summary>
    public DateTimeOffset? NotBefore()
    {
        if (_failed.Count == 0)
        {
            return null;
        }

        DateTimeOffset last = _failed.Max(static pod => pod.Items("status", "containerStatuses")
            .Select(static item => item.Time("state", "terminated", "finishedAt")).Max() ?? pod.Time("metadata", "creationTimestamp") ?? default);
        return last + TimeSpan.FromSeconds(Math.Min(10 * Math.Pow(2, _failed.Count - 1), 360));
    }

    /// <summary>One entry a pod to be made, with its index for an indexed job.</summary>
    public List<int?> ToStart(List<JsonObject> active)
    {
        int left = Completions is { } wanted ? wanted - Done : _succeeded.Count > 0 ? active.Count : int.MaxValue;
        int count = Math.Max(0, Math.Min(Parallelism, left) - active.Count);
        if (!Indexed)
        {
            return [.. Enumerable.Repeat<int?>(null, count)];
        }

        HashSet<int> taken = [.. Indexes(_succeeded), .. Indexes(active)];
        return [.. Enumerable.Range(0, Completions ?? 0).Where(index => !taken.Contains(index)).Take(count).Select(static index => (int?)index)];
    }

    public JsonObject Status(List<JsonObject> active, string? end, bool suspended)
    {
        string now = Fields.Stamp(DateTimeOffset.UtcNow);
        var status = new JsonObject();
        if (!suspended)
        {
            status["startTime"] = job.Text("status", "startTime") ?? now;
        }

        Put(status, "active", active.Count);
        Put(status, "succeeded", Done);
        Put(status, "failed", _failed.Count);
        status["ready"] = active.Count(OwnedPods.IsReady);
        status["terminating"] = pods.Count(static pod => pod.IsDeleting());
        status["uncountedTerminatedPods"] = new JsonObject();
        if (Indexed && Done > 0)
        {
            status["completedIndexes"] = string.Join(',', Indexes(_succeeded).Order());
        }

        var conditions = new JsonArray();
        if (end == "CompletionsReached")
        {
            status["completionTime"] = now;
            conditions.Add(Condition("SuccessCriteriaMet", end, "Reached expected number of succeeded pods", now));
            conditions.Add(Condition("Complete", end, "Reached expected number of succeeded pods", now));
        }
        else if (end is not null)
        {
            string message = end == "DeadlineExceeded" ? "Job was active longer than specified deadline" : "Job has reached the specified backoff limit";
            conditions.Add(Condition("FailureTarget", end, message, now));
            conditions.Add(Condition("Failed", end, message, now));
        }
        else if (suspended)
        {
            string since = job.Condition("Suspended").Text("lastTransitionTime") ?? now;
            conditions.Add(Condition("Suspended", "JobSuspended", "Job suspended", since));
        }

        if (conditions.Count > 0)
        {
            status["conditions"] = conditions;
        }

        return status;
    }

    private static HashSet<int> Indexes(IEnumerable<JsonObject> pods) => [.. pods
        .Select(static pod => int.TryParse(pod.Text("metadata", "annotations", Index), NumberStyles.None, CultureInfo.InvariantCulture, out int index) ? index : -1)
        .Where(static index => index >= 0)];

    private static JsonObject Condition(string type, string reason, string message, string since) => new()
    {
        ["type"] = type,
        ["status"] = "True",
        ["reason"] = reason,
        ["message"] = message,
        ["lastProbeTime"] = since,
        ["lastTransitionTime"] = since,
    };

    private static void Put(JsonObject status, string field, int value)
    {
        if (value > 0)
        {
            status[field] = value;
        }
    }
}
