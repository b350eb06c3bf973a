using Berth.Kubernetes;
using Berth.Operator.Hosting;
using Berth.Operator.Options;

var builder = WebApplication.CreateSlimBuilder(args);
var options = builder.Configuration.Get<OperatorOptions>() ?? new OperatorOptions();
if (options.Violations() is { Count: > 0 } violations)
{
    foreach (var violation in violations) Console.Error.WriteLine($"berth-operator: {violation}");
    return ExitCodes.Misconfigured;
}

KubernetesConfig cluster;
try
{
    cluster = KubernetesConfig.Load(options.Kubeconfig);
}
catch (KubernetesConfigException e)
{
    Console.Error.WriteLine($"berth-operator: {e.Message}");
    return ExitCodes.Misconfigured;
}

await using var app = OperatorProgram.Build(builder, options, cluster);
return await OperatorProgram.RunAsync(app);
