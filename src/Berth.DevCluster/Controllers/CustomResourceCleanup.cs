using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Controllers;

/// <summary>Deletes the objects of a CustomResourceDefinition that is being deleted, then lets the definition go.</summary>
internal sealed class CustomResourceCleanup(ControllerContext context) : Controller(context)
{
    private const string Definitions = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override string Name => "custom-resource-cleanup";

    public override void Attach(Informers informers) => informers.Subscribe(Definitions, (_, now) =>
    {
        if (now.IsDeleting())
        {
            Enqueue("/" + now.Name());
        }
    });

    protected override async Task ReconcileAsync(string key)
    {
        string url = $"{Definitions}/{Split(key).Name}";
        if (await Api.FindAsync(url, Cancel) is not { } definition || !definition.Texts("metadata", "finalizers").Contains(Finalizer))
        {
            return;
        }

        string group = definition.Text("spec", "group") ?? "", plural = definition.Text("spec", "names", "plural") ?? "";
        string? version = definition.Items("spec", "versions").FirstOrDefault(static item => item.Flag("served")).Text("name");
        bool left = false;
        if (version is not null && await Api.FindAsync($"apis/{group}/{version}/{plural}", Cancel) is { } list)
        {
            foreach (JsonObject item in list.Items("items").OfType<JsonObject>())
            {
                left = true;
                string place = item.Namespace().Length > 0 ? $"namespaces/{item.Namespace()}/" : "";
                if (!item.IsDeleting())
                {
                    await DeleteAsync($"apis/{group}/{version}/{place}{plural}/{item.Name()}", item);
                }
            }
        }

        if (left)
        {
            EnqueueAfter(key, TimeSpan.FromMilliseconds(200));
            return;
        }

        definition["metadata"]!["finalizers"] = definition.Texts("metadata", "finalizers").Where(static item => item != Finalizer)
            .Select(static item => (JsonNode)item).ToJsonArray();
        await Api.ReplaceAsync(url, definition, Cancel);
    }
}
