using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Access;

/// <summary>Role-based access: roles and bindings as they are stored now.</summary>
internal sealed class RbacAuthorizer(Cluster cluster) : IAuthorizer, IRuleLister
{
    private const string Group = "rbac.authorization.k8s.io";
    private Loaded? _loaded;

    private sealed record Binding(string Namespace, string Name, IReadOnlyList<JsonObject> Subjects, string RoleKind, string RoleName);

    private sealed record Loaded(IReadOnlyList<ImmutableSortedSet<StoredObject>> Sets, IReadOnlyList<Binding> Bindings, Dictionary<string, IReadOnlyList<RbacRule>> Roles);

    public (bool Allowed, string Reason) Authorize(UserInfo user, AccessAttributes attributes)
    {
        if (user.IsMaster) return (true, "");
        var loaded = Current();
        foreach (var (rule, why) in RulesOf(loaded, user, attributes.Namespace))
        {
            if (rule.Allows(attributes)) return (true, $"RBAC: allowed by {why}");
        }
        return (false, "");
    }

    public IEnumerable<JsonObject> Rules(UserInfo user, string ns) =>
        user.IsMaster ? [RbacRule.Everything] : RulesOf(Current(), user, ns).Select(r => r.Rule.Source).Where(s => s.Array("resources") is not null);

    /// <summary>Everything a user may do in a namespace, to compare with what it wants to hand on.</summary>
    public IReadOnlyList<RbacRule> Held(UserInfo user, string ns) => [.. RulesOf(Current(), user, ns).Select(r => r.Rule)];

    /// <summary>The rules of a role that a binding names.</summary>
    public IReadOnlyList<RbacRule> RoleRules(string kind, string ns, string name) => Current().Roles.GetValueOrDefault(Key(kind, ns, name)) ?? [];

    private static IEnumerable<(RbacRule Rule, string Why)> RulesOf(Loaded loaded, UserInfo user, string ns)
    {
        foreach (var binding in loaded.Bindings)
        {
            if (binding.Namespace.Length > 0 && binding.Namespace != ns) continue;
            if (binding.Subjects.FirstOrDefault(s => Names(s, user, binding.Namespace)) is not { } subject) continue;
            var kind = binding.Namespace.Length > 0 ? $"RoleBinding \"{binding.Name}/{binding.Namespace}\"" : $"ClusterRoleBinding \"{binding.Name}\"";
            var why = $"{kind} of {binding.RoleKind} \"{binding.RoleName}\" to {Shown(subject)}";
            foreach (var rule in loaded.Roles.GetValueOrDefault(Key(binding.RoleKind, binding.Namespace, binding.RoleName)) ?? []) yield return (rule, why);
        }
    }

    private static bool Names(JsonObject subject, UserInfo user, string ns) => subject.Text("kind") switch
    {
        "User" => subject.Text("name") == user.Name,
        "Group" => user.Groups.Contains(subject.TextOr("", "name")),
        "ServiceAccount" => user.Name == $"system:serviceaccount:{(subject.Text("namespace") is { Length: > 0 } own ? own : ns)}:{subject.Text("name")}",
        _ => false,
    };

    private static string Shown(JsonObject subject) => subject.Text("kind") == "ServiceAccount"
        ? $"ServiceAccount \"{subject.Text("name")}/{subject.Text("namespace")}\"" : $"{subject.Text("kind")} \"{subject.Text("name")}\"";

    private Loaded Current()
    {
        ResourceStore Store(string plural) => cluster.Registry.Get(Group, plural).Store;
        ImmutableSortedSet<StoredObject>[] sets = [Store("clusterroles").Current, Store("roles").Current, Store("clusterrolebindings").Current, Store("rolebindings").Current];
        var loaded = Volatile.Read(ref _loaded);
        if (loaded is not null && loaded.Sets.Zip(sets).All(p => ReferenceEquals(p.First, p.Second))) return loaded;
        var roles = new Dictionary<string, IReadOnlyList<RbacRule>>(StringComparer.Ordinal);
        foreach (var role in sets[0].Concat(sets[1]))
            roles[Key(role.Namespace.Length > 0 ? "Role" : "ClusterRole", role.Namespace, role.Name)] = [.. role.Parse().Objects("rules").Select(r => new RbacRule(r))];
        var bindings = sets[2].Concat(sets[3]).Select(b => (Stored: b, Object: b.Parse()))
            .Select(b => new Binding(b.Stored.Namespace, b.Stored.Name, [.. b.Object.Objects("subjects")], b.Object.TextOr("", "roleRef", "kind"), b.Object.TextOr("", "roleRef", "name"))).ToList();
        loaded = new Loaded(sets, bindings, roles);
        Volatile.Write(ref _loaded, loaded);
        return loaded;
    }

    private static string Key(string kind, string ns, string name) => kind == "ClusterRole" ? "c/" + name : $"r/{ns}/{name}";
}
