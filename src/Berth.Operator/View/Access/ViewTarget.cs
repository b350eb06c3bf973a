namespace Berth.Operator.View.Access;

/// <summary>What is asked for, in the terms in which the cluster's RBAC judges it.</summary>
internal sealed record ViewTarget(string Verb, string? Namespace, string Resource, string? Subresource = null, string? Name = null);
