namespace Berth.DevCluster.Cel;

/// <summary>A checked and compiled expression.</summary>
internal sealed class CelProgram
{
    /// <summary>What one run may cost.</summary>
    public const long RunLimit = 1_000_000;

    /// <summary>How the message of a run that costs more begins.</summary>
    public const string CostExceeded = "operation cancelled: actual cost limit exceeded";

    private readonly CelStep step;
    private readonly int slotCount;

    private CelProgram(CelNode node, CelEnvironment environment, IReadOnlySet<string> named)
    {
        var compiler = new CelCompiler(environment);
        step = compiler.Compile(node);
        slotCount = compiler.SlotCount;
        Tree = node;
        Environment = environment;
        Named = named;
    }

    public CelNode Tree { get; }

    public CelEnvironment Environment { get; }

    /// <summary>The type of the result.</summary>
    public CelType Result => Tree.Type;

    /// <summary>The variables that the expression names.</summary>
    public IReadOnlySet<string> Named { get; }

    /// <summary>Compiles an expression; without a program the issues tell why, as Kubernetes shows them.</summary>
    public static CelProgram? Compile(string expression, CelEnvironment environment, out string issues)
    {
        var tree = CelParser.Parse(expression, out var syntax);
        if (tree is null)
        {
            issues = CelIssue.Display(expression, [syntax!]);
            return null;
        }
        var checker = new CelChecker(environment);
        var found = checker.Check(tree);
        issues = found.Count == 0 ? "" : CelIssue.Display(expression, found);
        return found.Count == 0 ? new CelProgram(tree, environment, checker.Named) : null;
    }

    /// <summary>Runs with the values of the environment's variables in their order.</summary>
    public CelValue Run(ReadOnlySpan<CelValue> variables, out long cost)
    {
        var slots = new CelValue[slotCount];
        variables.CopyTo(slots);
        var frame = new CelFrame(slots, RunLimit);
        var result = step(frame);
        cost = frame.Cost;
        return frame.Exceeded ? CelValue.Error(CostExceeded) : result;
    }
}
