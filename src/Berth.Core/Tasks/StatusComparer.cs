using System.Text.Json;
using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Compares statuses by what the API would store.</summary>
public static class StatusComparer
{
    /// <summary>Whether two statuses are stored as the same JSON. Mostly they share what they are made of, which shows without writing any.</summary>
    public static bool Same(TaskStatus a, TaskStatus b) =>
        a == b || Bytes(a).AsSpan().SequenceEqual(Bytes(b));

    // The same serializer writes both, field by field in the same order.
    private static byte[] Bytes(TaskStatus status) => JsonSerializer.SerializeToUtf8Bytes(status, BerthJson.Default.TaskStatus);
}
