namespace Berth.DevCluster.Schema;

/// <summary>A schema keyword has a value of the wrong JSON type; the message names keyword and place.</summary>
internal sealed class SchemaFormatException(string message) : Exception(message);
