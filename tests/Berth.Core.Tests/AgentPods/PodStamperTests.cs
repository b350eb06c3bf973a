using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Core.Pools;
using Xunit;

namespace Berth.Core.Tests.AgentPods;

/// <summary>The agent pod that is made from a template.</summary>
public sealed class PodStamperTests
{
    private const string Plain = """{"spec":{"containers":[{"name":"task","image":"alpine"}]}}""";
    private const string NonRoot = """{"spec":{"securityContext":{"runAsNonRoot":true},"containers":[{"name":"task","image":"alpine"}]}}""";

    [Fact]
    public void A_pod_from_a_template_that_runs_as_no_root_satisfies_the_restricted_profile()
    {
        Assert.Empty(PodSecurityRestricted.Violations(Stamp(NonRoot)));
        // The rules can fail: what a template asks for is not taken away behind its back.
        Assert.Contains("slot-0: runAsNonRoot is not true", PodSecurityRestricted.Violations(Stamp(Plain)));
        Assert.DoesNotContain(PodSecurityRestricted.Violations(Stamp(Plain)), v => v.StartsWith("berth-", StringComparison.Ordinal));
        Assert.Contains("slot-0: adds capabilities", PodSecurityRestricted.Violations(Stamp("""{"spec":{"securityContext":{"runAsNonRoot":true},"containers":[{"name":"task","securityContext":{"capabilities":{"add":["NET_ADMIN"]}}}]}}""")));
    }

    [Fact]
    public void No_uid_is_fixed_where_the_platform_assigns_them_and_the_agent_has_its_own_where_the_template_fixes_one()
    {
        Assert.Empty(PodSecurityRestricted.FixedIds(Stamp(NonRoot)));
        foreach (var uid in new[] { 1000, 65532 })
        {
            var pod = Stamp($$$"""{"spec":{"securityContext":{"runAsUser":{{{uid}}},"runAsNonRoot":true},"containers":[{"name":"task"}]}}""");
            var agent = (long?)Container(pod, Names.AgentContainer)["securityContext"]!["runAsUser"];
            Assert.NotNull(agent);
            Assert.NotEqual(uid, agent);
            Assert.Empty(PodSecurityRestricted.Violations(pod));
        }
    }

    [Fact]
    public void Only_the_agent_holds_the_token_the_journal_and_the_gateways_CA()
    {
        var pod = Stamp(Plain, slots: 3);
        string[] secret = ["berth-token", "berth-state", "berth-gateway"];
        foreach (var container in Containers(pod))
        {
            var mounted = Mounts(container).Select(m => (string?)m["name"]).Intersect(secret);
            if ((string?)container["name"] == Names.AgentContainer) Assert.Equal(secret.Order(StringComparer.Ordinal), mounted.Order(StringComparer.Ordinal));
            else Assert.Empty(mounted);
        }
        for (var slot = 0; slot < 3; slot++)
        {
            var mounts = Mounts(Container(pod, $"slot-{slot}")).ToList();
            Assert.Equal(["berth-bin", $"berth-socket-{slot}", $"berth-work-{slot}"], mounts.Select(m => (string?)m["name"]));
            Assert.Equal([true, true, null], mounts.Select(m => (bool?)m["readOnly"]));
        }
        var token = pod["spec"]!["volumes"]!.AsArray().Single(v => (string?)v!["name"] == "berth-token")!["projected"]!["sources"]!.AsArray().Single()!["serviceAccountToken"]!;
        Assert.Equal((Names.TokenAudience, 3600), ((string?)token["audience"], (int)token["expirationSeconds"]!));
    }

    [Theory]
    [InlineData(Plain, false)]
    [InlineData("""{"spec":{"automountServiceAccountToken":true,"containers":[{"name":"task"}]}}""", true)]
    public void No_other_service_account_token_unless_the_template_asks(string template, bool expected) =>
        Assert.Equal(expected, (bool?)Stamp(template)["spec"]!["automountServiceAccountToken"]);

    [Fact]
    public void Grace_comes_from_the_pool_and_the_agent_outlives_the_slots()
    {
        var pod = Stamp(Plain, change: s => s with { TerminationGracePeriod = "90s" });
        Assert.Equal(90, (long?)pod["spec"]!["terminationGracePeriodSeconds"]);
        Assert.Equal("90", (string?)Container(pod, "slot-0")["env"]!.AsArray().Single(e => (string?)e!["name"] == "BERTH_GRACE_SECONDS")!["value"]);
        // A restartable init container is ended after all others: it hands over what the slots finished.
        Assert.Equal("Always", (string?)pod["spec"]!["initContainers"]!.AsArray().Single(c => (string?)c!["name"] == Names.AgentContainer)!["restartPolicy"]);
        Assert.Equal([Names.FenceFinalizer], pod["metadata"]!["finalizers"]!.AsArray().Select(f => (string?)f));
    }

    [Theory]
    [InlineData("""{"spec":{"hostPID":true,"containers":[{"name":"task"}]}}""", "hostPID is refused")]
    [InlineData("""{"spec":{"shareProcessNamespace":true,"containers":[{"name":"task"}]}}""", "shareProcessNamespace is refused")]
    [InlineData("""{"spec":{"containers":[{"name":"task","lifecycle":{}}]}}""", "lifecycle")]
    [InlineData("""{"spec":{"containers":[{"name":"task","ports":[{"hostPort":80}]}]}}""", "hostPort")]
    [InlineData("""{"spec":{"containers":[{"name":"task","volumeMounts":[{"name":"shared","mountPath":"/s"}]}]}}""", "writable")]
    [InlineData("""{"spec":{"containers":[{"name":"task"}],"volumes":[{"name":"berth-token"}]}}""", "kept for Berth")]
    [InlineData("""{"spec":{"containers":[{"name":"task","volumeMounts":[{"name":"berth-token","mountPath":"/t","readOnly":true}]}]}}""", "container task mounts volume berth-token, which is Berth's")]
    [InlineData("""{"spec":{"containers":[{"name":"task"},{"name":"proxy","volumeMounts":[{"name":"berth-state","mountPath":"/s"}]}]}}""", "belong to the agent alone")]
    [InlineData("""{"spec":{"containers":[{"name":"task"}],"initContainers":[{"name":"first","volumeMounts":[{"name":"berth-socket-0","mountPath":"/s"}]}]}}""", "belong to the agent alone")]
    [InlineData("""{"spec":{"containers":[{"name":"task"}],"volumes":[{"name":"t","projected":{"sources":[{"secret":{"name":"s"}},{"serviceAccountToken":{"audience":"berth","path":"t"}}]}}]}}""", "volume t asks for a token of audience berth")]
    [InlineData("""{"spec":{}}""", "containers is missing")]
    [InlineData("""{"spec":{"containers":{"name":"task"}}}""", "containers is an object; it must be a list")]
    [InlineData("""{"spec":{"containers":"task"}}""", "containers is a string; it must be a list")]
    [InlineData("""{"spec":{"containers":[{"name":5}]}}""", "no container named task")]
    [InlineData("""{"spec":{"containers":[{"name":"task","volumeMounts":[{"name":5}]}]}}""", "writable")]
    [InlineData("""{"spec":{"containers":[{"name":"task","env":{"A":"b"}}]}}""", "env of container task is an object; it must be a list")]
    [InlineData("""{"spec":{"containers":[{"name":"task"}],"volumes":{}}}""", "volumes is an object; it must be a list")]
    [InlineData("""{"spec":[]}""", "spec.template.spec is missing")]
    public void What_would_break_isolation_or_makes_no_sense_is_refused_in_words(string template, string expected)
    {
        var fault = StampOf(template).Fault;
        Assert.Equal(Reasons.InvalidTemplate, fault?.Reason);
        Assert.Contains(expected, fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_our_containers_ask_for_is_the_installations_to_say()
    {
        var limits = JsonNode.Parse("""{"requests":{"cpu":"1m"},"limits":{"cpu":"1","memory":"256Mi"}}""")!.AsObject();
        var pod = PodStamper.Stamp(Pool(new AgentPoolSpec { Template = JsonSerializer.Deserialize<JsonElement>(Plain) }), new AgentImage("agent:1", Resources: limits)).Pod!;
        foreach (var ours in new[] { "berth-install", Names.AgentContainer })
        {
            Assert.Equal(limits.ToJsonString(), Container(pod, ours)["resources"]!.ToJsonString());
            Assert.Equal("""{"requests":{"cpu":"20m","memory":"64Mi"}}""", Container(Stamp(Plain), ours)["resources"]!.ToJsonString());
        }
        Assert.Null(Container(pod, "slot-0")["resources"]);
    }

    [Fact]
    public void Fields_that_no_pod_has_are_told_and_do_no_harm()
    {
        var stamp = StampOf("""{"spec":{"nodeSelectors":{},"containers":[{"name":"task","image":"a","resource":{},"command":["x"]}]},"kind":"Pod"}""");
        Assert.Null(stamp.Fault);
        Assert.Equal(4, stamp.Warnings.Count);
        Assert.Contains(stamp.Warnings, w => w.Contains("nodeSelectors", StringComparison.Ordinal) && w.Contains("did you mean nodeSelector?", StringComparison.Ordinal));
        Assert.Contains(stamp.Warnings, w => w.Contains("did you mean resources?", StringComparison.Ordinal));
        Assert.Contains(stamp.Warnings, w => w.Contains("command, which is not used", StringComparison.Ordinal));
        Assert.Empty(StampOf(Plain).Warnings);
    }

    private static JsonObject Stamp(string template, int slots = 1, Func<AgentPoolSpec, AgentPoolSpec>? change = null)
    {
        var stamp = StampOf(template, slots, change);
        Assert.Null(stamp.Fault);
        return stamp.Pod!;
    }

    private static StampedPod StampOf(string template, int slots = 1, Func<AgentPoolSpec, AgentPoolSpec>? change = null)
    {
        var spec = new AgentPoolSpec { SlotsPerPod = slots, Template = JsonSerializer.Deserialize<JsonElement>(template) };
        return PodStamper.Stamp(Pool(change is null ? spec : change(spec)), new AgentImage("agent:1"));
    }

    private static AgentPoolResource Pool(AgentPoolSpec spec) => new() { Metadata = new ResourceMeta { Name = "pool", Namespace = "ns", Uid = "u" }, Spec = spec };

    private static IEnumerable<JsonObject> Containers(JsonObject pod) => pod["spec"]!["initContainers"]!.AsArray().Concat(pod["spec"]!["containers"]!.AsArray()).OfType<JsonObject>();

    private static JsonObject Container(JsonObject pod, string name) => Containers(pod).Single(c => (string?)c["name"] == name);

    private static IEnumerable<JsonObject> Mounts(JsonObject container) => (container["volumeMounts"] as JsonArray ?? []).OfType<JsonObject>();
}
