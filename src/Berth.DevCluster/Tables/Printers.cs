using System.Text.Json.Nodes;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Tables;

/// <summary>The columns of a kind after Name, and how its cells are filled.</summary>
internal sealed record Printer(IReadOnlyList<PrinterColumn> Columns, Func<JsonObject, TimeProvider, IEnumerable<JsonNode?>> Cells);

/// <summary>Which printer a kind has.</summary>
internal static class Printers
{
    public const string AgeDescription = "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

    public static readonly PrinterColumn AgeColumn = new("Age", "string", "", "", AgeDescription);

    private static readonly Printer Plain = new([new PrinterColumn("Age", "date", "", "", AgeDescription)], (o, time) => [Age.Since(o.Text("metadata", "creationTimestamp"), time)]);

    public static Printer For(ApiResource resource, ServedVersion version)
    {
        if (resource.Custom is not null) return CustomPrinter.For(version);
        return BuiltinPrinters.Find(resource.Group, resource.Plural) ?? Plain;
    }
}
