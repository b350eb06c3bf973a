using Xunit;

namespace Berth.DevCluster.Tests.Clients;

/// <summary>The real kubectl, as an independent client.</summary>
public sealed class KubectlTests : IAsyncLifetime
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("berth-kubectl-");
    private DevCluster _cluster = null!;
    private string _config = "";
    private string _binary = "";

    public static TheoryData<string> Kubectl => Tool.All("kubectl");

    public async ValueTask InitializeAsync()
    {
        _cluster = await DevCluster.StartAsync(new());
        _config = Path.Combine(_home.FullName, "config");
        await File.WriteAllTextAsync(_config, _cluster.AdminKubeconfig);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _home.Delete(recursive: true);
    }

    private const string Manifest = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: settings, labels: {app: shop}}
        data: {colour: blue}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop, labels: {app: shop}}
        spec:
          replicas: 0
          selector: {matchLabels: {app: shop}}
          template:
            metadata: {labels: {app: shop}}
            spec: {containers: [{name: web, image: nginx, env: [{name: COLOUR, value: blue}]}]}
        """;

    private Task<string> K(params string[] arguments) => Tool.Run(_binary, _config, null, arguments);

    private Task<string> Fed(string input, params string[] arguments) => Tool.Run(_binary, _config, input, arguments);

    private void Use(string binary)
    {
        if (binary.Length == 0) Assert.Skip("kubectl is not on PATH; set BERTH_KUBECTL to test with one");
        _binary = binary;
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Apply_from_the_client(string binary)
    {
        Use(binary);
        Assert.Contains("deployment.apps/shop created", await Fed(Manifest, "apply", "-f", "-"), StringComparison.Ordinal);
        Assert.Contains("configmap/settings unchanged", await Fed(Manifest, "apply", "-f", "-"), StringComparison.Ordinal);
        var changed = Manifest.Replace("blue", "red", StringComparison.Ordinal);
        var (code, difference) = await Tool.Try(_binary, _config, changed, "diff", "-f", "-");
        Assert.Equal(1, code);
        Assert.Contains("+  colour: red", difference, StringComparison.Ordinal);
        Assert.Contains("deployment.apps/shop configured", await Fed(changed, "apply", "-f", "-"), StringComparison.Ordinal);
        Assert.Equal("red", await K("get", "deploy", "shop", "-o", "jsonpath={.spec.template.spec.containers[0].env[0].value}"));
        Assert.Contains("configmap/settings pruned", await Fed(Manifest.Split("---")[1], "apply", "-f", "-", "--prune", "-l", "app=shop", "--prune-allowlist", "core/v1/ConfigMap"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Apply_from_the_server(string binary)
    {
        Use(binary);
        Assert.Contains("deployment.apps/shop serverside-applied", await Fed(Manifest, "apply", "--server-side", "-f", "-"), StringComparison.Ordinal);
        var changed = Manifest.Replace("blue", "red", StringComparison.Ordinal);
        var (code, text) = await Tool.Try(_binary, _config, changed, "apply", "--server-side", "--field-manager", "other", "-f", "-");
        Assert.Equal(1, code);
        Assert.Contains("conflict with \"kubectl\"", text, StringComparison.Ordinal);
        await Fed(changed, "apply", "--server-side", "--field-manager", "other", "--force-conflicts", "-f", "-");
        Assert.Equal("red", await K("get", "cm", "settings", "-o", "jsonpath={.data.colour}"));
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Edit_patch_replace_scale_label_annotate(string binary)
    {
        Use(binary);
        await Fed(Manifest, "create", "-f", "-");
        await K("patch", "deploy", "shop", "-p", """{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"nginx:2"}]}}}}""");
        await K("patch", "cm", "settings", "--type=json", "-p", """[{"op":"replace","path":"/data/colour","value":"green"}]""");
        await K("patch", "cm", "settings", "--type=merge", "-p", """{"data":{"size":"1"}}""");
        await K("label", "cm", "settings", "tier=a");
        await K("annotate", "cm", "settings", "note=x");
        await K("scale", "deploy", "shop", "--replicas=0");
        Assert.Equal("green 1 a x", await K("get", "cm", "settings", "-o", "jsonpath={.data.colour} {.data.size} {.metadata.labels.tier} {.metadata.annotations.note}"));
        Assert.Contains("nginx:2", await K("describe", "deploy", "shop"), StringComparison.Ordinal);
        await Fed(await K("get", "cm", "settings", "-o", "yaml"), "replace", "-f", "-");
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Tables_selectors_and_waits(string binary)
    {
        Use(binary);
        await Fed(Manifest, "apply", "-f", "-");
        await K("run", "lone", "--image=busybox", "--restart=Never");
        Assert.Matches(@"NAME\s+READY\s+STATUS\s+RESTARTS\s+AGE\s+IP\s+NODE", await K("get", "pods", "-o", "wide"));
        Assert.Matches(@"lone\s+0/1\s+Pending", await K("get", "pods", "--field-selector", "status.phase=Pending"));
        Assert.Matches(@"shop\s+0/0", await K("get", "deploy"));
        Assert.Contains("No resources found", await K("get", "cm", "-l", "app in (other)"), StringComparison.Ordinal);
        Assert.Contains("condition met", await K("wait", "--for=jsonpath={.status.phase}=Pending", "pod/lone", "--timeout=20s"), StringComparison.Ordinal);
        Assert.Contains("pod/lone condition met", await K("wait", "--for=create", "pod/lone", "--timeout=20s"), StringComparison.Ordinal);
        Assert.Contains("deleted", await K("delete", "pod", "lone", "--wait"), StringComparison.Ordinal);
        Assert.Contains("namespace \"gone\" deleted", await Created("gone"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Custom_kinds_are_explained_listed_and_validated(string binary)
    {
        Use(binary);
        await Fed(Api.Gadgets.Definition, "apply", "-f", "-");
        await K("wait", "--for=condition=Established", "crd/gadgets.test.example.com", "--timeout=20s");
        Assert.Contains("size\t<integer>", await K("explain", "gadget.spec"), StringComparison.Ordinal);
        Assert.Matches(@"gadgets\s+test.example.com/v1\s+true\s+Gadget", await K("api-resources", "--api-group=test.example.com"));
        var (code, text) = await Tool.Try(_binary, _config, Api.Gadgets.Named("g", """{"bogus":1}"""), "apply", "-f", "-");
        Assert.Equal(1, code);
        Assert.Contains("unknown field \"spec.bogus\"", text, StringComparison.Ordinal);
        await Fed(Api.Gadgets.Named("g", """{"size":1}"""), "apply", "-f", "-");
        await K("patch", "gadget", "g", "--subresource=status", "--type=merge", "-p", """{"status":{"phase":"Ready"}}""");
        Assert.Equal("Ready", await K("get", "gadget", "g", "-o", "jsonpath={.status.phase}"));
        await K("delete", "crd", "gadgets.test.example.com");
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Who_am_I_and_what_may_I(string binary)
    {
        Use(binary);
        Assert.Contains(_cluster.UserNames[0], await K("auth", "whoami"), StringComparison.Ordinal);
        Assert.Contains("alice", await K("auth", "whoami", "--as", "alice"), StringComparison.Ordinal);
        Assert.Equal("yes", (await K("auth", "can-i", "create", "pods")).Trim());
        Assert.Equal(3, (await K("create", "token", "default")).Trim().Split('.').Length);
        Assert.Contains("v1.36", await K("version"), StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kubectl))]
    public async Task Typed_creates_come_as_protobuf(string binary)
    {
        Use(binary);
        await K("create", "namespace", "typed");
        await K("create", "-n", "typed", "configmap", "c", "--from-literal=a=b");
        await K("create", "-n", "typed", "secret", "generic", "s", "--from-literal=a=b");
        await K("create", "-n", "typed", "deployment", "d", "--image=nginx", "--replicas=0", "--port=80");
        await K("create", "-n", "typed", "job", "j", "--image=busybox");
        await K("create", "-n", "typed", "role", "r", "--verb=get", "--resource=pods");
        await K("create", "-n", "typed", "rolebinding", "rb", "--role=r", "--user=alice");
        await K("create", "-n", "typed", "poddisruptionbudget", "b", "--selector=a=b", "--min-available=50%");
        await K("create", "-n", "typed", "quota", "q", "--hard=cpu=1,pods=2");
        await K("expose", "-n", "typed", "deployment", "d", "--port=80");
        Assert.Equal("YQ== b 80 50% 1".Replace("YQ==", "Yg==", StringComparison.Ordinal), string.Join(' ',
            await K("get", "-n", "typed", "secret", "s", "-o", "jsonpath={.data.a}"), await K("get", "-n", "typed", "cm", "c", "-o", "jsonpath={.data.a}"),
            await K("get", "-n", "typed", "deploy", "d", "-o", "jsonpath={.spec.template.spec.containers[0].ports[0].containerPort}"),
            await K("get", "-n", "typed", "pdb", "b", "-o", "jsonpath={.spec.minAvailable}"), await K("get", "-n", "typed", "quota", "q", "-o", "jsonpath={.spec.hard.cpu}")));
    }

    private async Task<string> Created(string ns)
    {
        await K("create", "ns", ns);
        await K("create", "-n", ns, "cm", "x");
        return await K("delete", "ns", ns, "--wait", "--timeout=40s");
    }
}
