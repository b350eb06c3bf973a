using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;

namespace Berth.DevCluster.Access;

/// <summary>The Status of a request that is not allowed, in the server's words.</summary>
internal static class AccessDenial
{
    public static StatusException For(UserInfo user, AccessAttributes a, string reason)
    {
        var tail = reason.Length > 0 ? $": {reason}" : "";
        if (a.Resource.Length == 0)
            return new StatusException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {a.Verb} path \"{a.Path}\"{tail}", []);
        var resource = a.Subresource.Length > 0 ? $"{a.Resource}/{a.Subresource}" : a.Resource;
        var where = a.Namespace.Length > 0 ? $"in the namespace \"{a.Namespace}\"" : "at the cluster scope";
        return StatusException.Forbidden(a.Group, a.Resource, a.Name, $"User \"{user.Name}\" cannot {a.Verb} resource \"{resource}\" in API group \"{a.Group}\" {where}{tail}");
    }
}
