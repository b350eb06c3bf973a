using Berth.DevCluster.Pods;

if (args is ["pods", .. var rest])
{
    return await PodsVerb.RunAsync(rest);
}

await Console.Error.WriteLineAsync($"usage: {PodsVerb.Usage}");
return 2;
