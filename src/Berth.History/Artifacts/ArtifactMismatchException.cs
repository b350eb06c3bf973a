namespace Berth.History;

/// <summary>Bytes do not have the digest or the size that was promised, or stored bytes were damaged. Nothing was stored, nothing wrong was returned as right.</summary>
public sealed class ArtifactMismatchException(string message, Exception? inner = null) : Exception(message, inner);
