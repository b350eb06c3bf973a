using System.Diagnostics;

namespace Berth.Cli.Tests;

/// <summary>Runs the command line as people do, as a process of its own: its output belongs to nobody else.</summary>
internal static class Captured
{
    public static async Task<(int Code, string Output)> RunAsync(params string[] words)
    {
        var (code, output, _) = await RunAsync(words, null);
        return (code, output);
    }

    public static async Task<(int Code, string Output, string Error)> RunAsync(string[] words, string? input)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Berth.Cli");
        var start = new ProcessStartInfo(program, words) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment.Remove("BERTH_OPERATOR_URL");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await error);
    }
}
