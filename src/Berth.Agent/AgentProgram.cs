using System.Runtime.InteropServices;
using Berth.Agent.Journal;

namespace Berth.Agent;

/// <summary>The agent mode.</summary>
internal static class AgentProgram
{
    public static async Task<int> RunAsync()
    {
        var problems = new List<string>();
        var options = AgentOptions.FromEnvironment(Environment.GetEnvironmentVariable, problems);
        foreach (var problem in problems) AgentLog.Error(problem, null);
        if (problems.Count > 0) return 64;
        try
        {
            using var host = new AgentHost(options, new JournalDisk());
            using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Ending(context, host));
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Ending(context, host));
            AgentLog.Info("agent started", ("pod", options.Pod), ("slots", $"{options.Slots}"), ("journal", host.JournalProblem ?? "good"));
            await host.RunAsync(CancellationToken.None);
            AgentLog.Info("agent ended");
            return 0;
        }
        catch (Exception e)
        {
            AgentLog.Error("the agent cannot go on; the kubelet starts it again", e);
            return 70;
        }
    }

    private static void Ending(PosixSignalContext context, AgentHost host)
    {
        context.Cancel = true;
        AgentLog.Info("asked to end; serving what runs until it is done");
        host.BeginEnding();
    }
}
