using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Runs the pods of Jobs to their end, plain and indexed.</summary>
internal sealed class Jobs(ControllerContext context) : Controller(context)
{
    private const string Index = "batch.kubernetes.io/job-completion-index";

    public override string Name => "job";

    public override void Attach(Informers informers)
    {
        informers.Subscribe("apis/batch/v1/jobs", (_, now) =>
        {
            if (now is not null)
            {
                Enqueue(now.Key());
            }
        });
        informers.Subscribe("api/v1/pods", (old, now) => EnqueueOwner(now ?? old, "Job"));
    }

    protected override async Task ReconcileAsync(string key)
    {
        var (ns, name) = Split(key);
        string url = $"apis/batch/v1/namespaces/{ns}/jobs/{name}";
        if (await Api.FindAsync(url, Cancel) is not { } job || job.IsDeleting())
        {
            return;
        }

        if (Finished(job) is { } finished)
        {
            await ExpireAsync(url, job, finished);
            return;
        }

        List<JsonObject> pods = await OwnedPods.ListAsync(Api, job, "api/v1/namespaces/{ns}/pods", Cancel);
        List<JsonObject> active = [.. pods.Where(OwnedPods.IsActive)];
        var state = new JobProgress(job, pods);
        string? end = state.End(DateTimeOffset.UtcNow);
        bool suspended = job.Flag("spec", "suspend");
        if (end is not null || suspended)
        {
            foreach (JsonObject pod in active)
            {
                await DeleteAsync($"api/v1/namespaces/{ns}/pods/{pod.Name()}", pod);
            }

            active.Clear();
        }
        else
        {
            await StartAsync(job, state, active);
        }

        await WriteStatusAsync(url, job, state.Status(active, end, suspended));
        if (state.Deadline is { } deadline && end is null)
        {
            EnqueueAfter(key, deadline - DateTimeOffset.UtcNow);
        }
    }

    private static DateTimeOffset? Finished(JsonObject job) => job.Items("status", "conditions")
        .FirstOrDefault(static item => item.Text("type") is "Complete" or "Failed" && item.Text("status") == "True").Time("lastTransitionTime");

    private async Task ExpireAsync(string url, JsonObject job, DateTimeOffset finished)
    {
        if (job.Number("spec", "ttlSecondsAfterFinished") is not { } seconds)
        {
            return;
        }

        DateTimeOffset due = finished.AddSeconds(seconds);
        if (due <= DateTimeOffset.UtcNow)
        {
            await DeleteAsync(url, job);
        }
        else
        {
            EnqueueAfter(job.Key(), due - DateTimeOffset.UtcNow);
        }
    }

    private async Task StartAsync(JsonObject job, JobProgress state, List<JsonObject> active)
    {
        DateTimeOffset? wait = state.NotBefore();
        if (wait > DateTimeOffset.UtcNow)
        {
            EnqueueAfter(job.Key(), wait.Value - DateTimeOffset.UtcNow);
            return;
        }

        foreach (int? index in state.ToStart(active))
        {
            JsonObject pod = OwnedPods.Make(job, "batch/v1", "Job", job.At("spec", "template")!);
            if (index is { } number)
            {
                Mark(pod, number.ToString(CultureInfo.InvariantCulture), job.Name());
            }

            JsonObject made = await Api.CreateAsync($"api/v1/namespaces/{job.Namespace()}/pods", pod, Cancel);
            active.Add(made);
            Context.Events.Write(
                new JsonObject
                {
                    ["kind"] = "Job",
                    ["apiVersion"] = "batch/v1",
                    ["namespace"] = job.Namespace(),
                    ["name"] = job.Name(),
                    ["uid"] = job.Uid(),
                }, job.Namespace(), "Normal", "SuccessfulCreate", $"Created pod: {made.Name()}", "job-controller", null);
        }
    }

    private static void Mark(JsonObject pod, string index, string job)
    {
        JsonObject metadata = (JsonObject)pod["metadata"]!;
        metadata["generateName"] = $"{job}-{index}-";
        ((JsonObject)(metadata["annotations"] ??= new JsonObject()))[Index] = index;
        ((JsonObject)(metadata["labels"] ??= new JsonObject()))[Index] = index;
        foreach (JsonNode container in pod.Items("spec", "containers"))
        {
            ((JsonArray)(container["env"] ??= new JsonArray())).Add(new JsonObject { ["name"] = "JOB_COMPLETION_INDEX", ["value"] = index });
        }
    }
}
