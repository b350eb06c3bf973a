using System.CommandLine;
using Berth.Cli.Access;
using Berth.Cli.Dev.Processes;
using Berth.Cli.Dev.Stack;
using Berth.History;
using Berth.Kubernetes;

namespace Berth.Cli.Dev.Demo;

/// <summary>The whole story on one machine: starts everything, shows it, proves it, and cleans up.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);

    public static Command Create()
    {
        var keep = new Option<bool>("--keep") { Description = "Leave everything running, and print what to try next." };
        var path = new Option<string?>("--dir") { Description = "Where everything is kept; a directory below /tmp if absent.", HelpName = "D" };
        var command = new Command("demo", "The whole story on this machine: tasks, failures, history.") { keep, path };
        command.SetAction((result, cancellationToken) =>
        {
            var directory = new InstanceDirectory(result.GetValue(path) ?? Directory.CreateTempSubdirectory("berth-demo-").FullName);
            return RunAsync(directory, result.GetValue(keep), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(InstanceDirectory directory, bool keep, CancellationToken cancellationToken)
    {
        var narrator = new Narrator();
        narrator.Chapter("Starting a dev cluster, PostgreSQL and two operators");
        await UpCommand.StartAsync(new(directory.Path, null, null, Replicas: 2, Operator: true, StartLimit), narrator.Act, cancellationToken);
        var succeeded = false;
        try
        {
            succeeded = await ShowAsync(directory, narrator, cancellationToken);
        }
        catch (Exception error) when (error is DevException or CliException or KubernetesException or HistoryUnavailableException)
        {
            narrator.Strike(error.Message);
        }
        finally
        {
            if (!keep) await EndAsync(directory, succeeded, narrator);
        }
        narrator.Print($"\n{(succeeded ? "All of it happened" : "Not all of it happened")}, in {narrator.Elapsed.TotalSeconds:0} s.");
        if (keep) narrator.Print(Next(directory, Samples.FindsTerraform));
        return succeeded ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static async Task<bool> ShowAsync(InstanceDirectory directory, Narrator narrator, CancellationToken cancellationToken)
    {
        var samples = new Samples(Path.Combine(directory.Path, "world"));
        narrator.Act(samples.UsesTerraform ? "terraform is on PATH: the tasks are real Terraform runs" : "terraform is not on PATH: the tasks are a small script with a state file");
        using var admin = new ClusterSession(KubernetesConfig.Load(directory.Kubeconfig), "default");
        await using var history = new HistoryStore(EnvironmentFile.Read(directory.Env)["POSTGRES_CONNECTION_STRING"]);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var feed = new TaskFeed(admin.Client, "default", narrator);
        var following = feed.RunAsync(stop.Token);
        try
        {
            var story = new Story(admin, directory, samples, feed, narrator);
            await story.TellAsync(cancellationToken);
            return await new Proof(admin, history, samples, narrator).ShowAsync(story, cancellationToken);
        }
        finally
        {
            await stop.CancelAsync();
            await following;
        }
    }

    // Logs stay when something went wrong.
    private static async Task EndAsync(InstanceDirectory directory, bool succeeded, Narrator narrator)
    {
        await DownCommand.StopAsync(directory);
        if (succeeded) directory.Remove();
        else narrator.Print($"The logs are in {directory.Logs}.");
    }

    private static string Next(InstanceDirectory directory, bool terraform)
    {
        var berth = Path.Combine(Path.GetDirectoryName(Programs.Self)!, "berth");
        return $"""

            It runs on. Try:
              export KUBECONFIG={directory.Kubeconfig}
              kubectl get bap,bt,bapr -o wide
              kubectl create -f deploy/samples/{(terraform ? "terraform" : "script")}/task.yaml
              {berth} get
              {berth} plan TASK
              {berth} approve TASK
              {berth} logs TASK
              {berth} history TASK
            End it with:
              ./dev down --dir {directory.Path}
            """;
    }
}
