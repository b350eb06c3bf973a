using System.CommandLine.Completions;
using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>Names for the shell's completion. Whatever goes wrong there is nobody to tell: then there are none.</summary>
internal static class TaskNames
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public static IEnumerable<CompletionItem> Complete(ClusterOptions cluster, CompletionContext context) => Complete(cluster, context, BerthResources.Tasks, t => t.Metadata.Name);

    public static IEnumerable<CompletionItem> CompletePools(ClusterOptions cluster, CompletionContext context) => Complete(cluster, context, BerthResources.Pools, p => p.Metadata.Name);

    private static IEnumerable<CompletionItem> Complete<T>(ClusterOptions cluster, CompletionContext context, ResourceType<T> type, Func<T, string> name) where T : class
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            using var session = cluster.Open(context.ParseResult);
            return session.Client.ListAsync(type, session.Namespace, new() { Limit = 500 }, limit.Token).GetAwaiter().GetResult().Items.Select(o => new CompletionItem(name(o)));
        }
        catch (Exception error) when (error is KubernetesException or KubernetesConfigException or CliException or OperationCanceledException or IOException)
        {
            return [];
        }
    }
}
