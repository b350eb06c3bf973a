using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Placement;

/// <summary>One run of placement: what is left of slots, workspaces and caps while tasks have their turn.</summary>
internal sealed class PlacementRun
{
    private readonly Dictionary<string, FreeSlot> _offers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WaitCause> _waits;
    private readonly HashSet<string> _displaced = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _superseded;
    private readonly List<string> _served = [];
    private readonly Dictionary<string, WorkspaceHolder> _workspaces;
    private readonly HashSet<string> _next = new(StringComparer.Ordinal);
    private readonly WaitCause _behind;
    private readonly WaitCause? _nothingNew;
    private readonly SlotPicker _picker;
    private readonly CapBook _caps;
    private readonly Queue<Reservation> _displaceable;
    private readonly WaitCause _noSlot;
    private readonly WaitCause _noApplySlot;
    private int _freeing;
    private long _given;
    private long _steps;
    private int _unmet;
    private int _unmetApply;

    public PlacementRun(PlacementSnapshot snapshot, WaitingTask[] order)
    {
        _workspaces = new(snapshot.Workspaces, StringComparer.Ordinal);
        _picker = new SlotPicker(snapshot);
        _caps = new CapBook(snapshot.Caps);
        _waits = new(order.Length, StringComparer.Ordinal);
        _displaceable = new(snapshot.Displaceable.OrderBy(r => r.Since).ThenBy(r => r.TaskUid, StringComparer.Ordinal));
        _superseded = Superseding.Find(order, snapshot.Workspaces);
        (_given, _freeing, _nothingNew) = (snapshot.Given, snapshot.Freeing, snapshot.NothingNew);
        var then = snapshot.Outlook is { Length: > 0 } outlook ? outlook : "begins when one is, or scale the pool up";
        _behind = new WaitCause(Reasons.WaitingForWorkspace, "several tasks of this workspace come first; they have it one after another");
        _noSlot = new WaitCause(Reasons.WaitingForSlot, $"no slot of pool {snapshot.Pool} is free; {then}");
        _noApplySlot = new WaitCause(Reasons.WaitingForSlot, $"no slot of pool {snapshot.Pool} is free for work that can change things (spec.applySlotsPerPod of each pod at most); {then}");
    }

    /// <summary>Whether age could ever decide in this run.</summary>
    public bool MaySkipAhead => _picker.Free > 0 || _offers.Count > 0;

    /// <summary>Whether the next slot goes to whoever waits longest.</summary>
    public bool OldestIsNext => _picker.Free > 0 && _given % Placer.OldestEvery == Placer.OldestEvery - 1;

    /// <summary>Gives the task a slot, or notes why it gets none. A task that had its turn is passed over.</summary>
    public void Consider(WaitingTask task)
    {
        if (_offers.ContainsKey(task.Uid) || _waits.ContainsKey(task.Uid)) return;
        _steps++;
        var cause = Obstacle(task) ?? Give(task);
        if (cause is null) return;
        _waits[task.Uid] = cause;
        if (task.ApplyCapable && !_superseded.ContainsKey(task.Uid)) _workspaces.TryAdd(task.Workspace, new WorkspaceHolder(task.Uid, task.Name, "comes first"));
    }

    public PlacementResult Result() => new()
    {
        Offers = _offers,
        Waits = _waits,
        Displaced = _displaced,
        Superseded = _superseded,
        Served = _served,
        Unmet = new SlotDemand(_unmet, _unmetApply),
        Given = _given,
        Steps = _steps + _picker.Steps,
    };

    /// <summary>What stands in the way whatever slots there are.</summary>
    private WaitCause? Obstacle(WaitingTask task)
    {
        if (task.ApplyCapable && _workspaces.TryGetValue(task.Workspace, out var holder) && holder.Uid != task.Uid)
        {
            // Only the next in line is told who holds the workspace: were all told, each change of hands would rewrite all of them.
            return _next.Add(task.Workspace) ? new WaitCause(Reasons.WaitingForWorkspace, $"workspace {task.Workspace} is held by task {holder.Name} ({holder.Doing}); begins once that one is over") : _behind;
        }
        if (_superseded.TryGetValue(task.Uid, out var newer)) return new WaitCause(Reasons.WaitingForWorkspace, $"task {newer} takes its place");
        if (!task.Approved && _nothingNew is { } held) return held;
        if (_caps.Refusal(task.Workspace) is not { } full) return null;
        if (task.Approved && _caps.LeavingHelps(task.Workspace)) Displace();
        return full;
    }

    private WaitCause? Give(WaitingTask task)
    {
        if (_picker.Take(task.ApplyCapable) is not { } slot)
        {
            _unmet++;
            if (task.ApplyCapable) _unmetApply++;
            if (task.Approved) Displace();
            // The same words however many slots are free at the moment: each change of them would be written to every task that waits.
            return task.ApplyCapable ? _noApplySlot : _noSlot;
        }
        _offers[task.Uid] = slot;
        _served.Add(task.Uid);
        _given++;
        _caps.Take(task.Workspace);
        if (task.ApplyCapable) _workspaces[task.Workspace] = new WorkspaceHolder(task.Uid, task.Name, "about to begin");
        return null;
    }

    /// <summary>Asks the oldest unapproved reservation back, unless a slot that is on its way will do.</summary>
    private void Displace()
    {
        if (_freeing > 0) _freeing--;
        else if (_displaceable.TryDequeue(out var victim)) _displaced.Add(victim.TaskUid);
    }
}
