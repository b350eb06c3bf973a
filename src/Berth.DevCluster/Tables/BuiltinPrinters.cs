namespace Berth.DevCluster.Tables;

/// <summary>Printers of built-in kinds.</summary>
internal static class BuiltinPrinters
{
    public static Printer? Find(string group, string plural) => null;
}
