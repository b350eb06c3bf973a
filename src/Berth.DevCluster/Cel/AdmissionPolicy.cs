using System.Text.Json.Nodes;
using Berth.DevCluster.Schema;

namespace Berth.DevCluster.Cel;

/// <summary>The expressions of a ValidatingAdmissionPolicy, compiled once and evaluated for requests that the policy matches.</summary>
internal sealed class AdmissionPolicy
{
    private const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

    private readonly bool hasParams;
    private readonly bool failOpen;
    private readonly List<Variable> variables = [];
    private readonly List<Validation> conditions = [];
    private readonly List<Validation> validations = [];
    private readonly List<FieldError> errors = [];

    private sealed record Variable(string Name, CelProgram Program);

    private sealed record Validation(string Expression, CelProgram? Program, string Message, CelProgram? MessageProgram, string Reason);

    /// <summary>Compiles the <c>spec</c> of a policy.</summary>
    public AdmissionPolicy(JsonObject spec)
    {
        hasParams = spec["paramKind"] is not null;
        failOpen = Text(spec, "failurePolicy") == "Ignore";
        var path = FieldPath.Of("spec");
        Each(spec, "matchConditions", path, (c, at) => conditions.Add(Read(c, at, AdmissionVariables.Environment(hasParams, hasAuthorizer: true))));
        var environment = DeclareVariables(spec, path);
        Each(spec, "validations", path, (v, at) => validations.Add(Read(v, at, environment)));
        if (validations.Count == 0 && spec["auditAnnotations"] is not JsonArray { Count: > 0 })
            errors.Add(FieldError.Required(path.Child("validations"), "validations or auditAnnotations must contain at least one item"));
    }

    /// <summary>What is wrong with the policy; one with errors is not to be stored.</summary>
    public IReadOnlyList<FieldError> Errors => errors;

    /// <summary>The decisions about a request, one for each validation; none when the match conditions leave it out.</summary>
    public IReadOnlyList<AdmissionDecision> Evaluate(AdmissionInput input)
    {
        if (!Matches(input, out var failure))
            return failure is null ? [] : [failure];
        var values = AdmissionVariables.Values(input, hasParams, hasAuthorizer: true);
        values.Add(CelValue.Of(Lazily([.. values])));
        var variablesAndValues = values.ToArray();
        var budget = 10_000_000L;
        return [.. validations.Select(v => Decide(v, variablesAndValues, ref budget))];
    }

    private static string Text(JsonObject source, string name) => Datum.Of(source[name]).Text;

    private static void Each(JsonObject spec, string list, FieldPath path, Action<JsonObject, FieldPath> read)
    {
        var items = spec[list] as JsonArray ?? [];
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is JsonObject item)
                read(item, path.Child(list).Index(i));
        }
    }

    /// <summary>Declares the policy's variables one after the other: each may use those before it.</summary>
    private CelEnvironment DeclareVariables(JsonObject spec, FieldPath path)
    {
        var fields = new Dictionary<string, CelField>(StringComparer.Ordinal);
        var environment = WithVariables(fields);
        Each(spec, "variables", path, (variable, at) =>
        {
            var (name, expression) = (Text(variable, "name"), Text(variable, "expression"));
            if (name.Length == 0)
                errors.Add(FieldError.Required(at.Child("name"), "name is not specified"));
            else if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') || char.IsAsciiDigit(name[0]) || CelNames.Reserved.Contains(name))
                errors.Add(FieldError.Invalid(at.Child("name"), name, "name is not a valid CEL identifier"));
            else if (fields.ContainsKey(name))
                errors.Add(FieldError.Duplicate(at.Child("name"), name));
            else if (Compile(expression, at.Child("expression"), environment, null) is { } program)
            {
                variables.Add(new Variable(name, program));
                fields = new(fields, StringComparer.Ordinal) { [name] = new CelField(name, Declared(program)) };
                environment = WithVariables(fields);
            }
        });
        return environment;
    }

    private CelEnvironment WithVariables(Dictionary<string, CelField> fields) =>
        AdmissionVariables.Environment(hasParams, hasAuthorizer: true)
            .With("variables", new CelDecl(new CelType(CelTypeKind.Object, "kubernetes.variables"), "kubernetes.variables") { Fields = fields });

    private static CelDecl Declared(CelProgram program) =>
        program.Result.Decl ?? new CelDecl(program.Result) { Nullable = true, MaxElements = SchemaDecl.MaxRequest };

    private Validation Read(JsonObject validation, FieldPath path, CelEnvironment environment)
    {
        var expression = Text(validation, "expression");
        var program = Compile(expression, path.Child("expression"), environment, CelTypeKind.Bool);
        var messageExpression = Text(validation, "messageExpression");
        var message = messageExpression.Length == 0 ? null : Compile(messageExpression, path.Child("messageExpression"), environment, CelTypeKind.String);
        return new Validation(expression, program, Text(validation, "message"), message, Text(validation, "reason") is { Length: > 0 } reason ? reason : "Invalid");
    }

    private CelProgram? Compile(string expression, FieldPath path, CelEnvironment environment, CelTypeKind? result)
    {
        if (expression.Trim().Length == 0)
        {
            errors.Add(FieldError.Required(path, path.ToString().EndsWith("messageExpression", StringComparison.Ordinal)
                ? "must be non-empty if specified"
                : "expression is not specified"));
            return null;
        }
        var program = CelProgram.Compile(expression, environment, out var issues);
        if (program is null)
            errors.Add(FieldError.Invalid(path, expression, "compilation failed: " + issues));
        else if (result is { } wanted && program.Result.Kind != wanted)
            errors.Add(FieldError.Invalid(path, expression, $"must evaluate to {wanted.ToString().ToLowerInvariant()} but got {program.Result}"));
        return program;
    }

    private bool Matches(AdmissionInput input, out AdmissionDecision? failure)
    {
        failure = null;
        var values = AdmissionVariables.Values(input, hasParams, hasAuthorizer: true).ToArray();
        var failed = new List<string>();
        foreach (var condition in conditions)
        {
            var result = condition.Program?.Run(values, out _) ?? CelValue.Error("does not compile");
            if (result.IsFalse)
                return false;
            if (!result.IsTrue)
                failed.Add(Failed(condition, result));
        }
        if (failed.Count == 0)
            return true;
        if (!failOpen)
            failure = new AdmissionDecision(true, true, failed.Count == 1 ? failed[0] : $"[{string.Join(", ", failed.Distinct())}]", "Invalid");
        return false;
    }

    private static string Failed(Validation validation, CelValue result) =>
        $"expression '{validation.Expression}' resulted in error: {(result.IsError ? result.Message : CelValue.NoSuchOverload.Message)}";

    private LazyVariables Lazily(CelValue[] values)
    {
        var lazy = new Dictionary<string, Func<CelValue>>(StringComparer.Ordinal);
        var map = new LazyVariables(lazy);
        CelValue[] withVariables = [.. values, CelValue.Of(map)];
        foreach (var variable in variables)
            lazy[variable.Name] = () => variable.Program.Run(withVariables, out _);
        return map;
    }

    private AdmissionDecision Decide(Validation validation, CelValue[] values, ref long budget)
    {
        if (validation.Program is null)
            return new AdmissionDecision(!failOpen, true, $"expression '{validation.Expression}' does not compile", "Invalid");
        var result = validation.Program.Run(values, out var cost);
        budget -= cost;
        if (budget < 0)
            return new AdmissionDecision(!failOpen, true, OutOfBudget, "Invalid");
        if (result.IsError)
            return new AdmissionDecision(!failOpen, true, Failed(validation, result), "Invalid");
        return result.IsTrue
            ? new AdmissionDecision(false, false, "", "")
            : new AdmissionDecision(true, false, Message(validation, values), validation.Reason);
    }

    private static string Message(Validation validation, CelValue[] values)
    {
        if (validation.MessageProgram?.Run(values, out _) is { Kind: CelKind.String } evaluated)
        {
            var message = evaluated.AsString.Trim();
            if (message.Length is > 0 and <= 5 * 1024 && !message.Contains('\n'))
                return message;
        }
        return validation.Message.Trim() is { Length: > 0 } fixedMessage ? fixedMessage : "failed expression: " + validation.Expression.Trim();
    }
}
