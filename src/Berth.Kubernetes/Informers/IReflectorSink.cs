namespace Berth.Kubernetes;

/// <summary>Where a <see cref="Reflector{T}"/> puts what it reads.</summary>
internal interface IReflectorSink<T> where T : class
{
    /// <summary>A complete state, read after the call of <see cref="ListBegins"/> before it.</summary>
    void Replace(Dictionary<ObjectKey, T> objects);

    /// <summary>One change.</summary>
    void Apply(WatchEvent<T> change);

    /// <summary>A list is about to be asked for.</summary>
    void ListBegins();

    /// <summary>Bytes came: the server is there.</summary>
    void Heard();

    /// <summary>Whether a list is wanted even though the watch goes on.</summary>
    bool WantsList { get; }

    /// <summary>The object as it is to be kept.</summary>
    T Keep(T value);
}
