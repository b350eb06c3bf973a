using Berth.DevCluster.Identity;

namespace Berth.DevCluster.Access;

/// <summary>What somebody wants to do.</summary>
/// <param name="Verb">Such as get, create, deletecollection; for a path its lower-case method.</param>
/// <param name="Group">The API group.</param>
/// <param name="Resource">The resource; empty for a path.</param>
/// <param name="Subresource">The subresource, or empty.</param>
/// <param name="Namespace">The namespace, or empty for the whole cluster.</param>
/// <param name="Name">The name, or empty for all.</param>
/// <param name="Path">The path when it is not a resource.</param>
internal sealed record AccessAttributes(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name, string Path = "");

/// <summary>Decides who may do what.</summary>
internal interface IAuthorizer
{
    (bool Allowed, string Reason) Authorize(UserInfo user, AccessAttributes attributes);
}

/// <summary>Everybody may do everything: the default of a dev cluster.</summary>
internal sealed class AllowAll : IAuthorizer
{
    public (bool Allowed, string Reason) Authorize(UserInfo user, AccessAttributes attributes) => (true, "");
}

/// <summary>An authorizer that can tell all that somebody may do in a namespace.</summary>
internal interface IRuleLister
{
    IEnumerable<System.Text.Json.Nodes.JsonObject> Rules(UserInfo user, string ns);
}
