namespace Berth.DevCluster.Cel;

/// <summary>Kubernetes' authorizer library: questions are built up step by step and asked by <c>check</c>.</summary>
internal static class AuthorizerFunctions
{
    public static readonly CelType Authorizer = CelType.Opaque("kubernetes.authorization.Authorizer");
    private static readonly CelType PathCheck = CelType.Opaque("kubernetes.authorization.PathCheck");
    private static readonly CelType GroupCheck = CelType.Opaque("kubernetes.authorization.GroupCheck");
    private static readonly CelType ResourceCheck = CelType.Opaque("kubernetes.authorization.ResourceCheck");
    private static readonly CelType Decision = CelType.Opaque(CelDecision.Name);
    private static readonly CelType Text = CelType.String;

    /// <summary>The value of the variable <c>authorizer</c>.</summary>
    public static CelValue ValueOf(ICelAuthorizer authorizer) =>
        CelValue.Opaque(new Step(Authorizer, authorizer, new CelAuthorizationQuery { Verb = "" }));

    /// <summary>The value of <c>authorizer.requestResource</c>: a question about the request's own resource.</summary>
    public static CelValue RequestResource(ICelAuthorizer authorizer, CelAuthorizationQuery query) =>
        CelValue.Opaque(new Step(ResourceCheck, authorizer, query));

    /// <summary>The declaration of the variable <c>authorizer</c>.</summary>
    public static CelType RequestResourceType => ResourceCheck;

    public static void Register(CelLibrary library)
    {
        Builder(library, "path", Authorizer, PathCheck, (q, v) => q with { Path = v }, "path must not be empty");
        Builder(library, "group", Authorizer, GroupCheck, (q, v) => q with { Group = v });
        Builder(library, "resource", GroupCheck, ResourceCheck, (q, v) => q with { Resource = v }, "resource must not be empty");
        Builder(library, "subresource", ResourceCheck, ResourceCheck, (q, v) => q with { Subresource = v });
        Builder(library, "namespace", ResourceCheck, ResourceCheck, (q, v) => q with { Namespace = v });
        Builder(library, "name", ResourceCheck, ResourceCheck, (q, v) => q with { Name = v });
        library.Member("serviceAccount", [Authorizer, Text, Text], Authorizer, a =>
        {
            var account = (a[1].AsString, a[2].AsString);
            return Next(a[0], Authorizer, q => q with { ServiceAccount = account });
        });
        library.Member("check", [PathCheck, Text], Decision, a => Ask(a[0], a[1].AsString));
        library.Member("check", [ResourceCheck, Text], Decision, a => Ask(a[0], a[1].AsString));
        library.Member("allowed", [Decision], CelType.Bool, a => CelValue.Of(Answer(a[0]).Allowed));
        library.Member("reason", [Decision], Text, a => CelValue.Of(Answer(a[0]).Reason));
        library.Member("errored", [Decision], CelType.Bool, a => CelValue.Of(Answer(a[0]).Error.Length > 0));
        library.Member("error", [Decision], Text, a => CelValue.Of(Answer(a[0]).Error));
    }

    private sealed record Step(CelType Type, ICelAuthorizer Authority, CelAuthorizationQuery Query) : ICelOpaque
    {
        public string TypeName => Type.Name;

        public bool SameAs(ICelOpaque other) => other is Step step && step.Query == Query;
    }

    private static void Builder(
        CelLibrary library, string name, CelType from, CelType to, Func<CelAuthorizationQuery, string, CelAuthorizationQuery> set, string? whenEmpty = null) =>
        library.Member(name, [from, Text], to, a =>
        {
            var value = a[1].AsString;
            return whenEmpty is not null && value.Trim().Length == 0 ? CelValue.Error(whenEmpty) : Next(a[0], to, q => set(q, value));
        });

    private static CelValue Next(CelValue value, CelType type, Func<CelAuthorizationQuery, CelAuthorizationQuery> set)
    {
        var step = (Step)value.AsOpaque;
        return CelValue.Opaque(new Step(type, step.Authority, set(step.Query)));
    }

    private static CelValue Ask(CelValue value, string verb)
    {
        var step = (Step)value.AsOpaque;
        return CelValue.Opaque(step.Authority.Decide(step.Query with { Verb = verb }));
    }

    private static CelDecision Answer(CelValue value) => (CelDecision)value.AsOpaque;
}
