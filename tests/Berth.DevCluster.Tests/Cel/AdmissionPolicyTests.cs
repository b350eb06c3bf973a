using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;
using Xunit;

namespace Berth.DevCluster.Tests.Cel;

public sealed class AdmissionPolicyTests
{
    private const string Approvals = """
        {"failurePolicy":"Fail",
         "matchConditions":[{"name":"not-nodes","expression":"!request.userInfo.groups.exists(g, g == 'system:nodes')"}],
         "variables":[{"name":"who","expression":"request.userInfo.username"},{"name":"workspace","expression":"object.spec.workspace"}],
         "validations":[
          {"expression":"object.spec.approver == variables.who","message":"approver must be the requesting user"},
          {"expression":"!variables.who.startsWith('system:serviceaccount:')","messageExpression":"'no service accounts: ' + variables.who","reason":"Forbidden"},
          {"expression":"authorizer.group('berth.dev').resource('workspaces').namespace(object.metadata.namespace).name(variables.workspace).check('approve').allowed()"}]}
        """;

    [Fact]
    public void Everything_holds() => Assert.All(Evaluate(Approvals, Approval("jane", "prod"), "jane", "prod"), d => Assert.False(d.Denied));

    [Fact]
    public void Each_validation_decides_by_itself()
    {
        var decisions = Evaluate(Approvals, Approval("jane", "prod"), "system:serviceaccount:a:b", "other");

        Assert.Equal(
            [
                new(true, false, "approver must be the requesting user", "Invalid"),
                new(true, false, "no service accounts: system:serviceaccount:a:b", "Forbidden"),
                new(true, false, "failed expression: authorizer.group('berth.dev').resource('workspaces').namespace(object.metadata.namespace)"
                    + ".name(variables.workspace).check('approve').allowed()", "Invalid"),
            ],
            decisions);
    }

    [Fact]
    public void A_match_condition_leaves_requests_out() => Assert.Empty(Evaluate(Approvals, Approval("x", "y"), "node", "prod", "system:nodes"));

    [Theory]
    [InlineData("Fail", true)]
    [InlineData("Ignore", false)]
    public void An_expression_that_fails_follows_the_failure_policy(string failurePolicy, bool denied)
    {
        var decision = Assert.Single(Evaluate($$"""{"failurePolicy":"{{failurePolicy}}","validations":[{"expression":"object.spec.nope == 1"}]}""", Approval("a", "b"), "a", "b"));

        Assert.Equal(new(denied, true, "expression 'object.spec.nope == 1' resulted in error: no such key: nope", "Invalid"), decision);
    }

    [Theory]
    [InlineData("""{"validations":[{"expression":"object.a"}]}""", "spec.validations[0].expression: Invalid value: \"object.a\": must evaluate to bool but got dyn")]
    [InlineData("""{"validations":[{"expression":"params.x == 1"}]}""",
        "spec.validations[0].expression: Invalid value: \"params.x == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^")]
    [InlineData("""{"validations":[{"expression":"variables.b"}],"variables":[{"name":"a","expression":"1"}]}""",
        "spec.validations[0].expression: Invalid value: \"variables.b\": compilation failed: ERROR: <input>:1:10: undefined field 'b'\n | variables.b\n | .........^")]
    [InlineData("""{"validations":[{"expression":"request.user == ''"}]}""",
        "spec.validations[0].expression: Invalid value: \"request.user == ''\": compilation failed: ERROR: <input>:1:8: undefined field 'user'\n | request.user == ''\n | .......^")]
    public void A_wrong_policy_is_refused(string spec, string error) =>
        Assert.Equal(error, Assert.Single(new AdmissionPolicy(JsonNode.Parse(spec)!.AsObject()).Errors).Message);

    [Fact]
    public void The_namespace_and_parameters_are_there()
    {
        var policy = new AdmissionPolicy(JsonNode.Parse("""
            {"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},
             "validations":[{"expression":"namespaceObject.metadata.labels['env'] == params.data.env && oldObject == null && authorizer.requestResource.check('get').allowed()"}]}
            """)!.AsObject());
        var input = Input(Approval("a", "b"), "a", "b", "g") with
        {
            Params = JsonNode.Parse("""{"data":{"env":"prod"}}"""),
            Namespace = JsonNode.Parse("""{"metadata":{"labels":{"env":"prod"}}}""")!.AsObject(),
        };

        Assert.Empty(policy.Errors);
        Assert.Equal(new(false, false, "", ""), Assert.Single(policy.Evaluate(input)));
    }

    private static IReadOnlyList<AdmissionDecision> Evaluate(string spec, JsonObject obj, string user, string allowedWorkspace, string group = "dev")
    {
        var policy = new AdmissionPolicy(JsonNode.Parse(spec)!.AsObject());
        Assert.Empty(policy.Errors);
        return policy.Evaluate(Input(obj, user, allowedWorkspace, group));
    }

    private static AdmissionInput Input(JsonObject obj, string user, string allowedWorkspace, string group) => new()
    {
        Object = obj,
        Request = JsonNode.Parse($$"""
            {"operation":"CREATE","name":"x","namespace":"ns","resource":{"group":"berth.dev","version":"v1alpha1","resource":"approvals"},
             "userInfo":{"username":"{{user}}","groups":["{{group}}"]} }
            """)!.AsObject(),
        Authorizer = new OneWorkspace(allowedWorkspace),
    };

    private static JsonObject Approval(string approver, string workspace) => JsonNode.Parse(
        $$"""{"metadata":{"name":"x","namespace":"ns"},"spec":{"approver":"{{approver}}","workspace":"{{workspace}}"} }""")!.AsObject();

    private sealed class OneWorkspace(string name) : ICelAuthorizer
    {
        public CelDecision Decide(CelAuthorizationQuery query) => new(query switch
        {
            { Group: "berth.dev", Resource: "workspaces", Verb: "approve", Namespace: "ns" } => query.Name == name,
            { Resource: "approvals", Verb: "get", Name: "x", Namespace: "ns" } => true,
            _ => false,
        });
    }
}
