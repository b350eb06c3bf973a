using System.Text;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

/// <summary>Orders as the operator would write them.</summary>
internal static class Orders
{
    private static int _number;

    public static string NewId() => $"task-uid-{Interlocked.Increment(ref _number)}";

    public static Assign Run(params string[] argv) => Base(AttemptKind.Run, argv);

    public static Assign Sh(string script) => Run("/bin/sh", "-c", script);

    public static Assign Plan(string script, params string[] artifacts) =>
        Base(AttemptKind.Plan, ["/bin/sh", "-c", script]) with { Artifacts = artifacts };

    public static Assign Apply(Assign plan, AttemptResult result, params string[] argv)
    {
        var manifest = new Manifest
        {
            TaskUid = plan.TaskUid,
            Run = plan.Run,
            Plan = plan.Attempt,
            Artifacts = result.Plan!.Artifacts.ToDictionary(a => a.Path, a => a.Digest),
            Command = argv,
        };
        return Base(AttemptKind.Apply, argv) with
        {
            TaskUid = plan.TaskUid,
            Directory = plan.Attempt,
            Manifest = manifest.ToCanonicalJson(),
            RunDigest = manifest.Digest(),
            Restore = result.Plan.Artifacts,
        };
    }

    public static Assign WithFiles(this Assign order, params (string Path, string Text)[] files) => order with
    {
        Files = files.ToDictionary(f => f.Path, f => Encoding.UTF8.GetBytes(f.Text)),
        FileDigests = files.ToDictionary(f => f.Path, f => Digests.Of(f.Text)),
    };

    private static Assign Base(AttemptKind kind, string[] argv) => new()
    {
        Epoch = 1,
        Attempt = NewId(),
        Kind = kind,
        Namespace = "default",
        Task = "demo",
        TaskUid = "task-uid",
        Run = 1,
        Workspace = "ws",
        Command = new CommandOrder { Argv = argv },
        GraceSeconds = 2,
    };
}
