using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods;

/// <summary>The three states a container status can have.</summary>
internal abstract record ContainerState
{
    public abstract JsonObject ToJson();

    public sealed record Waiting(string Reason, string? Message = null) : ContainerState
    {
        public override JsonObject ToJson()
        {
            var body = new JsonObject { ["reason"] = Reason };
            if (Message is not null)
            {
                body["message"] = Message;
            }

            return new JsonObject { ["waiting"] = body };
        }
    }

    public sealed record Running(DateTimeOffset StartedAt) : ContainerState
    {
        public override JsonObject ToJson() =>
            new() { ["running"] = new JsonObject { ["startedAt"] = Fields.Stamp(StartedAt) } };
    }

    public sealed record Terminated(
        int ExitCode, int Signal, string Reason, string? Message, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt, string? ContainerId)
        : ContainerState
    {
        public override JsonObject ToJson()
        {
            var body = new JsonObject { ["exitCode"] = ExitCode, ["reason"] = Reason };
            if (Signal != 0)
            {
                body["signal"] = Signal;
            }

            if (Message is not null)
            {
                body["message"] = Message;
            }

            if (StartedAt is { } started)
            {
                body["startedAt"] = Fields.Stamp(started);
            }

            if (FinishedAt is { } finished)
            {
                body["finishedAt"] = Fields.Stamp(finished);
            }

            if (ContainerId is not null)
            {
                body["containerID"] = ContainerId;
            }

            return new JsonObject { ["terminated"] = body };
        }

        public static Terminated? Read(JsonNode? body) => body is null ? null : new Terminated(
            (int)(body.Number("exitCode") ?? 0), (int)(body.Number("signal") ?? 0), body.Text("reason") ?? "Error", body.Text("message"),
            body.Time("startedAt"), body.Time("finishedAt"), body.Text("containerID"));
    }
}
