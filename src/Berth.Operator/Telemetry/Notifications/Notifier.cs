using System.Net;
using System.Threading.Channels;
using Berth.Api;
using Berth.Core.Tasks;
using Berth.Operator.Options;

namespace Berth.Operator.Telemetry.Notifications;

/// <summary>
/// Tells people by webhooks. A receiver acknowledges with 2xx; until then it is tried again, with growing pauses. What waits is lost with
/// the process: nothing depends on a notification, and what it tells stands in the task.
/// </summary>
internal sealed class Notifier(OperatorOptions options, OperatorMetrics metrics, TimeProvider time, ILogger<Notifier> log) : IDisposable
{
    private const int Waiting = 1000;
    private const int Tries = 6;
    private const int Remembered = 4096;
    private const int AtOnce = 8;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly HttpClient _http = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) }) { Timeout = Limit };
    private readonly Channel<(NotificationRule Rule, Notification Notification)> _queue = Channel.CreateBounded<(NotificationRule, Notification)>(Waiting);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();

    /// <summary>Raised with everything that there is to tell, whether a rule wants it or not; the same id may come again.</summary>
    public event Action<Notification>? Raised;

    /// <summary>Takes a decision that was written. Never waits: a full queue drops, and says so.</summary>
    public void Decided(TaskResource task, TaskDecision decision)
    {
        if (options.Notifications.Rules.Count == 0 && Raised is null) return;
        foreach (var notification in Notification.Of(task, decision, time.GetUtcNow())) Tell(notification);
    }

    /// <summary>Takes one notification; the same id is told once by this process.</summary>
    public void Tell(Notification notification)
    {
        Raised?.Invoke(notification);
        foreach (var rule in options.Notifications.Rules.Where(r => r.Fits(notification)))
        {
            if (!Remember($"{rule.Name}/{notification.Id}")) continue;
            if (_queue.Writer.TryWrite((rule, notification))) continue;
            metrics.Notified("dropped");
            log.LogWarning("Notification {Id} by rule {Rule} was dropped: {Waiting} wait already", notification.Id, rule.Name, Waiting);
        }
    }

    /// <summary>Sends until cancelled; a receiver that is slow delays no other.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var sending = new List<Task>();
        await foreach (var (rule, notification) in _queue.Reader.ReadAllAsync(cancellationToken))
        {
            while (sending.Count >= AtOnce) await ReapAsync(sending, await Task.WhenAny(sending));
            sending.Add(SendAsync(rule, notification, cancellationToken));
            foreach (var done in sending.FindAll(t => t.IsCompleted)) await ReapAsync(sending, done);
        }
    }

    /// <inheritdoc />
    public void Dispose() => _http.Dispose();

    /// <summary>What nobody expected ends the loop, which is told of and started again.</summary>
    private static Task ReapAsync(List<Task> sending, Task done)
    {
        sending.Remove(done);
        return done;
    }

    private async Task SendAsync(NotificationRule rule, Notification notification, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var (trouble, again) = await TryAsync(rule, notification, cancellationToken);
            if (trouble is null)
            {
                metrics.Notified("acknowledged");
                return;
            }
            if (!again || attempt == Tries)
            {
                metrics.Notified("failed");
                log.LogError("Notification {Id} ({Kind} of {Namespace}/{Task}) by rule {Rule} was given up after {Tries} tries: {Trouble}", notification.Id, notification.Kind, notification.Namespace, notification.Task, rule.Name, attempt, trouble);
                return;
            }
            await Task.Delay(FirstPause * Math.Pow(2, attempt - 1), time, cancellationToken);
        }
    }

    private async Task<(string? Trouble, bool Again)> TryAsync(NotificationRule rule, Notification notification, CancellationToken cancellationToken)
    {
        try
        {
            using var request = NotificationRequest.Make(rule, notification);
            using var response = await _http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode) return (null, false);
            var again = response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)response.StatusCode >= 500;
            return ($"the receiver answered {(int)response.StatusCode}{(again ? "" : "; correct the rule's Url or Format")}", again);
        }
        catch (HttpRequestException e)
        {
            return (e.Message, true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"no answer within {Limit.TotalSeconds} s", true);
        }
    }

    private bool Remember(string id)
    {
        lock (_known)
        {
            if (!_known.Add(id)) return false;
            _order.Enqueue(id);
            if (_order.Count > Remembered) _known.Remove(_order.Dequeue());
            return true;
        }
    }
}
