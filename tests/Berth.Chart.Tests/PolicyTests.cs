using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The chart's admission policies and roles for people, against the API server's admission.</summary>
public sealed class PolicyTests
{
    public static TheoryData<string> Helm => Tool.All("helm");

    [Theory, MemberData(nameof(Helm))]
    public async Task Policies_hold_people_to_what_they_may_do(string helm)
    {
        await using var site = await Site.StartAsync(helm);
        await site.InstallAsync("--set", "replicas=0", "--set", Chart.WithDatabase);
        var (alice, bob) = (await site.UserAsync("alice"), await site.UserAsync("bob"));
        await site.AdminAsync("create", "namespace", "team");
        await site.AdminAsync("-n", "team", "create", "rolebinding", "edit", "--clusterrole=edit", "--user=alice");
        await site.AdminAsync("-n", "team", "create", "rolebinding", "approver", "--clusterrole=berth-approver", "--user=bob");
        async Task Refused(string who, string says, string yaml, params string[] options) =>
            await site.RefusedAsync(who, says, ["-n", "team", "create", "-f", await site.FileAsync("x.yaml", yaml), .. options]);

        await Refused(alice, "spec.requestedBy must be the name of the requesting user", Work.Task("t1", "bob"));
        await site.CreateAsync(alice, "team", Work.Task("t2", "alice"));
        await site.KubectlAsync(alice, "-n", "team", "annotate", "task", "t2", "mine=yes");
        await Refused(alice, "cannot create resource \"approvals\"", Work.Approval("alice"));
        await Refused(bob, "spec.approver must be the name of the requesting user", Work.Approval("alice"));
        await Refused(site.Admin, "service accounts may not approve", Work.Approval("system:serviceaccount:team:default"), "--as", "system:serviceaccount:team:default", "--as-group", "system:masters");
        await site.CreateAsync(bob, "team", Work.Approval("bob"));
        // Who may approve may withdraw it, and nobody else.
        await site.RefusedAsync(alice, "cannot delete", "-n", "team", "delete", "approvals", "--all");
        await site.KubectlAsync(bob, "-n", "team", "delete", "approvals", "--all", "--wait=false");
        await site.RefusedAsync(site.Admin, "only Berth's operator may write this status", "-n", "team", "patch", "task", "t2", "--subresource=status", "--type=merge", "-p", """{"status":{"message":"x"}}""");
        await site.AdminAsync("-n", "team", "patch", "task", "t2", "--type=merge", "-p", """{"metadata":{"finalizers":["berth.dev/history"]}}""");
        await site.RefusedAsync(site.Admin, "only Berth's operator may take its finalizers off", "-n", "team", "patch", "task", "t2", "--type=merge", "-p", """{"metadata":{"finalizers":null}}""");
        await site.RefusedAsync(site.Admin, "only Berth's operator may create pods with the label berth.dev/pool", "-n", "team", "run", "x", "--image=a", "--labels=berth.dev/pool=p");
        await site.AdminAsync("-n", "team", "run", "x", "--image=a");
        await site.RefusedAsync(site.Admin, "only Berth's operator may change the label berth.dev/pool", "-n", "team", "label", "pod", "x", "berth.dev/pool=p");
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task Who_may_approve_is_asked_for_each_workspace_by_name(string helm)
    {
        await using var site = await Site.StartAsync(helm, "carol");
        await site.InstallAsync("--set", "replicas=0", "--set", Chart.WithDatabase);
        var (bob, carol) = (await site.UserAsync("bob"), await site.UserAsync("carol"));
        await site.AdminAsync("create", "namespace", "team");
        await site.AdminAsync("create", "namespace", "other");
        // Both may create Approvals; bob may approve workspace network alone, carol none.
        await site.AdminAsync("-n", "team", "create", "role", "say", "--verb=create", "--resource=approvals.berth.dev");
        await site.AdminAsync("-n", "other", "create", "role", "say", "--verb=create", "--resource=approvals.berth.dev");
        await site.CreateAsync(site.Admin, "team", """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: approve-network}
            rules: [{apiGroups: [berth.dev], resources: [workspaces], resourceNames: [network], verbs: [approve]}]
            """);
        foreach (var ns in new[] { "team", "other" }) await site.AdminAsync("-n", ns, "create", "rolebinding", "say", "--role=say", "--user=bob", "--user=carol");
        await site.AdminAsync("-n", "team", "create", "rolebinding", "approve-network", "--role=approve-network", "--user=bob");
        async Task Refused(string who, string ns, string says, string yaml) => await site.RefusedAsync(who, says, "-n", ns, "create", "-f", await site.FileAsync("x.yaml", yaml));

        await site.CreateAsync(bob, "team", Work.Approval("bob", workspace: "network"));
        await Refused(bob, "team", "bob may not approve workspace dns in namespace team", Work.Approval("bob", workspace: "dns"));
        await Refused(bob, "other", "bob may not approve workspace network in namespace other", Work.Approval("bob", workspace: "network"));
        await Refused(carol, "team", "carol may not approve workspace network in namespace team; bind ClusterRole berth-approver", Work.Approval("carol"));

        // A right of a group is its members', for its workspace alone; and a right to look at workspaces, or to other things of that name, is none.
        await site.AdminAsync("-n", "team", "create", "rolebinding", "say-group", "--role=say", "--group=net-admins", "--group=readers");
        await site.AdminAsync("-n", "team", "create", "rolebinding", "network-admins", "--role=approve-network", "--group=net-admins");
        await site.CreateAsync(site.Admin, "team", """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: look}
            rules:
            - {apiGroups: [berth.dev], resources: [workspaces], verbs: [get, list, create, update]}
            - {apiGroups: [other.dev], resources: [workspaces], verbs: [approve]}
            - {apiGroups: [berth.dev], resources: [tasks, approvals], verbs: [approve]}
            """);
        await site.AdminAsync("-n", "team", "create", "rolebinding", "look", "--role=look", "--group=readers");
        async Task<string[]> AsMember(string user, string group, string workspace) =>
            ["-n", "team", "create", "-f", await site.FileAsync("x.yaml", Work.Approval(user, workspace: workspace)), "--as", user, "--as-group", group, "--as-group", "system:authenticated"];
        await site.AdminAsync(await AsMember("dave", "net-admins", "network"));
        await site.RefusedAsync(site.Admin, "dave may not approve workspace dns in namespace team", await AsMember("dave", "net-admins", "dns"));
        await site.RefusedAsync(site.Admin, "erin may not approve workspace network in namespace team", await AsMember("erin", "readers", "network"));
        // Whoever may approve everything of one namespace may so there, and nowhere else.
        await site.AdminAsync("-n", "other", "create", "rolebinding", "all", "--clusterrole=berth-approver", "--user=carol");
        foreach (var workspace in new[] { "network", "dns" }) await site.CreateAsync(carol, "other", Work.Approval("carol", workspace: workspace));
        await Refused(carol, "team", "carol may not approve workspace network in namespace team", Work.Approval("carol"));
    }
}
