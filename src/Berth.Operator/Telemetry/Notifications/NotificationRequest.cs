using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Berth.Operator.Telemetry.Notifications;

/// <summary>Writes a notification the way its receiver wants it.</summary>
internal static class NotificationRequest
{
    /// <summary>The request; a new one for each try.</summary>
    public static HttpRequestMessage Make(NotificationRule rule, Notification notification)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, rule.Url) { Content = Json(rule.Format == NotificationFormat.Slack ? Slack(notification) : Data(notification)) };
        if (rule.Format == NotificationFormat.Slack) return request;
        foreach (var (name, value) in new (string, string)[]
        {
            ("ce-specversion", "1.0"),
            ("ce-id", notification.Id),
            ("ce-type", $"dev.berth.{(notification.Task.Length > 0 ? "task" : "pool")}.{notification.Kind}"),
            ("ce-source", $"/apis/berth.dev/v1alpha1/namespaces/{notification.Namespace}/{(notification.Task.Length > 0 ? $"tasks/{notification.Task}" : $"agentpools/{notification.Pool}")}"),
            ("ce-subject", notification.Uid),
            ("ce-time", notification.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        }) request.Headers.Add(name, value);
        return request;
    }

    private static JsonObject Data(Notification n) => new()
    {
        ["kind"] = n.Kind,
        ["level"] = (int)n.Level,
        ["severity"] = n.Severity.ToString().ToLowerInvariant(),
        ["namespace"] = n.Namespace,
        ["task"] = n.Task,
        ["uid"] = n.Uid,
        ["pool"] = n.Pool,
        ["workspace"] = n.Workspace,
        ["phase"] = n.Phase,
        ["reason"] = n.Reason,
        ["message"] = n.Message,
    };

    private static JsonObject Slack(Notification n)
    {
        var sign = n.Severity switch { NotificationSeverity.Critical => ":rotating_light:", NotificationSeverity.Warning => ":warning:", _ => ":information_source:" };
        return new() { ["text"] = $"{sign} *{Escape(n.Namespace)}/{Escape(n.Task.Length > 0 ? n.Task : n.Pool)}* ({(n.Task.Length > 0 ? Escape(n.Workspace) : "pool")}): {n.Kind}, {Escape(n.Reason)}\n{Escape(n.Message)}" };
    }

    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json", "utf-8"));
}
