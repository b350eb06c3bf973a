using System.Globalization;

namespace Berth.Benchmarks.Machinery;

/// <summary>Processor time and memory of one process, from /proc.</summary>
internal static class ProcessMeter
{
    // USER_HZ is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    public static double CpuSeconds(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }

    public static double RssMiB(int pid) => Field(pid, "VmRSS");

    public static double PeakRssMiB(int pid) => Field(pid, "VmHWM");

    private static double Field(int pid, string name) =>
        double.Parse(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
