using Berth.Cli.Verbs.Steer;

namespace Berth.Cli.Verbs.Cleanup;

/// <summary>Something that should not be there any more: what, why, what is done about it, and the doing.</summary>
internal sealed record Leftover(string What, string Why, string Remedy, Func<Act, CancellationToken, Task> DoAsync);
