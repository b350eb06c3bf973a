namespace Berth.Kubernetes;

/// <summary>Growing pauses with a random part; small again after a quiet time.</summary>
internal sealed class Backoff(TimeSpan first, TimeSpan longest, TimeSpan quiet, TimeProvider time)
{
    private TimeSpan _next;
    private long _last;

    public TimeSpan Next()
    {
        if (_next == TimeSpan.Zero || time.GetElapsedTime(_last) > quiet) _next = first;
        var pause = _next * (1 + Random.Shared.NextDouble());
        _next = _next * 2 > longest ? longest : _next * 2;
        _last = time.GetTimestamp();
        return pause;
    }
}
