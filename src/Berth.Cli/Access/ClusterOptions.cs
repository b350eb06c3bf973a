using System.CommandLine;
using Berth.Kubernetes;

namespace Berth.Cli.Access;

/// <summary>The options by which every verb finds its cluster; the same names as kubectl's.</summary>
internal sealed class ClusterOptions
{
    private readonly Option<string?> kubeconfig = new("--kubeconfig") { Description = "Kubeconfig file; else KUBECONFIG, else ~/.kube/config.", HelpName = "FILE" };
    private readonly Option<string?> context = new("--context") { Description = "A context of the kubeconfig other than the current one.", HelpName = "NAME" };
    private readonly Option<string?> ns = new("--namespace", "-n") { Description = "Namespace; else the context's.", HelpName = "NS" };
    private readonly Option<string?> operatorUrl = new("--operator-url") { Description = "Where the operator answers; else BERTH_OPERATOR_URL, else the file env beside the kubeconfig.", HelpName = "URL" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { kubeconfig, context, ns, operatorUrl }) command.Options.Add(option);
    }

    /// <exception cref="KubernetesConfigException">No usable kubeconfig.</exception>
    public ClusterSession Open(ParseResult result)
    {
        var file = result.GetValue(kubeconfig);
        var config = KubernetesConfig.Load(file, result.GetValue(context));
        return new(config, result.GetValue(ns) ?? config.Namespace ?? "default", OperatorViews.Find(result.GetValue(operatorUrl), file));
    }
}
