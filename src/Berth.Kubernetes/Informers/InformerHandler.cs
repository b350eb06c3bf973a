using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>One subscriber of an informer: its events wait in a queue of its own, so that a slow or throwing handler holds up nobody.</summary>
internal sealed partial class InformerHandler<T>(string informer, Func<InformerEvent<T>, ValueTask> handle, ILogger log) : IDisposable where T : class
{
    // In batches: a queue that has grown for a list of all objects would stay as large as that.
    private readonly Channel<(IReadOnlyList<InformerEvent<T>> Events, TaskCompletionSource? Mark)> _queue =
        Channel.CreateUnbounded<(IReadOnlyList<InformerEvent<T>>, TaskCompletionSource?)>(new() { SingleReader = true });
    private readonly ILogger _log = log;
    private Action? _removed;

    public void Start(Action removed)
    {
        _removed = removed;
        _ = Task.Run(RunAsync);
    }

    public void Post(IReadOnlyList<InformerEvent<T>> changes) => _queue.Writer.TryWrite((changes, null));

    /// <summary>Completes when everything posted before has been handled.</summary>
    public Task MarkAsync()
    {
        var mark = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite(([], mark)) ? mark.Task : Task.CompletedTask;
    }

    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _removed?.Invoke();
    }

    private async Task RunAsync()
    {
        await foreach (var (changes, mark) in _queue.Reader.ReadAllAsync())
        {
            foreach (var change in changes) await HandleAsync(change);
            mark?.SetResult();
        }
    }

    private async ValueTask HandleAsync(InformerEvent<T> change)
    {
        try
        {
            await handle(change);
        }
        catch (Exception error)
        {
            KubernetesMetrics.HandlerFailed(informer);
            LogFailure(error, informer, change.Type, change.Key);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Informer}: the handler of {Type} {Key} threw")]
    private partial void LogFailure(Exception error, string informer, InformerEventType type, ObjectKey key);
}
