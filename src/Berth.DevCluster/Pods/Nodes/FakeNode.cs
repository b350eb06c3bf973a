using System.Globalization;
using System.Text.Json.Nodes;
using Berth.DevCluster.Pods.Client;

namespace Berth.DevCluster.Pods.Nodes;

/// <summary>One Node object that stands for this machine: registered, kept Ready by status and lease, silent or rebooted on command.</summary>
internal sealed class FakeNode(ApiClient api, PodRunnerOptions options, string name, Uri endpoint, string folder)
{
    private readonly string _bootFile = Path.Combine(folder, $"{name}.boot");
    private string _uid = "";

    public string Name { get; } = name;

    /// <summary>As a node that lost its network: nothing is reported, nothing is heard.</summary>
    public bool IsSilent { get; set; }

    /// <summary>Deleted on command; does not register again.</summary>
    public bool IsGone { get; set; }

    public string BootId { get; private set; } = "";

    private string Url => $"api/v1/nodes/{Name}";

    /// <summary>A new boot id, kept over restarts of the runner.</summary>
    public void Reboot()
    {
        BootId = Guid.NewGuid().ToString();
        File.WriteAllText(_bootFile, BootId);
    }

    /// <summary>Makes the Node, or takes over the one there is, and reports it Ready.</summary>
    public async Task RegisterAsync(CancellationToken cancel)
    {
        BootId = File.Exists(_bootFile) ? await File.ReadAllTextAsync(_bootFile, cancel) : "";
        if (BootId.Length == 0)
        {
            Reboot();
        }

        IsGone = IsSilent = false;
        JsonObject? node = await api.FindAsync(Url, cancel);
        node ??= await api.CreateAsync("api/v1/nodes", new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject
            {
                ["name"] = Name,
                ["labels"] = new JsonObject
                {
                    ["kubernetes.io/hostname"] = Name,
                    ["kubernetes.io/os"] = "linux",
                    ["kubernetes.io/arch"] = Architecture(),
                    ["beta.kubernetes.io/os"] = "linux",
                    ["beta.kubernetes.io/arch"] = Architecture(),
                    ["berth.dev/pod-runner"] = "true",
                },
            },
        }, cancel);
        _uid = node.Uid();
        await ReportAsync(cancel);
        await RenewAsync(cancel);
    }

    public async Task RunAsync(CancellationToken cancel)
    {
        DateTimeOffset report = DateTimeOffset.UtcNow;
        while (!cancel.IsCancellationRequested)
        {
            await Task.Delay(options.Heartbeat, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsSilent || IsGone || cancel.IsCancellationRequested)
            {
                continue;
            }

            try
            {
                await RenewAsync(cancel);
                if (DateTimeOffset.UtcNow - report > TimeSpan.FromMinutes(1) || !await IsReadyAsync(cancel))
                {
                    await ReportAsync(cancel);
                    report = DateTimeOffset.UtcNow;
                }
            }
            catch (ApiException gone) when (gone.IsNotFound)
            {
                await TryAsync(() => RegisterAsync(cancel));
            }
            catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException or OperationCanceledException)
            {
                options.Report($"node {Name}: heartbeat failed: {fault.Message}");
            }
        }
    }

    /// <summary>Reports the node's whole status.</summary>
    public async Task ReportAsync(CancellationToken cancel)
    {
        JsonObject node = await api.GetAsync(Url, cancel);
        var conditions = new JsonArray(
            Condition(node, "MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
            Condition(node, "DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            Condition(node, "PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            Condition(node, "Ready", "True", "KubeletReady", "the pod runner is ready"));
        var status = new JsonObject
        {
            ["conditions"] = conditions,
            // No Hostname: an API server would ask its resolver for it before it takes the address, and find nobody to get logs from.
            ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = PodHost.Address }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = endpoint.Port } },
            ["capacity"] = Capacity(),
            ["allocatable"] = Capacity(),
            ["nodeInfo"] = Info(),
        };
        var patch = new JsonObject { ["status"] = status };
        await api.PatchAsync($"{Url}/status", ApiClient.StrategicPatch, patch, cancel);
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancel) =>
        (await api.GetAsync(Url, cancel)).Condition("Ready").Text("status") == "True";

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception fault) when (fault is ApiException or HttpRequestException or IOException or OperationCanceledException)
        {
            options.Report($"node {Name}: registering failed and is tried again: {fault.Message}");
        }
    }

    private async Task RenewAsync(CancellationToken cancel)
    {
        const string leases = "apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
        var spec = new JsonObject
        {
            ["holderIdentity"] = Name,
            ["leaseDurationSeconds"] = (int)(options.Heartbeat * 4).TotalSeconds,
            ["renewTime"] = Fields.MicroStamp(DateTimeOffset.UtcNow),
        };
        try
        {
            await api.PatchAsync($"{leases}/{Name}", ApiClient.MergePatch, new JsonObject { ["spec"] = spec }, cancel);
        }
        catch (ApiException missing) when (missing.IsNotFound)
        {
            await EnsureLeaseNamespaceAsync(cancel);
            var owner = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = Name, ["uid"] = _uid };
            await api.CreateAsync(leases, new JsonObject
            {
                ["apiVersion"] = "coordination.k8s.io/v1",
                ["kind"] = "Lease",
                ["metadata"] = new JsonObject { ["name"] = Name, ["ownerReferences"] = new JsonArray(owner) },
                ["spec"] = spec.DeepClone(),
            }, cancel);
        }
    }

    private async Task EnsureLeaseNamespaceAsync(CancellationToken cancel)
    {
        if (await api.FindAsync("api/v1/namespaces/kube-node-lease", cancel) is null)
        {
            await api.CreateAsync("api/v1/namespaces", new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Namespace",
                ["metadata"] = new JsonObject { ["name"] = "kube-node-lease" },
            }, cancel);
        }
    }

    private static JsonObject Capacity() => new()
    {
        ["cpu"] = Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        ["memory"] = $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1024}Ki",
        ["pods"] = "1000",
        ["ephemeral-storage"] = "100Gi",
    };

    private JsonObject Info() => new()
    {
        ["machineID"] = Name,
        ["systemUUID"] = Name,
        ["bootID"] = BootId,
        ["kernelVersion"] = Environment.OSVersion.Version.ToString(),
        ["osImage"] = "Linux (pods as local processes)",
        ["containerRuntimeVersion"] = "process://1.0",
        ["kubeletVersion"] = "v1.36.0",
        ["kubeProxyVersion"] = "",
        ["operatingSystem"] = "linux",
        ["architecture"] = Architecture(),
    };

    private static string Architecture() =>
        System.Runtime.InteropServices.RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";

    private static JsonObject Condition(JsonObject node, string type, string status, string reason, string message)
    {
        string now = Fields.Stamp(DateTimeOffset.UtcNow);
        JsonNode? old = node.Condition(type);
        return new JsonObject
        {
            ["type"] = type,
            ["status"] = status,
            ["reason"] = reason,
            ["message"] = message,
            ["lastHeartbeatTime"] = now,
            ["lastTransitionTime"] = old.Text("status") == status ? old.Text("lastTransitionTime") ?? now : now,
        };
    }
}
