using Berth.Api;

namespace Berth.Cli.Dev.Demo;

/// <summary>A task of the demo, and what is remembered of it for the final checks.</summary>
internal sealed class Actor(string workspace, string value, TaskResource task)
{
    public string Workspace { get; } = workspace;

    /// <summary>What the workspace shall hold in the end.</summary>
    public string Value { get; } = value;

    public string Name { get; } = task.Metadata.Name;

    public string Uid { get; } = task.Metadata.Uid;

    /// <summary>The digest that was approved.</summary>
    public string? ApprovedDigest { get; set; }

    /// <summary>The pod that was taken from it.</summary>
    public string? LostPod { get; set; }

    /// <summary>Whether that was before its plan was stored.</summary>
    public bool LostBeforePlan { get; set; }
}
