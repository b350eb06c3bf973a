using System.Globalization;
using System.Runtime.InteropServices;

namespace Berth.Agent.Runner;

/// <summary>How a process that somebody waits for ended.</summary>
internal sealed record ProcessExit(int ExitCode);

/// <summary>The one wait loop: collects every child and orphan, counts what they used, and tells how the watched one ended.</summary>
internal sealed unsafe class Reaper
{
    private const int UsageBytes = 256;

    private readonly object _gate = new();
    private readonly Dictionary<int, ProcessExit?> _watched = [];
    private long _cpuMicroseconds;
    private long _maxRssKiB;

    public Reaper() => new Thread(Loop) { IsBackground = true, Name = "reaper" }.Start();

    /// <summary>Starts a process while the loop cannot take its exit unseen, and watches it.</summary>
    public (int Pid, string? Error) Start(Func<(int Pid, string? Error)> spawn)
    {
        lock (_gate)
        {
            (_cpuMicroseconds, _maxRssKiB) = (0, 0);
            var started = spawn();
            if (started.Error is null) _watched[started.Pid] = null;
            Monitor.PulseAll(_gate);
            return started;
        }
    }

    /// <summary>Waits for a watched process; null when it still runs after this time.</summary>
    public ProcessExit? Wait(int pid, TimeSpan limit)
    {
        lock (_gate)
        {
            if (_watched[pid] is null && limit > TimeSpan.Zero) Monitor.Wait(_gate, limit);
            return _watched[pid];
        }
    }

    /// <summary>What everything collected since the last start has used; no memory where that cannot be told.</summary>
    public (long CpuMilliseconds, long MaxRssKiB) Usage(int pid)
    {
        lock (_gate)
        {
            _watched.Remove(pid);
            // What is spawned begins with the runner's own peak, and keeps it: only what is above that is its own.
            return (_cpuMicroseconds / 1000, _maxRssKiB > OwnPeakKiB() ? _maxRssKiB : 0);
        }
    }

    // Not by getrusage: that tells also of the program that became this one, and whoever started it.
    private static long OwnPeakKiB()
    {
        const string Peak = "VmHWM:";
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(Peak, StringComparison.Ordinal));
        return long.Parse(line.AsSpan(Peak.Length).Trim().TrimEnd("kB").TrimEnd(), CultureInfo.InvariantCulture);
    }

    private void Loop()
    {
        var usage = (byte*)NativeMemory.AllocZeroed(UsageBytes);
        while (true)
        {
            int status;
            var pid = Native.Wait4(-1, &status, 0, usage);
            if (pid > 0) Collect(pid, status, usage);
            // Without children there is nothing to wait on; strangers that entered the container may still leave orphans.
            else if (Native.LastError == Native.NoChild)
            {
                lock (_gate) Monitor.Wait(_gate, TimeSpan.FromMilliseconds(_watched.ContainsValue(null) ? 1 : 500));
            }
        }
    }

    private void Collect(int pid, int status, byte* usage)
    {
        var times = (long*)usage;
        lock (_gate)
        {
            _cpuMicroseconds += (times[0] + times[2]) * 1_000_000 + times[1] + times[3];
            _maxRssKiB = Math.Max(_maxRssKiB, times[4]);
            if (!_watched.ContainsKey(pid)) return;
            var signal = status & 0x7f;
            _watched[pid] = new ProcessExit(signal == 0 ? (status >> 8) & 0xff : 128 + signal);
            Monitor.PulseAll(_gate);
        }
    }
}
