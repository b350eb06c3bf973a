using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Tables;

/// <summary>Columns of built-in kinds whose cells are plain fields; the others have a table writer of their own.</summary>
internal static class BuiltinColumns
{
    public static IReadOnlyList<PrinterColumn> For(string group, string plural) => [];
}
