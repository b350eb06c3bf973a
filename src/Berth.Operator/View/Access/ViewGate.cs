using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.View.Access;

/// <summary>Lets a request pass when the cluster says who asks and that they may; answers in the API's own terms otherwise.</summary>
internal sealed class ViewGate(ViewAuthenticator authenticator, ViewAuthorizer authorizer, ILogger<ViewGate> log)
{
    /// <summary>Null to go on; otherwise the refusal.</summary>
    /// <param name="context">The request.</param>
    /// <param name="target">What is asked for; null for discovery, which anybody may read whom the cluster knows.</param>
    public async Task<IResult?> RefuseAsync(HttpContext context, ViewTarget? target)
    {
        try
        {
            if (await authenticator.AuthenticateAsync(context, context.RequestAborted) is not { } who) return ViewStatus.Of(401, "Unauthorized", "Unauthorized: nobody vouches for this request; ask through the API server");
            if (target is null || await authorizer.MayAsync(who, target, context.RequestAborted)) return null;
            var what = target.Subresource is null ? target.Resource : $"{target.Resource}/{target.Subresource}";
            log.LogInformation("{User} may not {Verb} {Resource} in namespace {Namespace}", who.Name, target.Verb, what, target.Namespace);
            return ViewStatus.Of(403, "Forbidden", $"{what}.{Names.ViewGroup}{(target.Name is null ? "" : $" \"{target.Name}\"")} is forbidden: User \"{who.Name}\" cannot {target.Verb} resource \"{what}\" in API group \"{Names.ViewGroup}\"{(target.Namespace is null ? " at the cluster scope" : $" in the namespace \"{target.Namespace}\"")}", target.Resource, target.Name);
        }
        catch (KubernetesException e)
        {
            log.LogWarning("A request to the aggregated API cannot be judged: {Message}", e.Message);
            return ViewStatus.Of(503, "ServiceUnavailable", $"the API server could not be asked whether this is allowed: {e.Message}");
        }
    }
}
