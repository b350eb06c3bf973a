using System.Diagnostics;
using Xunit;

namespace Berth.DevCluster.Tests.Clients;

/// <summary>
/// kubectl and helm as they are installed. <c>BERTH_KUBECTL</c> and <c>BERTH_HELM</c> name binaries to test with (several with colons);
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

    /// <summary>Runs a tool against a cluster and returns what it printed; fails the test when it fails.</summary>
    public static async Task<string> Run(string binary, string kubeconfig, string? input, params string[] arguments)
    {
        var (code, text) = await Try(binary, kubeconfig, input, arguments);
        Assert.True(code == 0, $"{Path.GetFileName(binary)} {string.Join(' ', arguments)} ended with {code}:\n{text}");
        return text;
    }

    public static async Task<(int Code, string Text)> Try(string binary, string kubeconfig, string? input, params string[] arguments)
    {
        var start = new ProcessStartInfo(binary, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["HOME"] = Path.GetDirectoryName(kubeconfig)!;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (input is not null) await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return (-1, "no end within a minute: " + await output + await error);
        }
        return (process.ExitCode, await output + await error);
    }
}
