namespace Berth.DevCluster;

/// <summary>How a dev cluster is started. The defaults suit a test: in memory, in process, on a free port.</summary>
public sealed class DevClusterOptions
{
    /// <summary>The TCP port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; set; }

    /// <summary>A file, or a directory of YAML files, with objects to create at start, CustomResourceDefinitions first; null for none.</summary>
    public string? Crds { get; set; }

    /// <summary>Enforce RBAC. Off, everybody who is authenticated may do everything.</summary>
    public bool Rbac { get; set; }

    /// <summary>Offer the admin endpoint that makes the server misbehave on command.</summary>
    public bool Faults { get; set; }

    /// <summary>A directory that keeps the objects beyond the process; null keeps them in memory only.</summary>
    public string? PersistTo { get; set; }

    /// <summary>How many changes of each resource can still be watched; older ones answer 410.</summary>
    public int HistoryCapacity { get; set; } = 20_000;

    /// <summary>How often idle watches that asked for bookmarks get one.</summary>
    public TimeSpan BookmarkInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Run the controllers that objects need: namespaces, garbage collection, service accounts, workloads.</summary>
    public bool Controllers { get; set; } = true;

    /// <summary>
    /// Hold Berth's Approvals and Tasks to the name of the requesting user even where no admission policy is installed.
    /// </summary>
    public bool IdentityRule { get; set; } = true;

    /// <summary>How long a node may be silent until the controllers call it NotReady, and a node be gone until its pods are collected.</summary>
    public TimeSpan NodeGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The user name of the administrator.</summary>
    public string AdminName { get; set; } = "admin-token";

    /// <summary>Users without any rights of their own, by name; each gets a kubeconfig.</summary>
    public IReadOnlyList<string> Users { get; set; } = ["alice", "bob"];

    /// <summary>The clock of timestamps and token lifetimes.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Told of every request that RBAC refuses, in the words of the answer; null tells nobody.</summary>
    public Action<string>? Denied { get; set; }

    /// <summary>Where failures of the server itself are told; null for standard error.</summary>
    public Action<string>? Log { get; set; }
}
