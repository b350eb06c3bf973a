using System.Text.Json.Nodes;
using Berth.DevCluster.Admission;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Access;

/// <summary>Nobody can hand on what they do not hold: checked when roles and bindings are written.</summary>
internal static class RbacEscalation
{
    public static void Check(RbacAuthorizer authorizer, AdmissionRequest request)
    {
        var (target, user) = (request.Target, request.Request.User);
        if (target.Resource.Group != "rbac.authorization.k8s.io" || request.Object is null || user.IsMaster) return;
        var binding = target.Resource.Plural.EndsWith("bindings", StringComparison.Ordinal);
        if (request.Old is { } old && JsonNode.DeepEquals(old["rules"], request.Object["rules"]) && JsonNode.DeepEquals(old["subjects"], request.Object["subjects"])) return;
        var role = request.Object.Object("roleRef");
        var (verb, resource, name) = binding
            ? ("bind", role.Text("kind") == "ClusterRole" ? "clusterroles" : "roles", role.TextOr("", "name"))
            : ("escalate", target.Resource.Plural, request.Object.Name());
        if (authorizer.Authorize(user, new AccessAttributes(verb, target.Resource.Group, resource, "", target.Namespace, name)).Allowed) return;
        var wanted = binding ? authorizer.RoleRules(role.TextOr("", "kind"), target.Namespace, name) : [.. request.Object.Objects("rules").Select(r => new RbacRule(r))];
        var held = authorizer.Held(user, target.Namespace);
        var missing = wanted.SelectMany(r => r.Single()).Where(s => !held.Any(h => h.Allows(s))).ToList();
        if (missing.Count == 0) return;
        throw StatusException.Forbidden(target.Resource.Group, target.Resource.Plural, request.Object.Name(), Sentence(user, missing));
    }

    private static string Sentence(UserInfo user, List<AccessAttributes> missing)
    {
        static string List(IEnumerable<string> items) => "[" + string.Join(" ", items.Distinct().Select(FieldError.Quote)) + "]";
        var groups = List(user.Groups);
        var rules = missing.GroupBy(m => (m.Group, m.Resource, m.Path)).Select(g => g.Key.Path.Length > 0
            ? $"{{NonResourceURLs:{List([g.Key.Path])}, Verbs:{List(g.Select(m => m.Verb))}}}"
            : $"{{APIGroups:{List([g.Key.Group])}, Resources:{List([g.Key.Resource])}, Verbs:{List(g.Select(m => m.Verb))}}}");
        return $"user {FieldError.Quote(user.Name)} (groups={groups}) is attempting to grant RBAC permissions not currently held:\n{string.Join("\n", rules)}";
    }
}
