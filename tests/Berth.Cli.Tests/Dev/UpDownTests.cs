using System.Diagnostics;
using Berth.Cli.Dev;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;
using Berth.Kubernetes;
using Npgsql;
using Xunit;

namespace Berth.Cli.Tests.Dev;

public class UpDownTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Up_leaves_a_cluster_and_a_database_and_down_ends_them()
    {
        using var scratch = new Scratch();
        var directory = new InstanceDirectory(scratch.File("d"));
        for (var round = 0; round < 2; round++)
        {
            await UpCommand.StartAsync(Options(directory), _ => { }, TestContext.Current.CancellationToken);
            var processes = directory.ReadProcesses();
            try
            {
                await AnswersAsync(directory);
                var refusal = await Assert.ThrowsAsync<DevException>(() => UpCommand.StartAsync(Options(directory), _ => { }, TestContext.Current.CancellationToken));
                Assert.Contains("./dev down --dir", refusal.Message, StringComparison.Ordinal);
                Assert.Equal(["supervisor", "postgres", "cluster", "pods"], processes.Select(p => p.Name));
            }
            finally
            {
                await DownCommand.StopAsync(directory);
            }
            Assert.DoesNotContain(processes, p => p.Process.IsAlive);
            Assert.False(File.Exists(directory.Env));
        }
    }

    [Fact]
    public async Task Down_ends_everything_though_the_supervisor_was_killed()
    {
        using var scratch = new Scratch();
        var directory = new InstanceDirectory(scratch.File("d"));
        await UpCommand.StartAsync(Options(directory), _ => { }, TestContext.Current.CancellationToken);
        var processes = directory.ReadProcesses();
        Assert.True(processes.Single(p => p.Name == "supervisor").Process.Signal(Posix.Kill));
        Assert.True(await DownCommand.StopAsync(directory) >= 3);
        Assert.DoesNotContain(processes, p => p.Process.IsAlive);
    }

    [Fact]
    public async Task An_instance_that_belongs_to_a_process_ends_with_it()
    {
        using var scratch = new Scratch();
        var directory = new InstanceDirectory(scratch.File("d"));
        using var owner = Process.Start("sleep", "600");
        try
        {
            await UpCommand.StartAsync(Options(directory) with { While = owner.Id }, _ => { }, TestContext.Current.CancellationToken);
            var processes = directory.ReadProcesses();
            Assert.All(processes, p => Assert.True(p.Process.IsAlive));
            owner.Kill();
            await owner.WaitForExitAsync(TestContext.Current.CancellationToken);
            await Until.TrueAsync("the instance lives on", Limit, null, _ => Task.FromResult(processes.Any(p => p.Process.IsAlive) ? "something runs" : null), TestContext.Current.CancellationToken);
        }
        finally
        {
            if (!owner.HasExited) owner.Kill();
            await DownCommand.StopAsync(directory);
        }
    }

    [Fact]
    public async Task A_start_that_fails_says_why_and_leaves_nothing()
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("config"), "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n");
        var directory = new InstanceDirectory(scratch.File("d"));
        var error = await Assert.ThrowsAsync<DevException>(() => UpCommand.StartAsync(Options(directory) with { Kubeconfig = scratch.File("config") }, _ => { }, TestContext.Current.CancellationToken));
        Assert.Contains("no answer", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(directory.ReadProcesses(), p => p.Process.IsAlive);
    }

    private static UpOptions Options(InstanceDirectory directory) => new(directory.Path, null, null, Replicas: 1, Operator: false, Limit);

    private static async Task AnswersAsync(InstanceDirectory directory)
    {
        var env = EnvironmentFile.Read(directory.Env);
        using var client = new KubernetesClient(KubernetesConfig.Load(env["KUBECONFIG"]));
        Assert.NotEmpty((await client.ListAllAsync(Resources.Nodes, cancellationToken: TestContext.Current.CancellationToken)).Items);
        await using var connection = new NpgsqlConnection(PostgresAddress.Parse(env["POSTGRES"]).ConnectionString + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(client.Server.AbsoluteUri.TrimEnd('/'), env["API_URL"]);
        Assert.NotEmpty(env["API_TOKEN"]);
    }
}
