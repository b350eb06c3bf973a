using System.CommandLine;
using Berth.Cli.Output;
using System.Globalization;

namespace Berth.Cli.Dev.Stack;

/// <summary>What `./dev up` was asked for.</summary>
internal sealed record UpOptions(string Directory, string? Kubeconfig, string? Postgres, int Replicas, bool Operator, TimeSpan Timeout, bool Faults = false, int Nodes = 1, int? While = null)
{
    /// <summary>The arguments with which the supervisor reads the same options again.</summary>
    public IReadOnlyList<string> ToArguments()
    {
        List<string> arguments = ["--dir", Directory, "--replicas", Text(Replicas), "--timeout", Text((int)Timeout.TotalSeconds)];
        if (Kubeconfig is not null) arguments.AddRange(["--kubeconfig", Kubeconfig]);
        if (Postgres is not null) arguments.AddRange(["--postgres", Postgres]);
        if (!Operator) arguments.Add("--no-operator");
        if (Nodes != 1) arguments.AddRange(["--nodes", Text(Nodes)]);
        if (Faults) arguments.Add("--faults");
        if (While is { } pid) arguments.AddRange(["--while", Text(pid)]);
        return arguments;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The options of `up` on a command line.</summary>
internal sealed class UpArguments
{
    private readonly Option<string> directory = new("--dir") { Description = "Where everything of this instance is kept.", Required = true, HelpName = "D" };
    private readonly Option<string?> kubeconfig = new("--kubeconfig") { Description = "Use this cluster instead of a dev cluster.", HelpName = "K" };
    private readonly Option<string?> postgres = new("--postgres") { Description = "Use this database instead of a private server.", HelpName = "DSN" };
    private readonly Option<int> replicas = new("--replicas") { Description = "How many operators.", DefaultValueFactory = _ => 2, HelpName = "N" };
    private readonly Option<bool> noOperator = new("--no-operator") { Description = "Everything but the operator." };
    private readonly Option<bool> faults = new("--faults") { Description = "Let administrators make the dev cluster misbehave on command (docs/dev-cluster.md)." };
    private readonly Option<int> nodes = new("--nodes") { Description = "How many fake nodes the pods run on.", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<int?> whilePid = new("--while") { Description = "End everything when this process is gone: a test run that was killed cleans up no more.", HelpName = "PID", Hidden = true };
    private readonly Option<int> timeout = new("--timeout") { Description = "Seconds after which starting has failed.", DefaultValueFactory = _ => 90, HelpName = "S" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { directory, kubeconfig, postgres, replicas, noOperator, faults, nodes, whilePid, timeout }) command.Options.Add(option);
        nodes.Take(1, 1000, "a number from 1 to 1000");
        timeout.Take(1, 86_400, "a number of seconds, 1 or more");
        replicas.Take(1, 9, "a number from 1 to 9; for none use --no-operator");
    }

    public UpOptions Read(ParseResult result) => new(
        Path.GetFullPath(result.GetValue(directory)!),
        result.GetValue(kubeconfig) is { } file ? Path.GetFullPath(file) : null,
        result.GetValue(postgres),
        result.GetValue(replicas),
        !result.GetValue(noOperator),
        TimeSpan.FromSeconds(result.GetValue(timeout)),
        result.GetValue(faults),
        result.GetValue(nodes),
        result.GetValue(whilePid));
}
