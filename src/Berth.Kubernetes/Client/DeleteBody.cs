using System.Text.Json;

namespace Berth.Kubernetes;

/// <summary>Writes the body of a deletion.</summary>
internal static class DeleteBody
{
    public static byte[]? Write(DeleteOptions? options)
    {
        if (options is null || options == new DeleteOptions()) return null;
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("kind", "DeleteOptions");
            json.WriteString("apiVersion", "v1");
            if (options.GracePeriodSeconds is { } grace) json.WriteNumber("gracePeriodSeconds", grace);
            if (options.Propagation != DeletionPropagation.Default) json.WriteString("propagationPolicy", options.Propagation.ToString());
            if ((options.Uid ?? options.ResourceVersion) is not null)
            {
                json.WriteStartObject("preconditions");
                if (options.Uid is { } uid) json.WriteString("uid", uid);
                if (options.ResourceVersion is { } version) json.WriteString("resourceVersion", version);
                json.WriteEndObject();
            }
            if (options.DryRun)
            {
                json.WriteStartArray("dryRun");
                json.WriteStringValue("All");
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        return stream.ToArray();
    }
}
