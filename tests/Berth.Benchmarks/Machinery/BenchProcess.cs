using System.Diagnostics;

namespace Berth.Benchmarks.Machinery;

/// <summary>A program that a benchmark started: its output goes to a file, it is ended by TERM and in need by KILL.</summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _copied;

    private BenchProcess(Process process, string log)
    {
        _process = process;
        Log = log;
        _copied = CopyAsync();
    }

    public int Pid => _process.Id;

    public string Log { get; }

    public bool HasEnded => _process.HasExited;

    public static BenchProcess Start(string name, string directory, string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true };
        foreach (var word in new[] { "-c", "exec \"$@\" 2>&1", "sh", program }.Concat(arguments)) start.ArgumentList.Add(word);
        foreach (var (key, value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        return new BenchProcess(Process.Start(start)!, Path.Combine(directory, name + ".log"));
    }

    /// <summary>A program of this source tree, in the configuration of this one.</summary>
    public static string Program(string project)
    {
        var output = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory);
        return Path.Combine(Tree(), "src", project, "bin", Path.GetFileName(Path.GetDirectoryName(output)!), Path.GetFileName(output), project);
    }

    public static string Tree()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Operator.sln"))) return folder.FullName;
        throw new InvalidOperationException("the benchmarks do not run in the source tree");
    }

    public string Tail(int lines = 15) => File.Exists(Log) ? string.Join('\n', File.ReadLines(Log).TakeLast(lines)) : "";

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            try
            {
                await _process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
        await _copied;
        _process.Dispose();
    }

    private async Task CopyAsync()
    {
        await using var file = new FileStream(Log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        await _process.StandardOutput.BaseStream.CopyToAsync(file);
    }
}
