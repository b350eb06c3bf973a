using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Kubernetes;

namespace Berth.Operator.View;

/// <summary>Keeps the CA in the APIService that the chart made equal to the one that signed our certificate. Without an APIService there is nothing to do.</summary>
internal sealed class ViewRegistration(KubernetesClient client, ViewCertificates certificates, TimeProvider time, ILogger<ViewRegistration> log)
{
    /// <summary>Name of the APIService.</summary>
    public const string ApiServiceName = $"{Names.Version}.{Names.ViewGroup}";

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    /// <summary>Registrations of aggregated APIs.</summary>
    public static readonly ResourceType<JsonObject> ApiServices = Resources.Dynamic("apiregistration.k8s.io", "v1", "apiservices", "APIService", namespaced: false);
    private string? _told;

    /// <summary>Runs until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var registered = await EnsureAsync(cancellationToken);
            await Task.Delay(registered ? Every : Soon, time, cancellationToken);
        }
    }

    private async Task<bool> EnsureAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await client.TryGetAsync(ApiServices, new ObjectKey(ApiServiceName), cancellationToken) is not { } service) return false;
            var wanted = Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes(certificates.Authority));
            if (service["spec"]?["caBundle"]?.GetValue<string>() == wanted) return true;
            await client.PatchAsync(ApiServices, new ObjectKey(ApiServiceName), Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["caBundle"] = wanted } }), cancellationToken: cancellationToken);
            log.LogInformation("APIService {Name} now trusts the certificate of the aggregated API", ApiServiceName);
            return true;
        }
        catch (KubernetesException e)
        {
            if (_told != e.Message) log.LogWarning("APIService {Name} cannot be kept up to date: {Message}", ApiServiceName, e.Message);
            _told = e.Message;
            return false;
        }
    }
}
