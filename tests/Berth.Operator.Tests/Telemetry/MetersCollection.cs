using Xunit;

namespace Berth.Operator.Tests.Telemetry;

/// <summary>Meters and activity sources are found by name in the whole process, so cases that use them run one after another.</summary>
[CollectionDefinition("meters", DisableParallelization = true)]
public sealed class MetersCollection;
