using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Berth.Kubernetes;

/// <summary>One subscriber of an informer: its events wait in a queue of its own, so that a slow or throwing handler holds up nobody.</summary>
internal sealed partial class InformerHandler<T>(string informer, Func<InformerEvent<T>, ValueTask> handle, ILogger log) : IDisposable where T : class
{
    private readonly Channel<(InformerEvent<T> Event, TaskCompletionSource? Mark)> _queue =
        Channel.CreateUnbounded<(InformerEvent<T>, TaskCompletionSource?)>(new() { SingleReader = true });
    private readonly ILogger _log = log;
    private Action? _removed;

    public void Start(Action removed)
    {
        _removed = removed;
        _ = Task.Run(RunAsync);
    }

    public void Post(InformerEvent<T> change) => _queue.Writer.TryWrite((change, null));

    /// <summary>Completes when everything posted before has been handled.</summary>
    public Task MarkAsync()
    {
        var mark = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _queue.Writer.TryWrite((default, mark)) ? mark.Task : Task.CompletedTask;
    }

    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _removed?.Invoke();
    }

    private async Task RunAsync()
    {
        await foreach (var (change, mark) in _queue.Reader.ReadAllAsync())
        {
            if (mark is not null)
            {
                mark.SetResult();
                continue;
            }
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
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Informer}: the handler of {Type} {Key} threw")]
    private partial void LogFailure(Exception error, string informer, InformerEventType type, ObjectKey key);
}
