using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.Certificates;

/// <summary>The certificate of the agents' gateway. Agents pin its CA and check a fixed name, whatever address they dial.</summary>
internal sealed class GatewayCertificates(KubernetesClient client, string ns, TimeProvider time, ILogger<GatewayCertificates> log)
    : SharedCertificate(client, ns, SecretName, Names.GatewayServerName, time, log)
{
    /// <summary>Name of the Secret.</summary>
    public const string SecretName = "berth-gateway-tls";
}
