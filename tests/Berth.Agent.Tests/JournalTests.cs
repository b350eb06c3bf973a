using Berth.Agent.Journal;
using Berth.Api;
using Berth.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Tests;

public sealed class JournalTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("bj").FullName;

    private string JournalPath => Path.Combine(_directory, "journal");

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void What_was_appended_is_there_after_a_restart()
    {
        using (var journal = Open())
        {
            Assert.True(journal.Append(new EpochObeyed(7), new RunnerBooted(0, "nonce", 3), Accepted("a-1")));
            Assert.True(journal.Append(new StepIntended("a-1", "command"), new AttemptStarted("a-1", DateTimeOffset.UnixEpoch), new DirectoryKept(0, "a-1", "uid")));
        }
        using var again = Open();
        Assert.Equal(7, again.State.HighestEpoch);
        Assert.Equal(("nonce", 3L, "a-1"), (again.State.Slot(0).Nonce, again.State.Slot(0).Boot, again.State.Slot(0).Directory));
        Assert.True(again.State.Seen("a-1"));
        Assert.Equal(AttemptState.Started, again.State.Attempt("a-1")!.State);
        Assert.True(again.State.Attempt("a-1")!.Steps.ContainsKey("command"));
    }

    [Fact]
    public void A_torn_tail_is_cut_at_every_byte_and_writing_goes_on()
    {
        long first;
        using (var journal = Open())
        {
            journal.Append(Accepted("a-1"));
            first = new FileInfo(JournalPath).Length;
            journal.Append(Accepted("a-2"));
        }
        var whole = File.ReadAllBytes(JournalPath);
        for (var length = (int)first; length < whole.Length; length++)
        {
            File.WriteAllBytes(JournalPath, whole[..length]);
            using (var journal = Open())
            {
                Assert.Null(journal.Problem);
                Assert.True(journal.State.Seen("a-1"));
                Assert.False(journal.State.Seen("a-2"));
                Assert.True(journal.Append(Accepted("a-3")));
            }
            using var again = Open();
            Assert.True(again.State.Seen("a-3"), $"cut at {length}");
        }
    }

    [Fact]
    public void Damage_in_the_middle_is_no_torn_tail_and_refuses_everything()
    {
        using (var journal = Open())
        {
            journal.Append(Accepted("a-1"));
            journal.Append(Accepted("a-2"));
            journal.Append(Accepted("a-3"));
        }
        var bytes = File.ReadAllBytes(JournalPath);
        bytes[bytes.Length / 2] ^= 0x40;
        File.WriteAllBytes(JournalPath, bytes);
        using var damaged = Open();
        Assert.Contains("damaged", damaged.Problem, StringComparison.Ordinal);
        Assert.False(damaged.Append(Accepted("a-4")));
        Assert.Equal(bytes, File.ReadAllBytes(JournalPath));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_failed_write_or_flush_is_not_applied_and_heals_by_a_snapshot(bool onFlush)
    {
        var disk = new FaultyDisk();
        using var journal = JournalFile.Open(_directory, disk);
        Assert.True(journal.Append(Accepted("a-1")));
        (disk.FailWrites, disk.FailFlushes) = (!onFlush, onFlush);
        Assert.False(journal.Append(Accepted("a-2")));
        Assert.False(journal.State.Seen("a-2"));
        Assert.Contains("cannot be written", journal.Problem, StringComparison.Ordinal);
        journal.State.Apply(new AttemptStarted("a-1", DateTimeOffset.UnixEpoch)); // happened while the disk was full
        (disk.FailWrites, disk.FailFlushes) = (false, false);
        Assert.True(journal.Append(Accepted("a-3")));
        Assert.Null(journal.Problem);
        using var again = Open();
        Assert.True(again.State.Seen("a-1"));
        Assert.False(again.State.Seen("a-2"));
        Assert.True(again.State.Seen("a-3"));
        Assert.NotNull(again.State.Attempt("a-1")!.StartedAt);
    }

    [Fact]
    public void Compaction_keeps_every_id_and_all_that_matters()
    {
        using (var journal = Open())
        {
            for (var i = 0; i < 3000; i++)
            {
                var id = $"uid-{i}";
                journal.Append(Accepted(id), new StepIntended(id, "prepare"), new AttemptFinished(new AttemptResult { Attempt = id, Message = new string('x', 200) }, 0), new AttemptAcknowledged(id));
            }
            journal.Append(new AttemptBarred("barred", RefusalReasons.SlotTaken, "why"), new EpochObeyed(9));
        }
        Assert.True(new FileInfo(JournalPath).Length < 1_500_000, "the journal was compacted on the way");
        using var again = Open();
        Assert.All(Enumerable.Range(0, 3000), i => Assert.True(again.State.Seen($"uid-{i}")));
        Assert.Equal("why", again.State.Barred("barred")!.Message);
        Assert.Equal(9, again.State.HighestEpoch);
        Assert.Equal("uid-2999", Assert.Single(again.State.Attempts).Attempt);
    }

    [Fact]
    public void The_journal_of_another_pod_is_not_continued()
    {
        using (StateDirectory.Take(_directory, "uid-1")) { }
        using var other = StateDirectory.Take(_directory, "uid-2");
        Assert.Contains("uid-1", other.Problem, StringComparison.Ordinal);
    }

    private JournalFile Open() => JournalFile.Open(_directory, new FaultyDisk());

    private static AttemptAccepted Accepted(string id) => new(id, 0, 1, AttemptKind.Run, "uid", "token");
}

/// <summary>A disk that fails on request; without fsync, which these tests do not measure.</summary>
internal sealed class FaultyDisk : IJournalDisk
{
    private readonly JournalDisk _real = new();

    public bool FailWrites { get; set; }

    public bool FailFlushes { get; set; }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        if (FailWrites)
        {
            _real.Write(file, bytes[..(bytes.Length / 2)], offset); // half of it got there
            throw new IOException("No space left on device");
        }
        _real.Write(file, bytes, offset);
    }

    public void Flush(SafeFileHandle file)
    {
        if (FailFlushes) throw new IOException("Input/output error");
    }

    public void FlushDirectory(string directory) => Flush(null!);
}
