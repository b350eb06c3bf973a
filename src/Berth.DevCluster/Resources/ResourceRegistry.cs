
namespace Berth.DevCluster.Resources;

/// <summary>All resources that are served now. Custom ones come and go; a reader sees one consistent table.</summary>
internal sealed class ResourceRegistry
{
    private readonly Lock _lock = new();
    private Table _table = new([]);

    private sealed class Table(IReadOnlyList<ApiResource> all)
    {
        public IReadOnlyList<ApiResource> All { get; } = all;

        public Dictionary<(string Group, string Plural), ApiResource> ByName { get; } = all.ToDictionary(r => (r.Group, r.Plural));
    }

    public IReadOnlyList<ApiResource> All => Volatile.Read(ref _table).All;

    /// <summary>Raised after the table changed.</summary>
    public event Action? Changed;

    public ApiResource? Find(string group, string plural) => Volatile.Read(ref _table).ByName.GetValueOrDefault((group, plural));

    public ApiResource Get(string group, string plural) => Find(group, plural) ?? throw new InvalidOperationException($"{plural}.{group} is not served");

    public ApiResource? FindKind(string group, string kind) => All.FirstOrDefault(r => r.Group == group && r.Kind == kind);

    public void Put(params IEnumerable<ApiResource> resources)
    {
        lock (_lock)
        {
            var added = resources.ToList();
            var kept = _table.All.Where(r => !added.Any(a => a.Group == r.Group && a.Plural == r.Plural));
            Volatile.Write(ref _table, new Table([.. kept, .. added]));
        }
        Changed?.Invoke();
    }

    public void Remove(string group, string plural)
    {
        lock (_lock) Volatile.Write(ref _table, new Table([.. _table.All.Where(r => r.Group != group || r.Plural != plural)]));
        Changed?.Invoke();
    }
}
