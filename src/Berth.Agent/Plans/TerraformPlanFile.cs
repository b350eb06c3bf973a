using System.IO.Compression;
using System.Text.Json;

namespace Berth.Agent.Plans;

/// <summary>A Terraform plan file: a zip whose <c>tfstate</c> is the state the plan was made from.</summary>
internal static class TerraformPlanFile
{
    private const long StateLimit = 512L * 1024 * 1024;

    /// <summary>Lineage and serial of that state; null when the file does not tell.</summary>
    public static string? StateIdentity(string path)
    {
        try
        {
            using var zip = ZipFile.OpenRead(path);
            if (zip.GetEntry("tfstate") is not { Length: < StateLimit } entry) return null;
            using var content = entry.Open();
            using var state = JsonDocument.Parse(content);
            return state.RootElement.TryGetProperty("lineage", out var lineage) && state.RootElement.TryGetProperty("serial", out var serial)
                ? $"{lineage.GetString()}/{serial.GetRawText()}"
                : null;
        }
        catch (Exception e) when (e is InvalidDataException or JsonException or IOException)
        {
            return null;
        }
    }
}
