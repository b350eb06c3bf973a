using Berth.Cli.Access;
using Berth.Kubernetes;

namespace Berth.Cli.Verbs.Look;

/// <summary>What people mean by <c>tasks</c>, <c>pool a</c>, <c>task/a</c> or just <c>a</c>.</summary>
internal static class ObjectWords
{
    /// <exception cref="CliException">There is no such kind.</exception>
    public static (ResourceType Type, string? Name) Parse(IReadOnlyList<string> words) => words switch
    {
        [] => (BerthResources.Tasks, null),
        [var kind, var name] => (BerthResources.Find(kind), name),
        [var word] when word.Split('/') is [var kind, { Length: > 0 } name] => (BerthResources.Find(kind.Split('.')[0]), name),
        // `get NAME` means a task: a word that is no kind, alone.
        [var word] => BerthResources.TryFind(word) is { } type ? (type, null) : (BerthResources.Tasks, word),
        _ => throw new CliException(ExitCodes.Usage, "Give a kind and a name, such as: pool samples"),
    };
}
