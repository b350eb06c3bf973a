using System.CommandLine;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>The options by which every verb finds its cluster; the same names as kubectl's, and like there before the verb or behind it.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> kubeconfig = new("--kubeconfig") { Description = "Kubeconfig file; else KUBECONFIG, else ~/.kube/config.", HelpName = "FILE", Recursive = true };
    private readonly Option<string?> context = new("--context") { Description = "A context of the kubeconfig other than the current one.", HelpName = "NAME", Recursive = true };
    private readonly Option<string?> ns = new("--namespace", "-n") { Description = "Namespace; else the context's.", HelpName = "NS", Recursive = true };
    private readonly Option<string?> operatorUrl = new("--operator-url") { Description = "Ask this operator, and not the cluster's aggregated API; else BERTH_OPERATOR_URL, else the file env beside the kubeconfig.", HelpName = "URL", Recursive = true };
    private readonly Option<string> operatorNamespace = new("--operator-namespace") { Description = "Where the operator is installed.", DefaultValueFactory = _ => "berth-system", HelpName = "NS", Recursive = true };

    /// <summary>Adds the options to the root: they then belong to every verb below it.</summary>
    public void AddTo(Command root)
    {
        foreach (var option in new Option[] { kubeconfig, context, ns, operatorUrl, operatorNamespace }) root.Options.Add(option);
    }

    /// <exception cref="KubernetesConfigException">No usable kubeconfig.</exception>
    public ClusterSession Open(ParseResult result)
    {
        var file = result.GetValue(kubeconfig);
        var config = KubernetesConfig.Load(file, result.GetValue(context));
        return new(config, result.GetValue(ns) ?? config.Namespace ?? "default", result.GetValue(operatorUrl), file) { OperatorNamespace = result.GetValue(operatorNamespace)! };
    }
}
