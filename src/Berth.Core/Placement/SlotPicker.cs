namespace Berth.Core.Placement;

/// <summary>
/// Finds the best pod for the next task: of the current template first, then on the emptiest node, then the emptiest. Loads only grow
/// within a run, so an entry of the heap that is out of date is put back where it belongs when it comes up.
/// </summary>
internal sealed class SlotPicker
{
    private readonly Dictionary<string, PodSlots> _pods = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _nodeLoad;
    private readonly PriorityQueue<PodSlots, PodRank> _any = new();
    private readonly PriorityQueue<PodSlots, PodRank> _apply = new();

    public SlotPicker(PlacementSnapshot snapshot)
    {
        _nodeLoad = new(snapshot.NodeLoad, StringComparer.Ordinal);
        foreach (var slot in snapshot.Slots)
        {
            if (!_pods.TryGetValue(slot.PodUid, out var pod))
                _pods[slot.PodUid] = pod = new PodSlots(slot) { Load = snapshot.Load.GetValueOrDefault(slot.PodUid), Budget = snapshot.ApplyBudget.GetValueOrDefault(slot.PodUid, 1) };
            pod.Free.Add(slot);
        }
        foreach (var pod in _pods.Values)
        {
            pod.Free.Sort(static (a, b) => b.Index.CompareTo(a.Index));
            Free += pod.Free.Count;
            _any.Enqueue(pod, Rank(pod));
            if (pod.Budget > 0) _apply.Enqueue(pod, Rank(pod));
        }
    }

    /// <summary>Free slots that are left.</summary>
    public int Free { get; private set; }

    /// <summary>How often a pod was looked at.</summary>
    public long Steps { get; private set; }

    /// <summary>Takes a slot; null if no pod can take this kind of work.</summary>
    public FreeSlot? Take(bool applyCapable)
    {
        var heap = applyCapable ? _apply : _any;
        while (heap.TryDequeue(out var pod, out var rank))
        {
            Steps++;
            if (pod.Free.Count == 0 || (applyCapable && pod.Budget <= 0)) continue;
            var now = Rank(pod);
            if (now.CompareTo(rank) > 0)
            {
                heap.Enqueue(pod, now);
                continue;
            }
            var slot = pod.Free[^1];
            pod.Free.RemoveAt(pod.Free.Count - 1);
            pod.Load++;
            _nodeLoad[pod.Node] = _nodeLoad.GetValueOrDefault(pod.Node) + 1;
            if (applyCapable) pod.Budget--;
            Free--;
            if (pod.Free.Count > 0) heap.Enqueue(pod, Rank(pod));
            return slot;
        }
        return null;
    }

    private PodRank Rank(PodSlots pod) => new(pod.Current ? 0 : 1, _nodeLoad.GetValueOrDefault(pod.Node), pod.Load, pod.Name);

    private sealed class PodSlots(FreeSlot first)
    {
        public string Name { get; } = first.Pod;

        public string Node { get; } = first.Node;

        public bool Current { get; } = first.Current;

        public List<FreeSlot> Free { get; } = [];

        public int Load { get; set; }

        public int Budget { get; set; }
    }

    private readonly record struct PodRank(int Outdated, int NodeLoad, int Load, string Pod) : IComparable<PodRank>
    {
        public int CompareTo(PodRank other)
        {
            if (Outdated != other.Outdated) return Outdated.CompareTo(other.Outdated);
            if (NodeLoad != other.NodeLoad) return NodeLoad.CompareTo(other.NodeLoad);
            return Load != other.Load ? Load.CompareTo(other.Load) : string.CompareOrdinal(Pod, other.Pod);
        }
    }
}
