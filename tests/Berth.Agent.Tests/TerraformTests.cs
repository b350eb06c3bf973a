using System.IO.Compression;
using Berth.Agent.Plans;
using Berth.Api;
using Berth.Protocol;

namespace Berth.Agent.Tests;

public sealed class TerraformTests
{
    private const string Configuration = """
        variable "who" {
          default = "world"
        }
        variable "password" {
          default   = "hunter22"
          sensitive = true
        }
        terraform {
          backend "local" {
            path = "../../state.tfstate"
          }
        }
        resource "terraform_data" "one" {
          input = "hello ${var.who}"
        }
        resource "terraform_data" "two" {
          input            = var.password
          triggers_replace = var.who
        }
        """;

    [Fact]
    public async Task A_real_plan_is_described_applied_and_compared()
    {
        Assert.SkipUnless(OnPath("terraform"), "terraform is not on PATH");
        await using var gateway = await ScriptedGateway.StartAsync();
        await using var pod = new PodUnderTest(gateway, slotEnv: new() { ["HOME"] = Path.GetTempPath(), ["CHECKPOINT_DISABLE"] = "1" });
        pod.StartAgent();
        pod.StartRunner();
        await pod.ReadyAsync();

        var (first, made) = await PlanAsync(gateway, Configuration);
        Assert.Equal(new PlanCounts { Add = 2 }, made.Plan!.Counts);
        Assert.Matches("^[0-9]+\\.[0-9]+", made.Plan.ToolVersions!["terraform"]);
        await gateway.ExpectAsync<Uploaded>(u => u.Attempt == first.Attempt);
        var text = System.Text.Encoding.UTF8.GetString(gateway.Stored[made.Plan.TextDigest!]);
        Assert.Contains("Plan: 2 to add, 0 to change, 0 to destroy.", text, StringComparison.Ordinal);

        var (_, again) = await PlanAsync(gateway, Configuration);
        Assert.True(Digests.IsValid(made.Plan.SemanticDigest));
        Assert.Equal(made.Plan.SemanticDigest, again.Plan!.SemanticDigest);
        var (other, differs) = await PlanAsync(gateway, Configuration.Replace("hello", "goodbye", StringComparison.Ordinal));
        Assert.NotEqual(made.Plan.SemanticDigest, differs.Plan!.SemanticDigest);

        var apply = Orders.Apply(other, differs, "terraform", "apply", "-no-color", "-input=false", "plan.tfplan");
        await gateway.SendAsync(apply);
        var applied = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == apply.Attempt, 40);
        Assert.True(applied.Outcome == AttemptOutcome.Succeeded, applied.ToString());
        Assert.Contains("2 added, 0 changed, 0 destroyed", await gateway.WholeOutputAsync(apply.Attempt), StringComparison.Ordinal);

        var (_, replace) = await PlanAsync(gateway, Configuration.Replace("world", "moon", StringComparison.Ordinal).Replace("hello", "goodbye", StringComparison.Ordinal));
        Assert.Equal(new PlanCounts { Add = 1, Change = 1, Destroy = 1 }, replace.Plan!.Counts);
    }

    [Theory]
    [InlineData("{\"complete\":false,\"resource_changes\":[]}")]
    [InlineData("{\"errored\":true}")]
    [InlineData("{\"deferred_changes\":[{}]}")]
    [InlineData("{\"configuration\":{\"root_module\":{\"variables\":{\"x\":{\"ephemeral\":true}}}}}")]
    [InlineData("{\"configuration\":{\"root_module\":{\"resources\":[{\"mode\":\"ephemeral\"}]}}}")]
    [InlineData("{\"configuration\":{\"root_module\":{\"resources\":[{\"expressions\":{\"password_wo\":{}}}]}}}")]
    public void Plans_with_values_that_cannot_be_seen_are_never_equal(string json) =>
        Assert.Null(TerraformPlan.Parse(System.Text.Encoding.UTF8.GetBytes(json)).SemanticDigest("key", "lineage/1"));

    [Fact]
    public void The_semantic_digest_ignores_the_time_and_nothing_else()
    {
        string? Of(string json, string state = "l/1") => TerraformPlan.Parse(System.Text.Encoding.UTF8.GetBytes(json)).SemanticDigest("key", state);
        var one = Of("{\"timestamp\":\"a\",\"variables\":{\"x\":{\"value\":\"1\"}},\"configuration\":{}}");
        Assert.NotNull(one);
        Assert.Equal(one, Of("{\"configuration\":{},\"variables\":{\"x\":{\"value\":\"1\"}},\"timestamp\":\"b\"}"));
        Assert.NotEqual(one, Of("{\"variables\":{\"x\":{\"value\":\"2\"}},\"configuration\":{}}"));
        Assert.NotEqual(one, Of("{\"variables\":{\"x\":{\"value\":\"1\"}},\"configuration\":{\"a\":1}}"));
        Assert.NotEqual(one, Of("{\"variables\":{\"x\":{\"value\":\"1\"}},\"configuration\":{}}", "l/2"));
        Assert.Null(TerraformPlan.Parse("{}"u8.ToArray()).SemanticDigest("key", null));
    }

    [Fact]
    public void Sensitive_leaves_differ_by_value_and_by_key()
    {
        string? Of(string secret, string key) => TerraformPlan.Parse(System.Text.Encoding.UTF8.GetBytes(
            "{\"resource_changes\":[{\"change\":{\"actions\":[\"create\"],\"before\":null,\"before_sensitive\":false,\"after\":{\"list\":[{\"p\":\"" + secret + "\"}],\"q\":1},\"after_sensitive\":{\"list\":[{\"p\":true}]}}}]}")).SemanticDigest(key, "l/1");
        Assert.Equal(Of("a", "k"), Of("a", "k"));
        Assert.NotEqual(Of("a", "k"), Of("b", "k"));
        Assert.NotEqual(Of("a", "k"), Of("a", "other"));
    }

    [Fact]
    public void A_plan_file_that_tells_no_state_makes_no_equal_plans()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "not a zip");
            Assert.Null(TerraformPlanFile.StateIdentity(path));
            File.Delete(path);
            using (var zip = ZipFile.Open(path, ZipArchiveMode.Create))
            {
                using var writer = new StreamWriter(zip.CreateEntry("tfstate").Open());
                writer.Write("{\"serial\":4,\"lineage\":\"abc\"}");
            }
            Assert.Equal("abc/4", TerraformPlanFile.StateIdentity(path));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<(Assign Order, AttemptResult Result)> PlanAsync(ScriptedGateway gateway, string configuration)
    {
        var order = Orders.Plan("true", "plan.tfplan") with
        {
            Describe = PlanDescriber.Terraform,
            Prepare = new CommandOrder { Argv = ["terraform", "init", "-no-color", "-input=false"] },
            Command = new CommandOrder { Argv = ["terraform", "plan", "-no-color", "-input=false", "-detailed-exitcode", "-out=plan.tfplan"] },
            SuccessExitCodes = [0, 2],
        };
        await gateway.SendAsync(order.WithFiles(("main.tf", configuration)));
        var result = await gateway.ExpectAsync<AttemptResult>(r => r.Attempt == order.Attempt, 60);
        Assert.True(result.Outcome == AttemptOutcome.Succeeded, result + "\n" + gateway.OutputOf(order.Attempt));
        Assert.Equal(2, result.ExitCode);
        return (order, result);
    }

    private static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(d => File.Exists(Path.Combine(d, program)));
}
