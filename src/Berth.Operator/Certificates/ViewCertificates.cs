using Berth.Kubernetes;
using Berth.Operator.Options;

namespace Berth.Operator.Certificates;

/// <summary>The certificate of the aggregated API. The API server checks the name of the Service that it goes through.</summary>
internal sealed class ViewCertificates(KubernetesClient client, OperatorOptions options, TimeProvider time, ILogger<ViewCertificates> log)
    : SharedCertificate(client, options.Operator.Namespace, SecretName, $"{options.View.Service}.{options.Operator.Namespace}.svc", time, log)
{
    /// <summary>Name of the Secret.</summary>
    public const string SecretName = "berth-view-tls";
}
