using Berth.Kubernetes;
using Berth.Operator.Hosting;
using Berth.Operator.Options;

var verb = args is ["check" or "check-uninstall", ..] ? args[0] : "";
var builder = WebApplication.CreateSlimBuilder(verb.Length > 0 ? args[1..] : args);
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

if (verb == "check") return await InstallCheck.RunAsync(options, cluster);
if (verb == "check-uninstall") return await UninstallCheck.RunAsync(options, cluster);
await using var app = OperatorProgram.Build(builder, options, cluster);
return await OperatorProgram.RunAsync(app);
