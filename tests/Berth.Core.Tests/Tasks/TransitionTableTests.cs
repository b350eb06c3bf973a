using Berth.Api;
using Berth.Core.Tasks;
using Xunit;

namespace Berth.Core.Tests.Tasks;

public sealed class TransitionTableTests
{
    [Fact]
    public void Every_pair_of_phase_and_signal_stands_once() =>
        Assert.Empty(TaskTransitions.Rows.GroupBy(r => (r.From, r.Signal)).Where(g => g.Count() > 1).Select(g => g.Key));

    [Fact]
    public void Every_phase_can_be_reached()
    {
        var reached = new HashSet<TaskPhase> { TaskPhase.Pending };
        while (TaskTransitions.Rows.Any(r => reached.Contains(r.From) && reached.Add(r.To)))
        {
            // The set grows until nothing more can be reached.
        }
        Assert.Equal(Enum.GetValues<TaskPhase>().Order(), reached.Order());
    }

    [Fact]
    public void Terminal_phases_have_no_exit_but_requeue() =>
        Assert.All(TaskTransitions.Rows.Where(r => r.From.IsTerminal()), r => Assert.Equal((TaskSignal.Requeued, TaskPhase.Pending), (r.Signal, r.To)));

    [Fact]
    public void Every_terminal_phase_can_be_requeued() =>
        Assert.All(Enum.GetValues<TaskPhase>().Where(p => p.IsTerminal()), p => Assert.NotNull(TaskTransitions.Find(p, TaskSignal.Requeued)));

    [Fact]
    public void Nothing_leads_to_Applying_but_an_ordered_apply() =>
        Assert.Equal([(TaskPhase.ApplyPending, TaskSignal.ApplyOrdered)], TaskTransitions.Rows.Where(r => r.To == TaskPhase.Applying).Select(r => (r.From, r.Signal)));

    [Fact]
    public void Every_signal_is_used() =>
        Assert.Empty(Enum.GetValues<TaskSignal>().Except(TaskTransitions.Rows.Select(r => r.Signal)));
}
