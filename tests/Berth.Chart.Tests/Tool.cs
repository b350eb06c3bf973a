using System.Diagnostics;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// Helm and kubectl as they are installed. <c>BERTH_HELM</c> and <c>BERTH_KUBECTL</c> name binaries to test with (several with colons);
/// without them it is what PATH has.
/// </summary>
internal static class Tool
{
    public static TheoryData<string> All(string name)
    {
        var asked = Environment.GetEnvironmentVariable("BERTH_" + name.ToUpperInvariant());
        var found = asked is { Length: > 0 } ? asked.Split(':')
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, name)).Where(File.Exists).Take(1).ToArray();
        return [.. found.DefaultIfEmpty("")];
    }

    public static void Require(string binary, string name)
    {
        if (binary.Length == 0) Assert.Skip($"{name} is not on PATH; set BERTH_{name.ToUpperInvariant()} to test with one");
    }

    /// <summary>Runs a tool and returns what it printed to standard output; fails the test when it fails.</summary>
    public static async Task<string> RunAsync(string binary, string home, string? kubeconfig, params string[] arguments)
    {
        var (code, output, error) = await TryAsync(binary, home, kubeconfig, arguments);
        Assert.True(code == 0, $"{Path.GetFileName(binary)} {string.Join(' ', arguments)} ended with {code}:\n{error}{output}");
        return output;
    }

    public static async Task<(int Code, string Output, string Error)> TryAsync(string binary, string home, string? kubeconfig, params string[] arguments)
    {
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = home;
        start.Environment["KUBECONFIG"] = kubeconfig ?? Path.Combine(home, "none");
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, await output, "no end within two minutes: " + await error);
        }
        return (process.ExitCode, await output, await error);
    }
}
