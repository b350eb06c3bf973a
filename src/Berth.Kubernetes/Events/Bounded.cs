namespace Berth.Kubernetes;

/// <summary>A dictionary that forgets what was not used for longest.</summary>
internal sealed class Bounded<TKey, TValue>(int limit) where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = new();

    public bool TryGet(TKey key, out TValue value)
    {
        if (!_nodes.TryGetValue(key, out var node))
        {
            value = default!;
            return false;
        }
        value = node.Value.Value;
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        if (_nodes.Remove(key, out var old)) _order.Remove(old);
        _nodes.Add(key, _order.AddLast((key, value)));
        if (_nodes.Count <= limit) return;
        _nodes.Remove(_order.First!.Value.Key);
        _order.RemoveFirst();
    }

    public void RemoveWhere(Func<TValue, bool> condition)
    {
        foreach (var node in _nodes.Values.Where(node => condition(node.Value.Value)).ToList())
        {
            _nodes.Remove(node.Value.Key);
            _order.Remove(node);
        }
    }
}
