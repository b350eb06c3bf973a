using System.Diagnostics;

namespace Berth.Testing;

/// <summary>The command line, as a person runs it beside a stack: in a process of its own, without a terminal.</summary>
public sealed class BerthVerb : IAsyncDisposable
{
    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task _reading;

    private BerthVerb(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
    }

    /// <summary>What it has printed so far, both streams.</summary>
    public string Text
    {
        get
        {
            lock (_lines) return string.Join('\n', _lines);
        }
    }

    /// <summary>Starts a verb.</summary>
    public static BerthVerb Start(BerthStack stack, params string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(stack);
        // Where the tests run in the background of a script, Ctrl-C is ignored, and so it would be by what they start.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", BerthStack.CliPath(), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["KUBECONFIG"] = Path.Combine(stack.Directory, "kubeconfig");
        return new BerthVerb(Process.Start(start)!);
    }

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<(int Code, string Text)> RunAsync(BerthStack stack, params string[] arguments)
    {
        await using var verb = Start(stack, arguments);
        return (await verb.EndAsync(), verb.Text);
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await _process.WaitForExitAsync(limit.Token);
        await _reading;
        return _process.ExitCode;
    }

    /// <summary>Waits until it has printed this.</summary>
    public async Task UntilSaysAsync(string text)
    {
        for (var end = DateTime.UtcNow + TestSpace.Patience; !Text.Contains(text, StringComparison.Ordinal); await Task.Delay(50))
            if (DateTime.UtcNow > end || _process.HasExited) throw new TimeoutException($"'{text}' was not said:\n{Text}");
    }

    /// <summary>Interrupts it as Ctrl-C does; returns its exit code.</summary>
    public Task<int> InterruptAsync()
    {
        BerthStack.Signal(_process.Id, "INT");
        return EndAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private async Task ReadAsync(StreamReader from)
    {
        while (await from.ReadLineAsync() is { } line)
            lock (_lines) _lines.Add(line);
    }
}
