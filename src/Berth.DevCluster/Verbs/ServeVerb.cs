using System.Runtime.InteropServices;

namespace Berth.DevCluster.Verbs;

/// <summary><c>serve --dir D [--port N] [--crds DIR] [--rbac] [--faults] [--persist]</c>: a cluster until SIGTERM.</summary>
internal static class ServeVerb
{
    public const string Usage = "serve --dir D [--port N] [--crds DIR] [--rbac] [--faults] [--persist] [--no-identity-rule]   an API server until SIGTERM; writes D/kubeconfig";

    public static async Task<int> Run(string[] args)
    {
        var (dir, options) = Parse(args);
        Directory.CreateDirectory(dir);
        var ready = Path.Combine(dir, "ready");
        File.Delete(ready);
        using var stop = new CancellationTokenSource();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, c => Stop(c, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, c => Stop(c, stop));
        await using var cluster = await DevCluster.StartAsync(options);
        await WriteFiles(cluster, dir);
        await WriteWhole(ready, cluster.Url + "\n");
        Console.WriteLine($"ready: {cluster.Url} kubeconfig: {Path.Combine(dir, "kubeconfig")}");
        try
        {
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The signal to end.
        }
        File.Delete(ready);
        return 0;
    }

    private static (string Dir, DevClusterOptions Options) Parse(string[] args)
    {
        var options = new DevClusterOptions();
        var dir = "";
        var persist = false;
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new UsageException($"{args[i - 1]} needs a value");
            switch (args[i])
            {
                case "--dir": dir = Value(); break;
                case "--port": options.Port = int.TryParse(Value(), out var port) ? port : throw new UsageException("--port needs a number"); break;
                case "--crds": options.Crds = Value(); break;
                case "--rbac": options.Rbac = true; break;
                case "--faults": options.Faults = true; break;
                case "--persist": persist = true; break;
                case "--no-identity-rule": options.IdentityRule = false; break;
                default: throw new UsageException($"unknown option '{args[i]}' of serve");
            }
        }
        if (dir.Length == 0) throw new UsageException("serve needs --dir DIRECTORY");
        dir = Path.GetFullPath(dir);
        if (persist) options.PersistTo = Path.Combine(dir, "data");
        return (dir, options);
    }

    private static async Task WriteFiles(DevCluster cluster, string dir)
    {
        await WriteWhole(Path.Combine(dir, "ca.crt"), cluster.CertificateAuthorityPem);
        foreach (var user in cluster.UserNames.Skip(1)) await WriteWhole(Path.Combine(dir, "kubeconfig." + user), cluster.KubeconfigOf(user));
        await WriteWhole(Path.Combine(dir, "kubeconfig"), cluster.AdminKubeconfig);
    }

    // Never seen half written: readers wait for these files.
    private static async Task WriteWhole(string path, string text)
    {
        await File.WriteAllTextAsync(path + ".tmp", text);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path + ".tmp", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(path + ".tmp", path, overwrite: true);
    }

    private static void Stop(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        stop.Cancel();
    }
}
