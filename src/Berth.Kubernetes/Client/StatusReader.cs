using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Turns the body of a failed answer into a <see cref="Status"/>, whatever it is.</summary>
internal static class StatusReader
{
    private const int MessageLimit = 512;

    public static Status Read(string text, int code)
    {
        if (text.AsSpan().TrimStart().StartsWith("{"))
        {
            try
            {
                var status = JsonSerializer.Deserialize(text, KubernetesJson.Default.Status);
                if (status is not null && (status.Reason ?? status.Message) is not null) return status.Code == 0 ? status with { Code = code } : status;
            }
            catch (JsonException)
            {
                // Something between us and the server answered; its text is the message.
            }
        }
        var message = text.Trim();
        return new() { Code = code, Message = message.Length > MessageLimit ? message[..MessageLimit] + "…" : message };
    }
}
