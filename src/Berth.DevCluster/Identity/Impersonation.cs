using Berth.DevCluster.Http;
using Microsoft.AspNetCore.Http;

namespace Berth.DevCluster.Identity;

/// <summary>Acting for somebody else, by headers.</summary>
internal static class Impersonation
{
    private const string ExtraPrefix = "Impersonate-Extra-";

    /// <summary>The user the request is to be treated as.</summary>
    /// <param name="http">The request.</param>
    /// <param name="user">Who really asks.</param>
    /// <param name="may">Whether that user may impersonate: verb impersonate on (group, resource, name).</param>
    public static UserInfo Apply(HttpContext http, UserInfo user, Func<string, string, string, bool> may)
    {
        var headers = http.Request.Headers;
        var name = headers["Impersonate-User"].ToString();
        var groups = headers["Impersonate-Group"].OfType<string>().ToList();
        if (name.Length == 0)
        {
            if (groups.Count > 0) throw StatusException.Internal("requested [{Group  " + groups[0] + "     }] without impersonating a user");
            return user;
        }
        Require(user, may, "", "users", name);
        foreach (var group in groups) Require(user, may, "", "groups", group);
        var extra = headers.Where(h => h.Key.StartsWith(ExtraPrefix, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => Uri.UnescapeDataString(h.Key[ExtraPrefix.Length..]).ToLowerInvariant(), h => h.Value.OfType<string>().ToArray());
        if (name.StartsWith("system:serviceaccount:", StringComparison.Ordinal) && groups.Count == 0)
            groups.AddRange(["system:serviceaccounts", "system:serviceaccounts:" + name.Split(':')[2]]);
        if (!groups.Contains("system:authenticated") && name != "system:anonymous") groups.Add("system:authenticated");
        return new UserInfo(name, headers["Impersonate-Uid"].ToString(), groups, extra.Count > 0 ? extra : null);
    }

    private static void Require(UserInfo user, Func<string, string, string, bool> may, string group, string resource, string name)
    {
        if (may(group, resource, name)) return;
        throw StatusException.Forbidden(group, resource, name, $"User \"{user.Name}\" cannot impersonate resource \"{resource}\" in API group \"{group}\" at the cluster scope");
    }
}
