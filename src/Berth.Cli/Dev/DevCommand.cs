using System.CommandLine;
using Berth.Cli.Dev.Demo;

namespace Berth.Cli.Dev;

/// <summary><c>berth dev</c>: what ./dev calls. For people who work on Berth, or try it without a cluster.</summary>
internal static class DevCommand
{
    public static Command Create() => new("dev", "Berth on this machine, without a cluster (called by ./dev).")
    {
        UpCommand.Create(),
        DownCommand.Create(),
        DemoCommand.Create(),
        OperatorCommand.Create(),
        PodsCommand.Create(),
        SuperviseCommand.Create(),
        GenerateCommand.Create(),
    };
}
