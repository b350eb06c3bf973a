using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>The chart's environment and the operator's options are the same list.</summary>
public class OptionsTests
{
    // For operators outside a cluster.
    private static readonly string[] NotForPods = ["Kubeconfig", "Postgres__EncryptionKeysDirectory"];
    private static readonly string[] Full =
    [
        "--set", Chart.WithDatabase, "--set", "watchNamespaces={team,other}", "--set", "agentImage.pullPolicy=Always", "--set", "postgres.capacityBytes=5368709120", "--set", "workers=7", "--set", "lease.duration=00:00:30",
        "--set-json", """notifications.rules=[{"name":"ops","url":"https://hooks.example.org/x","format":"Slack","kinds":["failed"],"severity":"Critical","namespace":"team","pool":"p","workspace":"w"}]""",
    ];

    public static TheoryData<string> Helm => Tool.All("helm");

    private static Type Options => Assembly.Load("Berth.Operator").GetType("Berth.Operator.Options.OperatorOptions", throwOnError: true)!;

    [Theory, MemberData(nameof(Helm))]
    public async Task Every_variable_is_an_option_and_every_option_has_its_variable(string helm)
    {
        Tool.Require(helm, "helm");
        var known = Keys(Options, "").Except(NotForPods).ToHashSet(StringComparer.Ordinal);
        var given = (await EnvironmentAsync(helm)).Keys.Where(k => k is not "POD_IP").Select(k => string.Join("__", k.Split("__").Select(p => int.TryParse(p, out _) ? "0" : p))).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(known.Order(StringComparer.Ordinal), given.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Helm))]
    public async Task The_operator_accepts_what_the_chart_gives_it(string helm)
    {
        Tool.Require(helm, "helm");
        var environment = await EnvironmentAsync(helm);
        var options = new ConfigurationBuilder()
            .AddInMemoryCollection(environment.Select(e => KeyValuePair.Create(e.Key.Replace("__", ":", StringComparison.Ordinal), (string?)e.Value)))
            .Build().Get(Options)!;
        Assert.Empty((IEnumerable<string>)Options.GetMethod("Violations")!.Invoke(options, null)!);
        Assert.Equal(5368709120L, Read(options, "Postgres", "CapacityBytes"));
        Assert.Equal(7, Read(options, "Operator", "Workers"));
        Assert.Equal(["team", "other"], (IEnumerable<string>)Read(options, "Operator", "WatchNamespaces")!);
        Assert.Equal(TimeSpan.FromSeconds(30), Read(options, "Lease", "Duration"));
        Assert.Equal("berth-gateway.berth-system.svc:8443", Read(options, "Gateway", "Addresses"));
        Assert.Equal("""{"requests":{"cpu":"20m","memory":"64Mi"}}""", Read(options, "Images", "AgentResources"));
        // Taken away, they are none, and not a text that the operator cannot read.
        Assert.Equal("{}", (await EnvironmentAsync(helm, "--set", "agentImage.resources=null"))["Images__AgentResources"]);
    }

    private static object? Read(object from, params string[] path) => path.Aggregate((object?)from, (at, name) => at!.GetType().GetProperty(name)!.GetValue(at));

    private static async Task<IReadOnlyDictionary<string, string>> EnvironmentAsync(string helm, params string[] more)
    {
        var deployment = (await Chart.RenderAsync(helm, [.. Full, .. more])).Only("Deployment", "berth");
        // What comes from a Secret or from the pod itself stands for some text.
        return deployment["spec"]!["template"]!["spec"]!["containers"]![0]!["env"]!.AsArray().ToDictionary(e => (string)e!["name"]!, e => (string?)e!["value"] ?? "given", StringComparer.Ordinal);
    }

    private static IEnumerable<string> Keys(Type type, string prefix) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).SelectMany(p => KeysOf(p.PropertyType, prefix + p.Name));

    private static IEnumerable<string> KeysOf(Type type, string name)
    {
        if (type == typeof(string) || type.IsPrimitive || type.IsEnum || type == typeof(TimeSpan)) return [name];
        if (Nullable.GetUnderlyingType(type) is { } inner) return KeysOf(inner, name);
        return type.IsGenericType && type.IsAssignableTo(typeof(IEnumerable)) ? KeysOf(type.GetGenericArguments()[0], name + "__0") : Keys(type, name + "__");
    }
}
