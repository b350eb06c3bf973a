namespace Berth.DevCluster.Pods.Volumes;

/// <summary>A volume or variable cannot be provided yet; it is tried again.</summary>
internal sealed class VolumeException(string message) : Exception(message);
