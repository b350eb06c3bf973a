using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Gives every namespace its service account <c>default</c> and the ConfigMap <c>kube-root-ca.crt</c>, also again.</summary>
internal sealed class NamespaceContents(ControllerContext context) : Controller(context)
{
    private const string AuthorityMap = "kube-root-ca.crt";

    public override string Name => "namespace-contents";

    public override void Attach(Informers informers)
    {
        informers.Subscribe("api/v1/namespaces", (_, now) =>
        {
            if (now is not null && !now.IsDeleting())
            {
                Enqueue(now.Name() + "/");
            }
        });
        informers.Subscribe("api/v1/serviceaccounts", (old, now) =>
        {
            if (now is null && old.Name() == "default")
            {
                Enqueue(old.Namespace() + "/");
            }
        });
        informers.Subscribe("api/v1/configmaps", (old, now) =>
        {
            if ((now ?? old).Name() == AuthorityMap)
            {
                Enqueue((now ?? old).Namespace() + "/");
            }
        });
    }

    protected override async Task ReconcileAsync(string key)
    {
        string ns = Split(key).Namespace;
        if (await Api.FindAsync($"api/v1/namespaces/{ns}", Cancel) is not { } found || found.IsDeleting())
        {
            return;
        }

        if (await Api.FindAsync($"api/v1/namespaces/{ns}/serviceaccounts/default", Cancel) is null)
        {
            await CreateAsync($"api/v1/namespaces/{ns}/serviceaccounts", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ServiceAccount",
                ["metadata"] = new JsonObject { ["name"] = "default" },
            });
        }

        await EnsureAuthorityAsync(ns);
    }

    private async Task EnsureAuthorityAsync(string ns)
    {
        string url = $"api/v1/namespaces/{ns}/configmaps";
        var data = new JsonObject { ["ca.crt"] = Context.Options.AuthorityPem };
        JsonObject? map = await Api.FindAsync($"{url}/{AuthorityMap}", Cancel);
        if (map is null)
        {
            await CreateAsync(url, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject
                {
                    ["name"] = AuthorityMap,
                    ["annotations"] = new JsonObject
                    {
                        ["kubernetes.io/description"] = "Contains a CA bundle that can be used to verify the kube-apiserver when using "
                            + "internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed "
                            + "across distributions of Kubernetes clusters.",
                    },
                },
                ["data"] = data,
            });
        }
        else if (!JsonNode.DeepEquals(map.At("data"), data))
        {
            map["data"] = data;
            await Api.ReplaceAsync($"{url}/{AuthorityMap}", map, Cancel);
        }
    }

    private async Task CreateAsync(string url, JsonObject body)
    {
        try
        {
            await Api.CreateAsync(url, body, Cancel);
        }
        catch (ApiException there) when (there.IsAlreadyExists)
        {
            // Somebody else was quicker.
        }
    }
}
