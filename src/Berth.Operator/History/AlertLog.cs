using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.History;
using Berth.Operator.Options;
using Berth.Operator.Telemetry.Notifications;

namespace Berth.Operator.History;

/// <summary>What a person has to be told of, as the history keeps it.</summary>
internal static class AlertLog
{
    /// <summary>The alert of a notification; null where nothing is wrong.</summary>
    public static AlertRecord? Of(Notification told) => told.Severity < NotificationSeverity.Warning || told.Kind == "approval-required" ? null : new()
    {
        // Whichever leader tells it, it is one alert.
        Id = new Guid(SHA256.HashData(Encoding.UTF8.GetBytes("berth alert " + told.Id)).AsSpan(0, 16)),
        At = told.At,
        Name = told.Reason,
        Severity = told.Severity.ToString().ToLowerInvariant(),
        Subject = told.Uid,
        Message = told.Message,
        DetailJson = new JsonObject { ["kind"] = told.Kind, ["level"] = (int)told.Level, ["namespace"] = told.Namespace, ["task"] = told.Task, ["pool"] = told.Pool, ["workspace"] = told.Workspace }.ToJsonString(),
    };
}
