using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;

namespace Berth.Core.Tasks;

/// <summary>Compares statuses by what the API would store.</summary>
public static class StatusComparer
{
    /// <summary>Whether two statuses are stored as the same JSON.</summary>
    public static bool Same(TaskStatus a, TaskStatus b) =>
        ReferenceEquals(a, b) || JsonNode.DeepEquals(ToNode(a), ToNode(b));

    private static JsonNode? ToNode(TaskStatus status) => JsonSerializer.SerializeToNode(status, BerthJson.Default.TaskStatus);
}
