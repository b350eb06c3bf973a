using System.Buffers;
using System.Text.Json;

namespace Berth.Agent;

/// <summary>One JSON object a line on standard error.</summary>
internal static class AgentLog
{
    private static readonly object Gate = new();
    private static readonly Stream Target = Console.OpenStandardError();

    public static void Info(string message, params ReadOnlySpan<(string Name, string? Value)> fields) => Write("info", message, fields);

    public static void Warn(string message, params ReadOnlySpan<(string Name, string? Value)> fields) => Write("warn", message, fields);

    public static void Error(string message, Exception? error, params ReadOnlySpan<(string Name, string? Value)> fields) =>
        Write("error", message, error is null ? fields : [.. fields, ("exception", error.ToString())]);

    private static void Write(string level, string message, ReadOnlySpan<(string Name, string? Value)> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("time", DateTimeOffset.UtcNow);
            json.WriteString("level", level);
            json.WriteString("message", message);
            foreach (var (name, value) in fields)
            {
                if (value is not null) json.WriteString(name, value);
            }
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        try
        {
            lock (Gate) Target.Write(buffer.WrittenSpan);
        }
        catch (IOException)
        {
            // Nobody reads standard error any more; there is nowhere left to say so.
        }
    }
}
