namespace Berth.DevCluster.Typing;

/// <summary>A value that the declared type cannot hold, worded as Go's decoder words it.</summary>
internal sealed class DecodeException(string message) : Exception(message);
