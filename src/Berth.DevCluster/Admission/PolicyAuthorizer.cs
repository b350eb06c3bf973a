using Berth.DevCluster.Access;
using Berth.DevCluster.Cel;
using Berth.DevCluster.Identity;

namespace Berth.DevCluster.Admission;

/// <summary>Lets the expressions of a policy ask the cluster's authorizer about the requesting user.</summary>
internal sealed class PolicyAuthorizer(IAuthorizer authorizer, UserInfo user) : ICelAuthorizer
{
    public CelDecision Decide(CelAuthorizationQuery query)
    {
        var asking = query.ServiceAccount is { } account
            ? new UserInfo($"system:serviceaccount:{account.Namespace}:{account.Name}", "", ["system:serviceaccounts", "system:serviceaccounts:" + account.Namespace, "system:authenticated"])
            : user;
        var (allowed, reason) = authorizer.Authorize(asking, new AccessAttributes(query.Verb, query.Group, query.Resource, query.Subresource, query.Namespace, query.Name, query.Path));
        return new CelDecision(allowed, reason);
    }
}
