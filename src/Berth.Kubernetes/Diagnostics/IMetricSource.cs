namespace Berth.Kubernetes;

/// <summary>Something whose present state is a metric.</summary>
internal interface IMetricSource
{
    /// <summary>Name of the tag that tells sources apart.</summary>
    string TagName { get; }

    /// <summary>Value of that tag.</summary>
    string Name { get; }

    /// <summary>The value of an instrument; null when it is not this source's.</summary>
    double? Read(string instrument);
}
