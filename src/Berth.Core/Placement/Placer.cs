using Berth.Api;
using Berth.Core.Tasks;

namespace Berth.Core.Placement;

/// <summary>
/// Gives free slots to waiting tasks: approved ones first, then by priority, time of entering the queue, and uid. One task that may
/// change a workspace at a time; plan-only ones beside it. The same snapshot gives the same result.
/// </summary>
public static class Placer
{
    /// <summary>Places as many tasks as fit.</summary>
    public static PlacementResult Place(PlacementSnapshot snapshot)
    {
        var run = new Run(snapshot);
        foreach (var task in snapshot.Waiting
                     .OrderByDescending(t => t.Approved)
                     .ThenByDescending(t => t.Priority)
                     .ThenBy(t => t.QueuedAt)
                     .ThenBy(t => t.Uid, StringComparer.Ordinal))
            run.Consider(task);
        return run.Result();
    }

    private sealed class Run
    {
        private readonly PlacementSnapshot _snapshot;
        private readonly Dictionary<string, FreeSlot> _offers = new(StringComparer.Ordinal);
        private readonly Dictionary<string, WaitCause> _waits = new(StringComparer.Ordinal);
        private readonly HashSet<string> _displaced = new(StringComparer.Ordinal);
        private readonly Dictionary<string, WorkspaceHolder> _workspaces;
        private readonly Dictionary<string, int> _applyBudget;
        private readonly Dictionary<string, int> _load;
        private readonly Dictionary<string, Stack<FreeSlot>> _free;
        private readonly PriorityQueue<string, (int Outdated, int Load, string Pod)> _order = new();
        private readonly Queue<Reservation> _displaceable;

        public Run(PlacementSnapshot snapshot)
        {
            _snapshot = snapshot;
            _workspaces = new(snapshot.Workspaces, StringComparer.Ordinal);
            _applyBudget = new(snapshot.ApplyBudget, StringComparer.Ordinal);
            _load = new(snapshot.Load, StringComparer.Ordinal);
            _free = snapshot.Slots.GroupBy(s => s.PodUid).ToDictionary(g => g.Key, g => new Stack<FreeSlot>(g.OrderByDescending(s => s.Index)), StringComparer.Ordinal);
            _displaceable = new(snapshot.Displaceable.OrderBy(r => r.Since).ThenBy(r => r.TaskUid, StringComparer.Ordinal));
            foreach (var (pod, slots) in _free) _order.Enqueue(pod, Rank(pod, slots.Peek()));
        }

        public void Consider(WaitingTask task)
        {
            if (task.ApplyCapable && _workspaces.TryGetValue(task.Workspace, out var holder) && holder.Uid != task.Uid)
            {
                _waits[task.Uid] = new WaitCause(Reasons.WaitingForWorkspace, $"workspace {task.Workspace} is held by task {holder.Name} ({holder.Doing}); begins once that one is over");
                return;
            }
            if (Take(task) is not { } slot)
            {
                _waits[task.Uid] = new WaitCause(Reasons.WaitingForSlot, $"no slot of pool {_snapshot.Pool} is free{(task.ApplyCapable && _snapshot.Slots.Count > 0 ? " for work that can change things (spec.applySlotsPerPod)" : "")}; begins when one is, or scale the pool up");
                if (task.Approved && _displaceable.TryDequeue(out var victim)) _displaced.Add(victim.TaskUid);
                return;
            }
            _offers[task.Uid] = slot;
            if (task.ApplyCapable) _workspaces[task.Workspace] = new WorkspaceHolder(task.Uid, task.Name, "about to begin");
        }

        public PlacementResult Result() => new() { Offers = _offers, Waits = _waits, Displaced = _displaced };

        /// <summary>The emptiest pod that can take it; pods of the current template first.</summary>
        private FreeSlot? Take(WaitingTask task)
        {
            var skipped = new List<string>();
            FreeSlot? taken = null;
            while (taken is null && _order.TryDequeue(out var pod, out _))
            {
                if (task.ApplyCapable && _applyBudget.GetValueOrDefault(pod, 1) <= 0) { skipped.Add(pod); continue; }
                taken = _free[pod].Pop();
                _load[pod] = _load.GetValueOrDefault(pod) + 1;
                if (task.ApplyCapable) _applyBudget[pod] = _applyBudget.GetValueOrDefault(pod, 1) - 1;
                if (_free[pod].Count > 0) _order.Enqueue(pod, Rank(pod, _free[pod].Peek()));
            }
            foreach (var pod in skipped) _order.Enqueue(pod, Rank(pod, _free[pod].Peek()));
            return taken;
        }

        private (int, int, string) Rank(string pod, FreeSlot slot) => (slot.Current ? 0 : 1, _load.GetValueOrDefault(pod), pod);
    }
}
