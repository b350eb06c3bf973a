using Berth.DevCluster.Verbs;

var verbs = new Dictionary<string, Func<string[], Task<int>>>
{
    ["serve"] = ServeVerb.Run,
};

if (args.Length == 0 || !verbs.TryGetValue(args[0], out var verb))
{
    Console.Error.WriteLine($"Usage: Berth.DevCluster {string.Join('|', verbs.Keys)} ...");
    Console.Error.WriteLine("  serve --dir D [--port N] [--crds DIR] [--rbac] [--faults] [--persist]   an API server until SIGTERM; writes D/kubeconfig");
    return 2;
}

try
{
    return await verb(args[1..]);
}
catch (UsageException e)
{
    Console.Error.WriteLine(e.Message);
    return 2;
}
