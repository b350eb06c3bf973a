#pragma warning disable CA1416 // The pod runner runs on Linux alone; PodRunner says so at its start.
namespace Berth.DevCluster.Pods.Containers;

/// <summary>Permissions of files and directories.</summary>
internal static class UnixFile
{
    public static UnixFileMode Mode(string path) => File.GetUnixFileMode(path);

    public static void SetMode(string path, int mode) => File.SetUnixFileMode(path, (UnixFileMode)mode);

    public const int Traversable = 0b111_101_101;

    /// <summary>Everything to everybody: volumes are shared by containers of any user.</summary>
    public const int Open = 0b111_111_111;
}
