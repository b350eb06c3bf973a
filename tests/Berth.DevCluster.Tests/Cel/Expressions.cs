using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Tests.Cel;

/// <summary>Runs single expressions over a JSON value declared by a schema, or over nothing.</summary>
internal static class Expressions
{
    /// <summary>The value of an expression without variables, as text; an error's message after <c>error: </c>.</summary>
    public static string Run(string expression) => Text(Compile(expression, []).Run([], out _));

    public static string Run(string expression, string schema, string self)
    {
        var decl = SchemaDecl.Of(StructuralSchema.Parse(JsonNode.Parse(schema)!), resourceRoot: false)!;
        var program = Compile(expression, [KeyValuePair.Create("self", decl)]);
        return Text(program.Run([CelJson.Read(JsonNode.Parse(self), decl)], out _));
    }

    /// <summary>The issues of an expression that must not compile.</summary>
    public static string Issues(string expression, string? schema = null)
    {
        var decl = schema is null ? CelDecl.Any : SchemaDecl.Of(StructuralSchema.Parse(JsonNode.Parse(schema)!), resourceRoot: false)!;
        var program = CelProgram.Compile(expression, new CelEnvironment([KeyValuePair.Create("self", decl)]), out var issues);
        return program is null ? issues : $"compiled, type {program.Result}";
    }

    public static CelProgram Compile(string expression, IReadOnlyList<KeyValuePair<string, CelDecl>> variables) =>
        CelProgram.Compile(expression, new CelEnvironment(variables), out var issues) ?? throw new InvalidOperationException(issues);

    private static string Text(CelValue value) => value.IsError ? "error: " + value.Message : value.ToString();
}
