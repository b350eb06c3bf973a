using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Threading.Channels;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Testing.Fleet;

/// <summary>
/// An agent without processes: it speaks the real protocol over a connection of its own, comes back as agents do, uploads a real artifact
/// for each plan, and says that every command succeeded after <paramref name="commandTime"/>; null: commands go on for ever.
/// </summary>
public sealed class SimulatedAgent(SimulatedPod pod, GatewayAccess gateway, int slots, TimeSpan? commandTime)
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly byte[] Said = Encoding.UTF8.GetBytes("done\n");
    private static readonly byte[] Text = Encoding.UTF8.GetBytes("one thing to add\n");
    private readonly Lock _lock = new();
    private readonly SimulatedSlot[] _slots = [.. Enumerable.Range(0, slots).Select(i => new SimulatedSlot(i))];
    private readonly Channel<Frame> _outgoing = Channel.CreateUnbounded<Frame>(new() { SingleReader = true });
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private long _epoch;
    private string? _redirect;
    private string _unreachable = "";
    private volatile string? _leader;

    /// <summary>Completes when a leader has welcomed this agent for the first time.</summary>
    public TaskCompletionSource Welcomed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Identity of the leader that welcomed it, while connected.</summary>
    public string? Leader => _leader;

    /// <summary>When it was last welcomed.</summary>
    public DateTime WelcomedAt { get; private set; }

    /// <summary>Orders of another attempt for a task that runs here already; there must be none.</summary>
    public int StartedTwice { get; private set; }

    /// <summary>Raised when an order to run a command comes: its task's uid and its kind.</summary>
    public Action<Assign>? Ordered { get; init; }

    /// <summary>Serves until cancelled; where a connection ends, another is made.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var backoff = FirstBackoff; !stop.IsCancellationRequested;)
        {
            try
            {
                var sentTo = Interlocked.Exchange(ref _redirect, null);
                // Until it answers, it counts as out of reach: whoever is asked next holds the line until another one leads.
                if (sentTo is not null) _unreachable = sentTo;
                if (await ConnectAsync(sentTo ?? gateway.AnyAddress(), stop)) backoff = FirstBackoff;
            }
            catch (Exception e) when (e is WebSocketException or IOException or HttpRequestException or OperationCanceledException or SocketException)
            {
                // As an agent does: it comes back.
            }
            _leader = null;
            var pause = _redirect is null ? backoff : TimeSpan.FromMilliseconds(20);
            if (_redirect is null) backoff = TimeSpan.FromTicks(Math.Min(LongestBackoff.Ticks, backoff.Ticks * 2));
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), stop).ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    /// <summary>One connection, to its end. True if the other side led.</summary>
    private async Task<bool> ConnectAsync(string address, CancellationToken stop)
    {
        using var http = gateway.Connect(address);
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.Zero;
        socket.Options.SetRequestHeader("Authorization", "Bearer " + pod.Token);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop);
        over.CancelAfter(Silence);
        await socket.ConnectAsync(GatewayAccess.Uri("wss", ProtocolFacts.ConnectPath), http, over.Token);
        await SendAsync(socket, new Hello { AgentVersion = "simulated", Namespace = pod.Namespace, Pod = pod.Name, PodUid = pod.Uid, Node = "simulated", NodeBootId = "boot-1", Inventory = Inventory(), Unreachable = address == _unreachable ? "" : _unreachable }, over.Token);
        var sending = SendAllAsync(socket, over.Token);
        var led = false;
        try
        {
            var buffer = new byte[64 * 1024];
            while (await ReceiveAsync(socket, buffer, over.Token) is { } frame)
            {
                over.CancelAfter(Silence);
                led |= frame is Welcome;
                if (frame is Welcome || (frame is Redirect && address == _unreachable)) _unreachable = "";
                if (frame is Redirect { Address.Length: > 0 } redirect && redirect.Address != address) _redirect = redirect.Address;
                Handle(frame, http, stop);
            }
            return led;
        }
        finally
        {
            await over.CancelAsync();
            await sending.ContinueWith(static _ => { }, TaskScheduler.Default);
        }
    }

    private void Handle(Frame frame, HttpMessageInvoker http, CancellationToken stop)
    {
        switch (frame)
        {
            case Welcome welcome:
                _epoch = Math.Max(_epoch, welcome.Epoch);
                WelcomedAt = DateTime.UtcNow;
                _leader = welcome.Leader;
                Welcomed.TrySetResult();
                break;
            case Ping ping:
                Tell(new Pong { Nonce = ping.Nonce });
                break;
            case Assign order:
                Ordered?.Invoke(order);
                _ = Task.Run(() => ExecuteAsync(order, http, stop), CancellationToken.None);
                break;
            case Ack ack:
                lock (_lock)
                    foreach (var slot in _slots)
                        if (slot.Result?.Attempt == ack.Attempt) slot.Result = null;
                Tell(Inventory());
                break;
            case Release release:
                lock (_lock)
                    if (_slots[release.Slot] is var slot && slot.Directory == release.Directory) (slot.Directory, slot.DirectoryTask) = (null, null);
                Tell(Inventory());
                break;
            case Cancel cancel:
                Tell(new AttemptResult { Attempt = cancel.Attempt, Outcome = AttemptOutcome.Stopped, EndedAt = DateTimeOffset.UtcNow, Message = cancel.Reason });
                break;
        }
    }

    private async Task ExecuteAsync(Assign order, HttpMessageInvoker http, CancellationToken stop)
    {
        var slot = _slots[order.Slot];
        lock (_lock)
        {
            // An order may come twice; it is carried out once, and a second time is no refusal of the first.
            if (!_seen.Add(order.Attempt))
            {
                Tell(new Refused { Attempt = order.Attempt, Reason = RefusalReasons.AlreadySeen, Message = "seen", HighestEpoch = _epoch });
                return;
            }
            if (slot.Attempt is not null || (order.Kind != AttemptKind.Apply && slot.Directory is not null))
            {
                Tell(new Refused { Attempt = order.Attempt, Reason = RefusalReasons.SlotTaken, Message = "taken", HighestEpoch = _epoch });
                return;
            }
            if (_slots.Any(s => s.Attempt is { } other && TaskOf(other) == TaskOf(order.Attempt))) StartedTwice++;
            (slot.Attempt, slot.StartedAt) = (order.Attempt, DateTimeOffset.UtcNow);
        }
        var started = slot.StartedAt;
        Tell(new Started { Attempt = order.Attempt, At = started });
        if (commandTime is not { } takes)
        {
            Tell(Inventory());
            return;
        }
        if (takes > TimeSpan.Zero) await Task.Delay(takes, stop);
        var plan = order.Kind == AttemptKind.Plan ? Report(order) : null;
        var result = new AttemptResult { Attempt = order.Attempt, Outcome = AttemptOutcome.Succeeded, ExitCode = 0, StartedAt = started, EndedAt = DateTimeOffset.UtcNow, OutputBytes = Said.Length, Plan = plan };
        lock (_lock)
        {
            (slot.Attempt, slot.Result) = (null, result);
            if (order.Kind is AttemptKind.Plan or AttemptKind.Restore) (slot.Directory, slot.DirectoryTask) = (order.Attempt, order.TaskUid);
        }
        Tell(result);
        Tell(new Output { Attempt = order.Attempt, Data = Said, End = true });
        Tell(Inventory());
        if (plan is null) return;
        foreach (var artifact in plan.Artifacts) await StoreAsync(http, order.Attempt, "artifact", artifact, Encoding.UTF8.GetBytes(order.Attempt), stop);
        await StoreAsync(http, order.Attempt, "text", new FileDigest { Path = "plan.txt", Digest = plan.TextDigest!, Size = Text.Length }, Text, stop);
        Tell(new Uploaded { Attempt = order.Attempt });
    }

    // Each plan is different, as plans are; their texts are alike.
    private static PlanReport Report(Assign order)
    {
        var bytes = Encoding.UTF8.GetBytes(order.Attempt);
        return new PlanReport
        {
            Artifacts = [.. (order.Artifacts ?? []).Select(path => new FileDigest { Path = path, Digest = Digests.Of(bytes), Size = bytes.Length })],
            Counts = new PlanCounts { Add = 1 },
            TextDigest = Digests.Of(Text),
            TextSize = Text.Length,
        };
    }

    // A database that is away, or not made yet, is tried again, as agents do.
    private async Task StoreAsync(HttpMessageInvoker http, string attempt, string kind, FileDigest file, byte[] content, CancellationToken stop)
    {
        while (!await TryStoreAsync(http, attempt, kind, file, content, stop)) await Task.Delay(TimeSpan.FromMilliseconds(500), stop);
    }

    private async Task<bool> TryStoreAsync(HttpMessageInvoker http, string attempt, string kind, FileDigest file, byte[] content, CancellationToken stop)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, GatewayAccess.Uri("https", $"{ProtocolFacts.ArtifactPath(attempt, file.Digest)}?kind={kind}&path={Uri.EscapeDataString(file.Path)}"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", pod.Token);
        request.Content = new ByteArrayContent(content);
        using var answer = await http.SendAsync(request, stop);
        if (answer.StatusCode == System.Net.HttpStatusCode.ServiceUnavailable) return false;
        answer.EnsureSuccessStatusCode();
        return true;
    }

    private Inventory Inventory()
    {
        lock (_lock)
            return new Inventory
            {
                HighestEpoch = _epoch,
                Slots = [.. _slots.Select(s => new SlotInventory { Index = s.Index, Ready = true, RunnerBoot = 1, Attempt = s.Attempt, Directory = s.Directory, DirectoryTask = s.DirectoryTask })],
                Attempts =
                [
                    .. _slots.Where(s => s.Attempt is not null).Select(s => new AttemptInventory { Attempt = s.Attempt!, Slot = s.Index, RunnerBoot = 1, State = AttemptState.Started, MayRun = true, StartedAt = s.StartedAt }),
                    .. _slots.Where(s => s.Result is not null).Select(s => new AttemptInventory { Attempt = s.Result!.Attempt, Slot = s.Index, RunnerBoot = 1, State = AttemptState.Finished, Result = s.Result }),
                ],
            };
    }

    private static string TaskOf(string attempt) => attempt[..attempt.LastIndexOf('-')];

    private void Tell(Frame frame) => _outgoing.Writer.TryWrite(frame);

    private async Task SendAllAsync(ClientWebSocket socket, CancellationToken stop)
    {
        await foreach (var frame in _outgoing.Reader.ReadAllAsync(stop)) await SendAsync(socket, frame, stop);
    }

    private static Task SendAsync(ClientWebSocket socket, Frame frame, CancellationToken stop) => socket.SendAsync(ProtocolJson.Write(frame), WebSocketMessageType.Text, true, stop);

    private static async Task<Frame?> ReceiveAsync(ClientWebSocket socket, byte[] buffer, CancellationToken stop)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), stop);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return ProtocolJson.Read(buffer.AsSpan(0, length));
            if (length == buffer.Length) throw new IOException("an order is larger than a simulated agent expects");
        }
    }

    private sealed class SimulatedSlot(int index)
    {
        public int Index { get; } = index;

        public string? Attempt { get; set; }

        public DateTimeOffset StartedAt { get; set; }

        public AttemptResult? Result { get; set; }

        public string? Directory { get; set; }

        public string? DirectoryTask { get; set; }
    }
}
