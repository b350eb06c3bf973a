using Xunit;

namespace Berth.Kubernetes.Conformance.Queues;

public class WorkQueueTests
{
    private readonly SimulatedTime _time = new();

    [Fact]
    public async Task One_worker_per_key_and_a_key_added_meanwhile_runs_once_more()
    {
        using var queue = New();
        queue.Add("a");
        queue.Add("a");
        Assert.Equal("a", await Take(queue));
        queue.Add("a");
        queue.Add("a");
        Assert.Equal(0, queue.Depth);
        var next = queue.TakeAsync().AsTask();
        Assert.False(next.IsCompleted);
        queue.Done("a");
        Assert.Equal((true, "a"), await next.WaitAsync(Eventually.Limit));
        queue.Done("a");
        Assert.Equal(0, queue.Depth);
        Assert.Throws<InvalidOperationException>(() => queue.Done("a"));
    }

    [Fact]
    public async Task Live_events_go_before_the_first_fill_but_do_not_starve_it()
    {
        using var queue = New();
        for (var i = 0; i < 10; i++) queue.Add($"b{i}", WorkPriority.Background);
        for (var i = 0; i < 40; i++) queue.Add($"n{i}");
        var order = new List<string>();
        for (var i = 0; i < 50; i++)
        {
            var key = await Take(queue);
            order.Add(key);
            queue.Done(key);
        }
        Assert.DoesNotContain(order.Take(15), static k => k[0] == 'b');
        Assert.Equal("b0", order[15]);
        Assert.Equal(50, order.Distinct().Count());
    }

    [Fact]
    public async Task A_waiting_key_moves_forward_when_something_happens_to_it()
    {
        using var queue = New();
        queue.Add("x", WorkPriority.Background);
        queue.Add("y", WorkPriority.Background);
        queue.Add("y");
        Assert.Equal(2, queue.Depth);
        Assert.Equal("y", await Take(queue));
        queue.Done("y");
        Assert.Equal("x", await Take(queue));
        queue.Done("x");
        Assert.Equal(0, queue.Depth);
        Assert.False(queue.TakeAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task Failures_double_the_pause_and_are_never_dropped()
    {
        using var queue = New();
        var pauses = new List<double>();
        for (var i = 0; i < 40; i++)
        {
            queue.AddRateLimited("a");
            var pause = queue.BackoffOf(i);
            pauses.Add(pause.TotalMilliseconds);
            _time.Advance(pause - TimeSpan.FromTicks(1));
            Assert.Equal(0, queue.Depth);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal("a", await Take(queue));
            queue.Done("a");
        }
        Assert.Equal([5, 10, 20, 40], pauses.Take(4));
        Assert.Equal(1_000_000, pauses[^1]);
        Assert.Equal(40, queue.FailuresOf("a"));
        queue.Forget("a");
        Assert.Equal(0, queue.FailuresOf("a"));
    }

    [Fact]
    public async Task An_event_does_not_reset_the_failures_of_a_key()
    {
        using var queue = New();
        queue.AddRateLimited("a");
        queue.AddRateLimited("a");
        queue.Add("a");
        await Take(queue);
        Assert.Equal(2, queue.FailuresOf("a"));
    }

    [Fact]
    public void Of_several_times_for_a_key_the_earliest_counts()
    {
        using var queue = New();
        queue.AddAfter("a", TimeSpan.FromSeconds(10));
        queue.AddAfter("a", TimeSpan.FromSeconds(3));
        queue.AddAfter("a", TimeSpan.FromSeconds(30));
        Assert.Equal(1, queue.DelayedCount);
        _time.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Equal(0, queue.Depth);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(1, queue.Depth);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, queue.Depth);
    }

    [Fact]
    public void A_hundred_thousand_delayed_keys_share_one_timer_that_does_not_fire_before_its_time()
    {
        using var queue = New();
        for (var i = 0; i < 100_000; i++) queue.AddAfter($"k{i}", TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(i % 1000));
        Assert.Equal(1, _time.TimersArmed);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal(0, _time.TimersFired);
        Assert.Equal(100_000, queue.DelayedCount);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(100_000, queue.Depth);
        Assert.InRange(_time.TimersFired, 1, 1000);
    }

    [Fact]
    public async Task Shutting_wakes_all_who_wait_and_drains_what_runs()
    {
        using var queue = New();
        queue.Add("a");
        await Take(queue);
        var waiting = Enumerable.Range(0, 4).Select(_ => queue.TakeAsync().AsTask()).ToList();
        var drained = queue.DrainAsync();
        Assert.All(await Task.WhenAll(waiting).WaitAsync(Eventually.Limit), static t => Assert.False(t.Found));
        Assert.False(drained.IsCompleted);
        queue.Add("b");
        queue.Done("a");
        await drained.WaitAsync(Eventually.Limit);
        Assert.Equal(0, queue.Depth);
    }

    [Fact]
    public async Task A_cancelled_taker_takes_no_turn_from_others()
    {
        using var queue = New();
        using var cancel = new CancellationTokenSource();
        var cancelled = queue.TakeAsync(cancel.Token).AsTask();
        var other = queue.TakeAsync().AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        queue.Add("a");
        Assert.Equal((true, "a"), await other.WaitAsync(Eventually.Limit));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(3)]
    public async Task No_key_is_lost_and_none_runs_twice_at_once_under_load(int seed)
    {
        using var queue = new WorkQueue<int>(new() { Name = $"load{seed}" });
        var wanted = new int[50];
        var seen = new int[50];
        var running = new int[50];
        var workers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (await queue.TakeAsync() is (true, var key))
            {
                Assert.Equal(1, Interlocked.Increment(ref running[key]));
                Volatile.Write(ref seen[key], Volatile.Read(ref wanted[key]));
                await Task.Yield();
                Interlocked.Decrement(ref running[key]);
                queue.Done(key);
            }
        })).ToList();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(producer => Task.Run(() =>
        {
            var random = new Random((seed * 10) + producer);
            for (var i = 0; i < 20_000; i++)
            {
                var key = random.Next(50);
                Interlocked.Increment(ref wanted[key]);
                if (random.Next(4) == 0) queue.AddAfter(key, TimeSpan.FromMilliseconds(random.Next(3)));
                else queue.Add(key, random.Next(2) == 0 ? WorkPriority.Background : WorkPriority.Normal);
            }
        })));
        await Eventually.Holds(() => queue is { Depth: 0, DelayedCount: 0 } && queue.LongestRunning == TimeSpan.Zero && wanted.SequenceEqual(seen), $"seed {seed}: every key seen in its last state");
        queue.Shut();
        await Task.WhenAll(workers).WaitAsync(Eventually.Limit);
    }

    private static async Task<string> Take(WorkQueue<string> queue)
    {
        var (found, key) = await queue.TakeAsync().AsTask().WaitAsync(Eventually.Limit);
        Assert.True(found);
        return key;
    }

    private WorkQueue<string> New() => new(new() { Name = "test", Time = _time });
}
