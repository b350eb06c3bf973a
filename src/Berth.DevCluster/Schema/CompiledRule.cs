using Berth.DevCluster.Cel;

namespace Berth.DevCluster.Schema;

/// <summary>A rule with its programs, or with why it has none.</summary>
internal sealed record CompiledRule(ValidationRule Rule)
{
    /// <summary>The rule's program; null for an error.</summary>
    public CelProgram? Program { get; private init; }

    public string Error { get; private init; } = "";

    public CelProgram? Message { get; private init; }

    public string MessageError { get; private init; } = "";

    public bool UsesOldSelf { get; private init; }

    /// <summary>The rule's field path below its place; empty for the place itself.</summary>
    public string Path { get; private init; } = "";

    public static CompiledRule Compile(ValidationRule rule, CelDecl decl)
    {
        var old = rule.OptionalOldSelf == true
            ? new CelDecl(CelType.Optional(decl.Type)) { Fields = decl.Fields, Element = decl.Element, MaxElements = decl.MaxElements, MinSize = decl.MinSize }
            : decl;
        var environment = new CelEnvironment([KeyValuePair.Create("self", decl), KeyValuePair.Create("oldSelf", old)]);
        var program = CelProgram.Compile(rule.Rule, environment, out var issues);
        var error = program is null ? "compilation failed: " + issues
            : program.Result.Kind != CelTypeKind.Bool ? "cel expression must evaluate to a bool" : "";
        if (error.Length > 0)
            return new CompiledRule(rule) { Error = error, UsesOldSelf = program is not null && program.Named.Contains("oldSelf") };
        var (message, messageError) = CompileMessage(rule.MessageExpression, environment);
        return new CompiledRule(rule)
        {
            Program = program,
            UsesOldSelf = program!.Named.Contains("oldSelf"),
            Message = message,
            MessageError = messageError,
            Path = rule.FieldPath.Length > 0 && decl.Schema is { } schema && RulePath.TryParse(rule.FieldPath, schema, out var path) ? path : "",
        };
    }

    private static (CelProgram? Program, string Error) CompileMessage(string expression, CelEnvironment environment)
    {
        if (expression.Length == 0)
            return (null, "");
        var message = CelProgram.Compile(expression, environment, out var issues);
        if (message is null)
            return (null, "messageExpression compilation failed: " + issues);
        return message.Result.Kind == CelTypeKind.String ? (message, "") : (null, "messageExpression must evaluate to a string");
    }
}
