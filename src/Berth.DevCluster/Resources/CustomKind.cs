using System.Text.Json.Nodes;

namespace Berth.DevCluster.Resources;

/// <summary>What a CustomResourceDefinition adds to a resource: the definition it comes from.</summary>
internal sealed record CustomKind(string DefinitionName, string DefinitionUid, JsonObject Spec);
