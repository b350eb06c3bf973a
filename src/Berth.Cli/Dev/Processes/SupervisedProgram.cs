using System.Diagnostics;
using System.Globalization;

namespace Berth.Cli.Dev.Processes;

/// <summary>
/// A program that is started again whenever it ends, as a kubelet does: at once the first time, then after pauses that double,
/// forgotten after it ran for a minute. The longest is shorter than a kubelet's: to kill things again and again is what a dev cluster is for.
/// </summary>
internal sealed class SupervisedProgram(ProgramStart start, TimeSpan grace, Action changed, int endSignal = Posix.Terminate)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private ChildProcess? current;
    private bool stopping;

    public ProgramStart Start { get; } = start;

    /// <summary>Whether an end without an error is a wish to be left alone, as a database that somebody stopped has it.</summary>
    public bool StaysEnded { get; init; }

    /// <summary>The process that runs now; null in a pause between two.</summary>
    public ProcessIdentity? Identity
    {
        get { lock (gate) return current?.Identity; }
    }

    /// <summary>How often it ended by itself.</summary>
    public int Restarts { get; private set; }

    /// <summary>The exit code of the last run that ended by itself.</summary>
    public int? LastExit { get; private set; }

    /// <summary>Runs it until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        var pause = TimeSpan.Zero;
        while (!stop.IsCancellationRequested)
        {
            var ran = Stopwatch.StartNew();
            if (Next() is not { } run) return;
            var code = await run.Exit;
            if (stopping) return;
            if (StaysEnded && code == 0)
            {
                Say($"{Start.Name} was stopped; it is not started again");
                lock (gate) current = null;
                run.Dispose();
                changed();
                return;
            }
            (Restarts, LastExit) = (Restarts + 1, code);
            if (ran.Elapsed > Steady) pause = TimeSpan.Zero;
            Say($"{Start.Name} ended with code {code}; starting it again in {pause.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s");
            lock (gate) current = null;
            run.Dispose();
            changed();
            await Task.Delay(pause, stop).ContinueWith(_ => { }, TaskScheduler.Default);
            pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Ends it for good.</summary>
    public async Task StopAsync()
    {
        ChildProcess? last;
        lock (gate) (stopping, last) = (true, current);
        if (last is not null) await last.StopAsync(grace, endSignal);
    }

    private ChildProcess? Next()
    {
        ChildProcess run;
        lock (gate)
        {
            if (stopping) return null;
            run = current = ChildProcess.Run(Start);
        }
        changed();
        return run;
    }

    private static void Say(string text) => Console.WriteLine($"{DateTimeOffset.UtcNow:O} {text}");
}
