using System.CommandLine;
using Berth.Cli.Dev;

namespace Berth.Cli;

/// <summary>The root of the command line: what there is to type.</summary>
internal static class BerthCommand
{
    public static RootCommand Create() => new("Berth: tasks that plan, wait for an approval, and apply on warm slots.")
    {
        DevCommand.Create(),
    };
}
