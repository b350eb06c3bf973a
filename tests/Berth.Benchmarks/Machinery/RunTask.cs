using System.Text.Json.Nodes;
using Berth.Api;
using Berth.Testing;

namespace Berth.Benchmarks.Machinery;

/// <summary>A task of one step, in a workspace of its own, so that none waits for another.</summary>
internal static class RunTask
{
    public static Task CreateAsync(BerthStack stack, TestSpace space, string name, JsonArray command) => stack.Client.CreateAsync(Kinds.AnyTask, new JsonObject
    {
        ["apiVersion"] = Names.ApiVersion,
        ["kind"] = "Task",
        ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = space.Name },
        ["spec"] = new JsonObject
        {
            ["type"] = "Run",
            ["poolRef"] = new JsonObject { ["name"] = "pool" },
            ["workspace"] = name,
            ["run"] = new JsonObject { ["command"] = command },
        },
    }, space.Name);
}
