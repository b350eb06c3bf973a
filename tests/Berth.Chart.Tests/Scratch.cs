namespace Berth.Chart.Tests;

/// <summary>A directory that goes with the test.</summary>
internal sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("bc-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
