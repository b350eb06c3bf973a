namespace Berth.Operator.View.Tables;

/// <summary>The kinds of the aggregated API.</summary>
internal static class ViewKinds
{
    public static readonly ViewKind Positions = new("queuepositions", "queueposition", "QueuePosition", "bq", true,
    [
        new("Pool", "pool"), new("Position", "position", "integer"), new("Priority", "priority", "integer"), new("Workspace", "workspace"), new("Approved", "approved", "boolean"), new("Since", "since", "date"), new("Reason", "reason"), new("Message", "message", Wide: true),
    ]);

    public static readonly ViewKind Slots = new("slots", "slot", "Slot", "bsl", true,
        [new("Pool", "pool"), new("State", "state"), new("Task", "task"), new("Phase", "phase"), new("Since", "since", "date"), new("Workspace", "workspace"), new("Node", "node", Wide: true), new("Attempt", "attempt", Wide: true)]);

    public static readonly ViewKind Connections = new("connections", "connection", "Connection", "bco", true,
        [new("Pool", "pool"), new("Connected", "connected", "boolean"), new("Version", "version"), new("Node", "node"), new("Attempts", "attempts", "integer"), new("Unavailable", "unavailable")]);

    public static readonly ViewKind Operators = new("operators", "operator", "Operator", "bop", false,
        [new("Version", "version"), new("Leads", "leads", "boolean"), new("Epoch", "epoch", "integer"), new("History", "history"), new("Loops", "loops"), new("Time", "time", Wide: true)]);

    public static IReadOnlyList<ViewKind> All { get; } = [Positions, Slots, Connections, Operators];
}
