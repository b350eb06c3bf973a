namespace Berth.Api.Schema;

/// <summary>A file that is written from the C# types: its path below the repository's root, and its whole text.</summary>
public sealed record GeneratedFile(string Path, string Text);
