using System.Diagnostics;
using System.Text.RegularExpressions;
using Berth.DevCluster;
using Berth.Testing;
using Xunit;

namespace Berth.Chart.Tests;

/// <summary>
/// The images without a base, as far as they can be made without a container engine: the programs are published, <c>.ci/rootfs</c> (which the
/// Dockerfile runs too) assembles their file systems, and they run in them as the image's user with nothing else to see.
/// </summary>
public sealed partial class ImageTests : IDisposable
{
    private readonly Scratch _home = new();

    public void Dispose() => _home.Dispose();

    [Fact, Trait("Suite", "Long")]
    public async Task The_agent_runs_alone_in_its_file_system_and_installs_itself()
    {
        var root = await RootAsync("Berth.Agent", "-p:PublishSingleFile=true", "-p:PublishTrimmed=true");
        var (code, output) = await RunAsync(root, [], "/opt/berth/Berth.Agent", "agent");
        Assert.True(code == 64 && output.Contains("BERTH_NAMESPACE is not set", StringComparison.Ordinal), $"{code}: {output}");
        var target = Directory.CreateDirectory(Path.Combine(root, "target")).FullName;
        File.SetUnixFileMode(target, (UnixFileMode)0b111_111_111);
        (code, output) = await RunAsync(root, [], "/opt/berth/Berth.Agent", "install", "/target");
        Assert.True(code == 0, $"{code}: {output}");
        Assert.True(File.Exists(Path.Combine(target, "Berth.Agent")));
        Assert.True(Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) < 160L * 1024 * 1024);
    }

    [Fact, Trait("Suite", "Long")]
    public async Task The_operator_runs_alone_in_its_file_system_and_finds_its_installation_in_order()
    {
        var root = await RootAsync("Berth.Operator");
        var (code, output) = await RunAsync(root, [], "/opt/berth/Berth.Operator");
        Assert.True(code == 2 && output.Contains("Postgres:ConnectionString is missing", StringComparison.Ordinal), $"{code}: {output}");

        // With a cluster and a database it gets as far as saying that nobody leads: TLS, name lookup, JSON and SQL work in there.
        await using var cluster = await DevCluster.DevCluster.StartAsync(new DevClusterOptions { Crds = Path.Combine(Chart.Root, "crds") });
        await using var postgres = await PostgresServer.StartAsync();
        var kubeconfig = Path.Combine(root, "tmp", "kubeconfig");
        await File.WriteAllTextAsync(kubeconfig, cluster.AdminKubeconfig);
        File.SetUnixFileMode(kubeconfig, (UnixFileMode)0b110_100_100);
        (_, output) = await RunAsync(root, [$"Postgres__ConnectionString={await postgres.CreateDatabaseAsync()}", "Images__Agent=x", "Kubeconfig=/tmp/kubeconfig", "Operator__Namespace=default"], "/opt/berth/Berth.Operator", "check");
        Assert.Contains("ok: tasks, pools and approvals can be read", output, StringComparison.Ordinal);
        Assert.Contains("nobody holds Lease default/berth-operator", output, StringComparison.Ordinal);
        Assert.Contains("FAILED: the database answers: History", output, StringComparison.Ordinal);
        Assert.Contains("schema", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_Dockerfile_names_no_registry_and_nothing_runs_as_root()
    {
        var text = Chart.Read("Dockerfile");
        var stages = Stage().Matches(text).ToList();
        var names = stages.Select(m => m.Groups[2].Value).ToList();
        foreach (var stage in stages)
        {
            var (from, name) = (stage.Groups[1].Value, stage.Groups[2].Value);
            Assert.True(from == "scratch" || from.StartsWith("${DOTNET_IMAGES}/", StringComparison.Ordinal) || names.Contains(from), $"stage {name} is from {from}");
            var body = text[stage.Index..(stages.FirstOrDefault(s => s.Index > stage.Index)?.Index ?? text.Length)];
            if (!body.Contains("ENTRYPOINT", StringComparison.Ordinal)) continue;
            Assert.Contains("USER 65532:65532", body, StringComparison.Ordinal);
            foreach (var label in new[] { "title", "description", "version", "revision" }) Assert.Contains($"org.opencontainers.image.{label}=", body, StringComparison.Ordinal);
        }
        Assert.Equal("operator", names[^1]);
        Assert.Superset(new HashSet<string> { "operator", "agent", "agent-musl", "cli", "agent-scratch", "operator-scratch" }, names.ToHashSet());
    }

    private async Task<string> RootAsync(string project, params string[] options)
    {
        if (Environment.UserName != "root") Assert.Skip("a file system is entered by chroot, which needs root");
        var (source, published, root) = (Path.Combine(_home.Path, "source"), Path.Combine(_home.Path, "out"), Path.Combine(_home.Path, "root"));
        // No servers are left behind: they would hold our pipes open. What the Dockerfile copies, so that a file that it misses is missed here too.
        foreach (var file in new[] { ".editorconfig", "Directory.Build.props", "Directory.Packages.props", "global.json" }) Copy(file, source);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Chart.Root, "src"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Chart.Root, f)).Where(f => !BuildOutput().IsMatch(f))) Copy(file, source);
        var (code, output) = await ProcessAsync("dotnet", ["publish", Path.Combine(source, "src", project), "-c", "Release", "-r", "linux-x64", "--self-contained", "-p:DebugType=none", "-o", published, "-nologo", "-v", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false", .. options], "CI=false");
        if (code != 0 && (output.Contains("NU1101", StringComparison.Ordinal) || output.Contains("NU1301", StringComparison.Ordinal))) Assert.Skip($"the runtime's package cannot be had here: {output}");
        Assert.True(code == 0, output);
        Assert.DoesNotContain("warning IL", output, StringComparison.Ordinal);
        (code, output) = await ProcessAsync("bash", [Path.Combine(Chart.Root, ".ci", "rootfs"), root, published]);
        Assert.True(code == 0, output);
        File.SetUnixFileMode(_home.Path, (UnixFileMode)0b111_101_101);
        return root;
    }

    private static void Copy(string file, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(to, file))!);
        File.Copy(Path.Combine(Chart.Root, file), Path.Combine(to, file));
    }

    /// <summary>As a container engine runs an image: processes of its own, /proc, the devices that every container has, and the image's user.</summary>
    private static Task<(int Code, string Output)> RunAsync(string root, string[] environment, params string[] command)
    {
        const string Script = """
            for device in null zero full random urandom; do touch "$0/dev/$device"; mount --bind "/dev/$device" "$0/dev/$device"; done
            exec chroot --userspec=65532:65532 "$0" "$@"
            """;
        return ProcessAsync("unshare", ["--mount", "--pid", "--fork", $"--mount-proc={root}/proc", "sh", "-euc", Script, root, .. command], environment);
    }

    private static async Task<(int Code, string Output)> ProcessAsync(string program, string[] arguments, params string[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var entry in environment) start.Environment[entry.Split('=', 2)[0]] = entry.Split('=', 2)[1];
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(8));
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end within eight minutes: {await output}{await error}");
        }
        return (process.ExitCode, await output + await error);
    }

    [GeneratedRegex(@"/(bin|obj)/")]
    private static partial Regex BuildOutput();

    [GeneratedRegex(@"^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Stage();
}
