namespace Berth.History;

/// <summary>An archive is damaged or incomplete, or may not be restored here. Nothing was changed.</summary>
public sealed class ArchiveException(string message, Exception? inner = null) : Exception(message, inner);
