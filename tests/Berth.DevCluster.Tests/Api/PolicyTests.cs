using Xunit;

namespace Berth.DevCluster.Tests.Api;

/// <summary>ValidatingAdmissionPolicies, and the built-in rule that stands in for Berth's own.</summary>
public sealed class PolicyTests : IAsyncLifetime
{
    private const string Registration = "/apis/admissionregistration.k8s.io/v1";
    private DevCluster _cluster = null!;
    private TestApi _api = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new() { Controllers = false });
        _api = new TestApi(_cluster);
        await Gadgets.Define(_api);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _cluster.DisposeAsync();
    }

    private async Task Install(string validations, string actions = """["Deny"]""")
    {
        Assert.Equal(201, (await _api.Post($"{Registration}/validatingadmissionpolicies",
            $$$"""{"metadata":{"name":"p"},"spec":{"matchConstraints":{"resourceRules":[{"apiGroups":["test.example.com"],"apiVersions":["*"],"operations":["CREATE"],"resources":["gadgets"]}]},"validations":{{{validations}}}}}""")).Status);
        Assert.Equal(201, (await _api.Post($"{Registration}/validatingadmissionpolicybindings",
            $$$"""{"metadata":{"name":"b"},"spec":{"policyName":"p","validationActions":{{{actions}}}}}""")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?dryRun=All")]
    public async Task A_denied_request_is_answered_as_a_real_server_answers(string query)
    {
        await Install("""[{"expression":"object.spec.owner == request.userInfo.username","message":"owner must be you"}]""");
        var reply = await _api.Post(Gadgets.All + query, Gadgets.Named("g", """{"owner":"bob"}"""));
        Assert.Equal((422, "Invalid"), (reply.Status, reply.Reason));
        Assert.Equal("gadgets.test.example.com \"g\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: owner must be you", reply.Message);
        using var bob = new TestApi(_cluster, "bob");
        Assert.Equal(201, (await bob.Post(Gadgets.All + query, Gadgets.Named("g", """{"owner":"bob"}"""))).Status);
    }

    [Fact]
    public async Task A_validation_can_have_a_reason_and_a_message_of_its_own()
    {
        await Install("""[{"expression":"object.spec.size < 3","reason":"Forbidden","messageExpression":"'size is ' + string(object.spec.size)"}]""");
        var reply = await _api.Post(Gadgets.All, Gadgets.Named("g", """{"size":7}"""));
        Assert.Equal((403, "Forbidden"), (reply.Status, reply.Reason));
        Assert.EndsWith("denied request: size is 7", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_object_is_refused_by_its_schema_before_any_policy_looks()
    {
        await Install("""[{"expression":"false","message":"never"}]""");
        var reply = await _api.Post(Gadgets.All, Gadgets.Named("g", """{"size":"x"}"""));
        Assert.DoesNotContain("never", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warn_lets_through()
    {
        await Install("""[{"expression":"false","message":"careful"}]""", """["Warn"]""");
        Assert.Equal(201, (await _api.Post(Gadgets.All, Gadgets.Named("g"))).Status);
    }

    [Fact]
    public async Task Approvals_must_name_who_asks()
    {
        using var document = new StringContent(Gadgets.Definition.Replace("gadgets", "approvals", StringComparison.Ordinal).Replace("Gadget", "Approval", StringComparison.Ordinal)
            .Replace("test.example.com", "berth.dev", StringComparison.Ordinal).Replace("\"owner\"", "\"approver\"", StringComparison.Ordinal), null, "application/json");
        await _api.Post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", await document.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var reply = await _api.Post("/apis/berth.dev/v1/namespaces/default/approvals?dryRun=All",
            """{"apiVersion":"berth.dev/v1","kind":"Approval","metadata":{"name":"a"},"spec":{"approver":"somebody else"}}""");
        Assert.Equal((422, "Invalid"), (reply.Status, reply.Reason));
        Assert.EndsWith("denied request: spec.approver must be the name of the requesting user", reply.Message, StringComparison.Ordinal);
    }
}
