using Berth.Api;
using Berth.Kubernetes;
using Berth.Operator.Cluster;
using Xunit;

namespace Berth.Operator.Tests.Pools;

/// <summary>What a pod's status says about why it does not get ready.</summary>
public sealed class PodTroubleTests
{
    private static readonly ContainerState BackOff = new() { Waiting = new() { Reason = "CrashLoopBackOff", Message = "back-off 10s restarting failed container" } };

    [Theory]
    // The loader of the image's C library is another one, or the processor is: the runtime cannot even start it.
    [InlineData(128, "StartError", "exec /berth/bin/Berth.Agent: no such file or directory")]
    [InlineData(127, "Error", "error while loading shared libraries: libstdc++.so.6")]
    [InlineData(126, "Error", "permission denied")]
    public void A_runner_that_cannot_start_in_the_users_image_is_said_as_such(int code, string reason, string message)
    {
        var fault = PodReader.Trouble(PodWith(Status("slot-0", BackOff, code, reason, message)))!;
        Assert.Equal(Reasons.RunnerIncompatible, fault.Reason);
        Assert.Contains($"the runner does not start in image example.org/x:1 (exit code {code}, {reason}: {message})", fault.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl logs p -n team -c slot-0 --previous", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("back-off", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void So_is_one_that_the_runtime_refuses_to_run()
    {
        var refused = new ContainerState { Waiting = new() { Reason = "RunContainerError", Message = "exec format error" } };
        var fault = PodReader.Trouble(PodWith(new ContainerStatus { Name = "slot-1", Image = "example.org/x:1", State = refused }))!;
        Assert.Equal(Reasons.RunnerIncompatible, fault.Reason);
        Assert.Contains("exec format error", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slot-0", 1)]
    [InlineData("slot-0", 137)]
    [InlineData("agent", 127)]
    [InlineData("sidecar", 128)]
    public void Whatever_else_ends_again_and_again_is_a_crash_loop(string container, int code) =>
        Assert.Equal(Reasons.CrashLoop, PodReader.Trouble(PodWith(Status(container, BackOff, code, "Error", "")))!.Reason);

    [Fact]
    public void A_container_that_runs_is_no_trouble() =>
        Assert.Null(PodReader.Trouble(PodWith(Status("slot-0", new ContainerState { Running = new() }, 127, "Error", ""))));

    [Fact]
    public void An_agent_that_runs_is_to_connect_within_a_minute_of_its_start_or_of_a_new_leaders()
    {
        var began = DateTimeOffset.Parse("2030-01-01T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        Pod With(ContainerState state, string phase = "Running") => new() { Metadata = new() { Name = "p", Namespace = "team" }, Status = new() { Phase = phase, InitContainerStatuses = [new ContainerStatus { Name = Names.AgentContainer, State = state }] } };
        var running = With(new ContainerState { Running = new() { StartedAt = began } });
        Assert.Equal(began.AddMinutes(1), PodReader.HeardBy(running, began.AddHours(-1)));
        Assert.Equal(began.AddMinutes(3), PodReader.HeardBy(running, began.AddMinutes(2)));
        Assert.Null(PodReader.HeardBy(With(new ContainerState { Waiting = new() { Reason = "PodInitializing" } }), began));
        Assert.Null(PodReader.HeardBy(With(new ContainerState { Running = new() { StartedAt = began } }, "Failed"), began));
        Assert.Null(PodReader.HeardBy(new Pod { Metadata = new() { Name = "p" } }, began));
        var fault = PodReader.NotHeard(running, "berth-gateway.berth-system.svc:8443");
        Assert.Equal(Reasons.AgentNotConnected, fault.Reason);
        Assert.Contains("berth-gateway.berth-system.svc:8443", fault.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl logs p -n team -c berth-agent", fault.Message, StringComparison.Ordinal);
    }

    private static ContainerStatus Status(string name, ContainerState state, int code, string reason, string message) => new()
    {
        Name = name,
        Image = "example.org/x:1",
        State = state,
        LastState = new() { Terminated = new() { ExitCode = code, Reason = reason, Message = message } },
    };

    private static Pod PodWith(params ContainerStatus[] statuses) => new() { Metadata = new() { Name = "p", Namespace = "team" }, Status = new() { ContainerStatuses = statuses } };
}
