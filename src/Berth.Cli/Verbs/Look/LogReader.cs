using System.Diagnostics;
using System.Globalization;
using Berth.Api;
using Berth.Cli.Access;
using Berth.Cli.Output;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>
/// A task's output as it comes. What is followed outlives the operator that serves it: where one breaks off, the next is asked to go on at the
/// byte where it ended, of the same attempt.
/// </summary>
internal sealed class LogReader(ClusterSession session, string task, string? attempt, bool follow)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Stopwatch _away = new();
    private string? _attempt = attempt;
    private long _offset;

    /// <summary>Copies to the end, or until the attempt has ended.</summary>
    public async Task CopyAsync(Stream output, long offset, CancellationToken cancellationToken)
    {
        _offset = offset;
        if (follow) _attempt ??= await BegunAsync(cancellationToken);
        for (; await TakeAsync(output, cancellationToken) is { } trouble; await Task.Delay(Pause, cancellationToken))
        {
            _away.Start();
            if (!follow || _away.Elapsed > Patience)
                throw new CliException(ExitCodes.Failed, $"The output broke off after {_offset} bytes: {trouble}\nGo on with: berth logs {task} -n {session.Namespace}{(follow ? " --follow" : "")} --offset {_offset}");
        }
    }

    /// <summary>Takes what comes; null when it has ended, otherwise why it broke off.</summary>
    private async Task<string?> TakeAsync(Stream output, CancellationToken cancellationToken)
    {
        Stream body;
        try
        {
            body = await session.Operator.OpenAsync(session.Namespace, task, View(), cancellationToken);
        }
        catch (CliException error) when (follow && error.MayPass)
        {
            // Said once: whoever follows may want to know what is waited for.
            if (!_away.IsRunning) await Console.Error.WriteLineAsync($"{error.Message}\ntrying again");
            return error.Message;
        }
        await using var disposed = body;
        _away.Reset();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            int read;
            try
            {
                read = await body.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (error is IOException or HttpRequestException)
            {
                return "the operator that served it is gone, or the connection to it";
            }
            if (read == 0) return null;
            await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            await output.FlushAsync(cancellationToken);
            _offset += read;
        }
    }

    private string View()
    {
        List<string> query = [];
        if (_attempt is not null) query.Add("attempt=" + Uri.EscapeDataString(_attempt));
        if (follow) query.Add("follow=true");
        if (_offset > 0) query.Add("offset=" + _offset.ToString(CultureInfo.InvariantCulture));
        return query.Count == 0 ? "log" : "log?" + string.Join('&', query);
    }

    /// <summary>Waits for the first attempt, so that one may follow what was created a moment ago; null where that cannot be told.</summary>
    private async Task<string?> BegunAsync(CancellationToken cancellationToken)
    {
        string? id = null;
        try
        {
            await Progress.UntilAsync(TimeSpan.MaxValue, async stop =>
            {
                var found = await session.Client.TryGetAsync(BerthResources.Tasks, new(session.Namespace, task), stop);
                id = found?.Status.Attempt?.Id;
                return found is null || id is not null || found.Status.Phase.IsTerminal() ? null : $"{task} has not begun{(found.Status.Message is { Length: > 0 } message ? ": " + message : "")}";
            }, cancellationToken);
        }
        catch (KubernetesException error) when (error.IsForbidden)
        {
            // Who may read output need not be allowed to read tasks.
        }
        return id;
    }
}
