using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.View.Access;

/// <summary>Asks the API server whether somebody may see something, and remembers the answer for a few seconds.</summary>
internal sealed class ViewAuthorizer(KubernetesClient client, TimeProvider time)
{
    private const int Many = 4096;
    private static readonly TimeSpan GoodFor = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (bool Allowed, long At)> _known = new(StringComparer.Ordinal);

    /// <summary>Whether the cluster's authorizers allow it.</summary>
    public async Task<bool> MayAsync(Requester who, ViewTarget what, CancellationToken cancellationToken)
    {
        var key = string.Join('\u001f', [who.Name, who.Uid ?? "", .. who.Groups, "\u001e", .. who.Extra.OrderBy(e => e.Key, StringComparer.Ordinal).SelectMany(e => e.Value.Prepend(e.Key)), "\u001e", what.ToString()]);
        if (_known.TryGetValue(key, out var known) && time.GetElapsedTime(known.At) < GoodFor) return known.Allowed;
        var review = await client.CreateAsync(Kubernetes.Resources.SubjectAccessReviews, new SubjectAccessReview { Spec = Spec(who, what) }, cancellationToken: cancellationToken);
        var allowed = review.Status is { Allowed: true, Denied: not true };
        if (_known.Count > Many) foreach (var (old, answer) in _known) if (time.GetElapsedTime(answer.At) >= GoodFor) _known.TryRemove(old, out _);
        _known[key] = (allowed, time.GetTimestamp());
        return allowed;
    }

    private static SubjectAccessReviewSpec Spec(Requester who, ViewTarget what) => new()
    {
        User = who.Name,
        Uid = who.Uid,
        Groups = who.Groups,
        Extra = who.Extra.Count == 0 ? null : new Dictionary<string, JsonElement> { ["extra"] = ExtraOf(who) },
        ResourceAttributes = new() { Namespace = what.Namespace, Verb = what.Verb, Group = Names.ViewGroup, Version = Names.Version, Resource = what.Resource, Subresource = what.Subresource, Name = what.Name },
    };

    private static JsonElement ExtraOf(Requester who)
    {
        var extra = new JsonObject(who.Extra.Select(e => KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray([.. e.Value.Select(v => (JsonNode)JsonValue.Create(v))]))));
        return JsonElement.Parse(extra.ToJsonString());
    }
}
