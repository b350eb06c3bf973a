namespace Berth.DevCluster.Cel;

/// <summary>One run of a program: the variables' values and what the run has cost.</summary>
internal sealed class CelFrame(CelValue[] slots, long limit)
{
    public CelValue[] Slots => slots;

    public long Cost { get; private set; }

    /// <summary>Whether the run has cost more than it may; it then ends, whatever it would have found.</summary>
    public bool Exceeded => Cost > limit;

    public void Charge(long cost) => Cost += cost;
}

/// <summary>A compiled part of an expression.</summary>
internal delegate CelValue CelStep(CelFrame frame);
