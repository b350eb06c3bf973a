using System.Buffers;
using System.Security.Cryptography;
using Berth.Agent.Slots;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Attempts;

/// <summary>What must be true of an order before anything is started.</summary>
internal static class OrderCheck
{
    private static readonly SearchValues<char> IdCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

    /// <summary>Ids become file names.</summary>
    public static bool IsAttemptId(string id) => id.Length is > 0 and <= 128 && id[0] != '.' && id.AsSpan().IndexOfAnyExcept(IdCharacters) < 0;

    /// <summary>What makes no sense about the order.</summary>
    public static string? Malformed(Assign order, int slots)
    {
        if (!IsAttemptId(order.Attempt)) return "the attempt's id is not one";
        if (order.Slot < 0 || order.Slot >= slots) return $"there is no slot {order.Slot}; this pod has {slots}";
        if (order.TaskUid.Length == 0) return "the order names no task";
        if (order.Kind != AttemptKind.Restore && order.Command is not { Argv.Count: > 0 }) return $"{order.Kind} needs a command";
        if (order.Prepare is { Argv.Count: 0 }) return "prepare has no program";
        if (order.Kind is AttemptKind.Apply or AttemptKind.Restore && !IsAttemptId(order.Directory ?? "")) return $"{order.Kind} needs the plan attempt in directory";
        if (order.Kind == AttemptKind.Apply && (order.Manifest is null || order.RunDigest is null)) return "Apply needs manifest and runDigest";
        if (MaskPatterns.Problem(order.Mask) is { } wrong) return wrong;
        var paths = (order.Files?.Keys ?? []).Concat(order.Artifacts ?? []).Concat(order.Restore?.Select(f => f.Path) ?? []);
        if (paths.FirstOrDefault(p => !IsInside(p)) is { } outside) return $"{outside} is not a path below the working directory";
        var names = (order.Env?.Keys ?? []).Concat(order.SecretEnv?.Keys ?? []);
        return names.FirstOrDefault(n => n.Length == 0 || n.Contains('=') || n.Contains('\0')) is { } bad ? $"'{bad}' is not the name of a variable" : null;
    }

    /// <summary>What differs from what was approved, as far as the order itself tells.</summary>
    public static string? Mismatch(Assign order)
    {
        foreach (var (path, digest) in order.FileDigests ?? new Dictionary<string, string>())
        {
            if (order.Files?.GetValueOrDefault(path) is not { } content) return $"the file {path} is missing in the order";
            if (Digests.Of(content) != digest) return $"the file {path} does not have its digest";
        }
        if (order.FileDigests is not null && order.Files?.Keys.FirstOrDefault(p => !order.FileDigests.ContainsKey(p)) is { } extra) return $"the file {extra} has no digest";
        return order.Kind == AttemptKind.Apply ? ManifestMismatch(order) : null;
    }

    private static string? ManifestMismatch(Assign order)
    {
        if (Digests.Of(order.Manifest!) != order.RunDigest) return "the manifest does not have the digest that the grant covers";
        if (Manifest.Parse(order.Manifest!) is not { } manifest) return "the manifest cannot be read";
        if (manifest.TaskUid != order.TaskUid || manifest.Run != order.Run) return "the manifest is of another task or run";
        if (manifest.Plan is { Length: > 0 } plan && plan != order.Directory) return "the manifest is of another plan";
        if (!manifest.Command.SequenceEqual(order.Command!.Argv)) return "the command is not the approved one";
        if (!Same(manifest.Env, order.Env)) return "the environment is not the approved one";
        var secrets = manifest.Secrets ?? new Dictionary<string, string>();
        if (order.SecretEnv?.Keys.FirstOrDefault(n => !Covers(secrets, n)) is { } name) return $"the variable {name} comes from no approved Secret";
        if (order.Restore is { } files && !Same(files.ToDictionary(f => f.Path, f => f.Digest), manifest.Artifacts)) return "the artifacts are not the approved ones";
        return null;
    }

    /// <summary>Reads every approved artifact in the slot and holds its digest against the manifest.</summary>
    public static async Task<(string Reason, string? Problem)> ArtifactsAsync(Assign order, RunnerLink link)
    {
        foreach (var (path, digest) in Manifest.Parse(order.Manifest!)!.Artifacts ?? new Dictionary<string, string>())
        {
            try
            {
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                await using var sink = new HashingStream(Stream.Null, hash);
                await link.ReadAsync(order.Directory!, path, long.MaxValue, sink);
                var found = Digests.Format(hash.GetHashAndReset());
                if (found != digest) return (RefusalReasons.ManifestMismatch, $"{path} in the slot has digest {Digests.Short(found)}; {Digests.Short(digest)} was approved");
            }
            catch (RunnerLinkClosedException e)
            {
                return (RefusalReasons.RunnerAbsent, e.Message);
            }
            catch (SlotFileException e)
            {
                return (RefusalReasons.ManifestMismatch, $"an approved artifact cannot be read in the slot: {e.Message}");
            }
        }
        return ("", null);
    }

    /// <summary>A variable that is named, or that came with a whole Secret under a prefix.</summary>
    private static bool Covers(IReadOnlyDictionary<string, string> secrets, string name) =>
        secrets.ContainsKey(name) || secrets.Keys.Any(k => k.EndsWith('*') && name.StartsWith(k[..^1], StringComparison.Ordinal));

    private static bool Same(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        (one?.Count ?? 0) == (other?.Count ?? 0) && (one ?? new Dictionary<string, string>()).All(p => other!.TryGetValue(p.Key, out var value) && value == p.Value);

    private static bool IsInside(string path) => path.Length > 0 && path.Split('/').All(p => p is not ("" or "." or ".." or "~")) && !path.Contains('\0');
}
