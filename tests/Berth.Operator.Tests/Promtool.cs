using System.Diagnostics;

namespace Berth.Operator.Tests;

/// <summary>Prometheus' own checker, where it is installed.</summary>
internal static class Promtool
{
    public static bool Exists { get; } = Find("promtool") is not null;

    public static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => System.IO.Path.Combine(d, program)).FirstOrDefault(File.Exists);

    public static async Task<(int Code, string Output)> RunAsync(string[] arguments, string? input = null)
    {
        using var process = Process.Start(new ProcessStartInfo(Find("promtool")!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await error);
    }
}
