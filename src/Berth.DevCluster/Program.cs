using Berth.DevCluster.Pods;
using Berth.DevCluster.Verbs;

var verbs = new Dictionary<string, Func<string[], Task<int>>>
{
    ["serve"] = ServeVerb.Run,
    ["pods"] = PodsVerb.RunAsync,
};

if (args.Length == 0 || !verbs.TryGetValue(args[0], out var verb))
{
    Console.Error.WriteLine($"Usage: Berth.DevCluster {string.Join('|', verbs.Keys)} ...");
    Console.Error.WriteLine("  " + ServeVerb.Usage);
    Console.Error.WriteLine("  " + PodsVerb.Usage);
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
