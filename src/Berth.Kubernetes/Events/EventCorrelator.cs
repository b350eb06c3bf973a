using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Berth.Kubernetes;

/// <summary>An event as it was reported.</summary>
internal readonly record struct ReportedEvent(ObjectReference Regarding, ObjectReference? Related, string Type, string Reason, string Action, string Note, DateTimeOffset At)
{
    public (string?, string?, string?, string?) Object => (Regarding.Kind, Regarding.Namespace, Regarding.Name, Regarding.Uid);
}

/// <summary>What is to be written for a reported event: a new one, or one more of a series.</summary>
internal readonly record struct EventWrite(Event Event, bool IsSeries);

/// <summary>Merges events that are alike and holds back floods. Used by one loop only.</summary>
internal sealed class EventCorrelator(EventRecorderOptions options)
{
    private const string Combined = "(combined from similar events): ";
    private const int NoteLimit = 1024;
    private readonly Bounded<object, (double Tokens, long At)> _buckets = new(options.MemoryLimit);
    private readonly Bounded<object, (HashSet<string> Notes, long Since)> _alike = new(options.MemoryLimit);
    private readonly Bounded<object, (Event Event, long At)> _written = new(options.MemoryLimit);

    /// <summary>What to write; null when the object has used up its allowance.</summary>
    public EventWrite? Correlate(ReportedEvent reported)
    {
        if (!Allow(reported)) return null;
        var group = (reported.Object, reported.Type, reported.Reason, reported.Action);
        var combined = IsOneOfMany(group, reported.Note);
        var note = Shorten(combined ? Combined + reported.Note : reported.Note);
        object identity = combined ? (group, "") : (group, reported.Note);
        var now = options.Time.GetTimestamp();
        if (_written.TryGet(identity, out var before) && options.Time.GetElapsedTime(before.At) <= options.AlikeWindow)
        {
            var series = new EventSeries { Count = (before.Event.Series?.Count ?? 1) + 1, LastObservedTime = reported.At };
            var again = before.Event with { Series = series };
            _written.Set(identity, (again, now));
            return new(again, true);
        }
        var fresh = Compose(reported, note);
        _written.Set(identity, (fresh, now));
        return new(fresh, false);
    }

    /// <summary>Forgets an event that is not on the server (any more), so that the next one alike is created anew.</summary>
    public void Forget(Event written) => _written.RemoveWhere(entry => entry.Event.Metadata.Name == written.Metadata.Name);

    private bool Allow(ReportedEvent reported)
    {
        var now = options.Time.GetTimestamp();
        var tokens = (double)options.Burst;
        if (_buckets.TryGet(reported.Object, out var bucket))
            tokens = Math.Min(options.Burst, bucket.Tokens + (options.Time.GetElapsedTime(bucket.At) / options.RefillPeriod));
        var allowed = tokens >= 1;
        _buckets.Set(reported.Object, (allowed ? tokens - 1 : tokens, now));
        return allowed;
    }

    private bool IsOneOfMany(object group, string note)
    {
        var now = options.Time.GetTimestamp();
        if (!_alike.TryGet(group, out var seen) || options.Time.GetElapsedTime(seen.Since) > options.AlikeWindow) seen = ([], now);
        seen.Notes.Add(note);
        _alike.Set(group, (seen.Notes, now));
        if (seen.Notes.Count < options.AlikeLimit) return false;
        // Enough is known; the notes themselves need not be kept for ever.
        while (seen.Notes.Count > options.AlikeLimit) seen.Notes.Remove(note);
        return true;
    }

    private Event Compose(ReportedEvent reported, string note)
    {
        var suffix = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture)[..16];
        var name = reported.Regarding.Name ?? "unknown";
        return new()
        {
            Metadata = new() { Namespace = reported.Regarding.Namespace ?? options.ClusterNamespace, Name = $"{(name.Length > 230 ? name[..230] : name)}.{suffix}" },
            EventTime = reported.At,
            ReportingController = options.Controller,
            ReportingInstance = options.Instance,
            Action = reported.Action,
            Reason = reported.Reason,
            Type = reported.Type,
            Note = note,
            Regarding = reported.Regarding,
            Related = reported.Related,
        };
    }

    // The server counts bytes.
    private static string Shorten(string note)
    {
        if (Encoding.UTF8.GetByteCount(note) <= NoteLimit) return note;
        Span<byte> bytes = stackalloc byte[NoteLimit - 3];
        Utf8.FromUtf16(note, bytes, out _, out var written);
        return Encoding.UTF8.GetString(bytes[..written]) + "…";
    }
}
