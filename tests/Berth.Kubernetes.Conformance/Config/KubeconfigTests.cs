using System.Text;
using Xunit;

namespace Berth.Kubernetes.Conformance.Config;

public sealed class KubeconfigTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void The_current_context_decides_and_another_can_be_named()
    {
        var file = _directory.Write("config", Sample);
        var current = KubernetesConfig.Load(file);
        Assert.Equal(new Uri("https://one.example:6443/prefix"), current.Server);
        Assert.Equal("team", current.Namespace);
        Assert.Equal("secret", current.Token);
        Assert.Equal("ca", Encoding.UTF8.GetString(current.CertificateAuthorityData!));
        Assert.Equal("kube.internal", current.TlsServerName);
        Assert.Equal(new Uri("socks5://proxy:1080"), current.ProxyUrl);
        var other = KubernetesConfig.Load(file, "other");
        Assert.True(other.InsecureSkipTlsVerify);
        Assert.True(other.DisableCompression);
        Assert.Equal(Path.Combine(_directory.Path, "certs/me.crt"), other.ClientCertificate!.File);
        Assert.Equal("key", Encoding.UTF8.GetString(other.ClientKey!.Data!));
        Assert.Equal("joe", other.ImpersonateUser);
        Assert.Equal(["g1", "g2"], other.ImpersonateGroups);
    }

    [Fact]
    public void Exec_is_read_whole_and_relative_paths_belong_to_the_file()
    {
        var config = KubernetesConfig.Load(_directory.Write("config", Sample), "plugin");
        var exec = config.Exec!;
        Assert.Equal(Path.Combine(_directory.Path, "bin/plugin"), exec.Command);
        Assert.Equal(["get", "token"], exec.Args);
        Assert.Equal("v", exec.Env["K"]);
        Assert.True(exec.ProvideClusterInfo);
        Assert.Equal("Never", exec.InteractiveMode);
        Assert.Equal("apt install plugin", exec.InstallHint);
        Assert.Equal(Path.Combine(_directory.Path, "token"), KubernetesConfig.Load(_directory.Write("config", Sample), "file").TokenFile);
    }

    [Fact]
    public void Files_are_merged_and_the_first_to_say_something_wins()
    {
        var first = _directory.Write("a/config", "users: [{name: me, user: {tokenFile: here}}]\ncurrent-context: ctx\n");
        var second = _directory.Write("b/config", """
            current-context: never
            contexts: [{name: ctx, context: {cluster: c, user: me}}]
            clusters: [{name: c, cluster: {server: "https://c"}}]
            users: [{name: me, user: {token: hidden}}]
            """);
        var config = KubeconfigReader.Read([first, _directory.Path + "/missing", second], mustExist: false).Resolve(null);
        Assert.Equal(Path.Combine(_directory.Path, "a/here"), config.TokenFile);
        Assert.Null(config.Token);
        Assert.Equal("c", config.Server.Host);
    }

    [Fact]
    public void Json_is_yaml() => Assert.Equal("x", KubernetesConfig.Load(_directory.Write("config.json",
        """{"current-context":"a","contexts":[{"name":"a","context":{"cluster":"c"}}],"clusters":[{"name":"c","cluster":{"server":"http://x"}}]}""")).Server.Host);

    [Theory]
    [InlineData("contexts: [{name: a, context: {cluster: c}}]", "No current-context")]
    [InlineData("current-context: a", "no context \"a\"")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]", "no cluster \"c\"")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]", "has no server")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: nowhere}}]", "not an absolute URL")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: \"https://c\", certificate-authority: x, insecure-skip-tls-verify: true}}]", "remove one")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: \"https://c\"}}]\nusers: [{name: u, user: {client-certificate-data: \"!\"}}]", "not base64")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: \"https://c\"}}]\nusers: [{name: u, user: {client-certificate: x}}]", "needs both")]
    [InlineData("current-context: a\ncontexts: [{name: a, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: \"https://c\"}}]\nusers: [{name: u, user: {auth-provider: {name: gcp}}}]", "exec plugin")]
    [InlineData("a: [", "not valid YAML")]
    public void What_is_wrong_is_said(string text, string message)
    {
        var error = Assert.Throws<KubernetesConfigException>(() => KubernetesConfig.Load(_directory.Write("config", text)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_file_must_exist() =>
        Assert.Contains("does not exist", Assert.Throws<KubernetesConfigException>(() => KubernetesConfig.Load(_directory.Path + "/none")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pod_finds_its_service_account()
    {
        _directory.Write("token", "t");
        _directory.Write("namespace", "berth\n");
        var config = InClusterConfig.Load(_directory.Path, "fd00::1", "6443");
        Assert.Equal("https://[fd00::1]:6443/", config.Server.AbsoluteUri);
        Assert.Equal("berth", config.Namespace);
        Assert.Equal(Path.Combine(_directory.Path, "ca.crt"), config.CertificateAuthorityFile);
        Assert.Equal(Path.Combine(_directory.Path, "token"), config.TokenFile);
    }

    private const string Sample = """
        apiVersion: v1
        kind: Config
        current-context: main
        contexts:
        - {name: main, context: {cluster: one, user: token, namespace: team}}
        - {name: other, context: {cluster: two, user: cert}}
        - {name: plugin, context: {cluster: two, user: plugin}}
        - {name: file, context: {cluster: two, user: file}}
        clusters:
        - name: one
          cluster:
            server: https://one.example:6443/prefix
            certificate-authority-data: Y2E=
            tls-server-name: kube.internal
            proxy-url: socks5://proxy:1080
        - name: two
          cluster: {server: "https://two.example", insecure-skip-tls-verify: true, disable-compression: true}
        users:
        - {name: token, user: {token: secret}}
        - {name: file, user: {tokenFile: token}}
        - name: cert
          user:
            client-certificate: certs/me.crt
            client-key-data: a2V5
            as: joe
            as-groups: [g1, g2]
        - name: plugin
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              command: bin/plugin
              args: [get, token]
              env: [{name: K, value: v}]
              provideClusterInfo: true
              interactiveMode: Never
              installHint: apt install plugin
        """;
}
