namespace Berth.DevCluster.Storage;

/// <summary>Keeps the store's changes beyond the process.</summary>
internal interface IStoreJournal : IDisposable
{
    /// <summary>Fills the store and returns the last revision that was written.</summary>
    long Restore(ObjectStore store);

    /// <summary>Called inside the store's lock, before anybody can see the change.</summary>
    void Write(ResourceStore resource, WatchEvent change);

    /// <summary>Called inside the store's lock, after the change can be seen.</summary>
    void AfterCommit(long revision);
}
