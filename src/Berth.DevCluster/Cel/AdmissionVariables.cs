using System.Text.Json.Nodes;

namespace Berth.DevCluster.Cel;

/// <summary>Declares the variables of admission expressions.</summary>
internal static class AdmissionVariables
{
    private static readonly CelDecl Text = CelDecl.Simple(CelType.String, 2, SchemaDecl.MaxRequest);
    private static readonly CelDecl Texts = ListOf(Text);
    private static readonly CelDecl TextMap = MapOf(Text);

    public static CelDecl Request { get; } = BuildRequest();

    public static CelDecl Namespace { get; } = BuildNamespace();

    /// <summary>The variables in the order that <see cref="Values"/> gives their values.</summary>
    public static CelEnvironment Environment(bool hasParams, bool hasAuthorizer)
    {
        var variables = new List<KeyValuePair<string, CelDecl>>
        {
            new("object", CelDecl.Any),
            new("oldObject", CelDecl.Any),
            new("request", Request),
            new("namespaceObject", Namespace),
        };
        if (hasParams)
            variables.Add(new("params", CelDecl.Any));
        if (hasAuthorizer)
        {
            variables.Add(new("authorizer", new CelDecl(AuthorizerFunctions.Authorizer)));
            variables.Add(new("authorizer.requestResource", new CelDecl(AuthorizerFunctions.RequestResourceType)));
        }
        return new CelEnvironment(variables);
    }

    public static List<CelValue> Values(AdmissionInput input, bool hasParams, bool hasAuthorizer)
    {
        var values = new List<CelValue>
        {
            CelJson.Read(input.Object, CelDecl.Any),
            CelJson.Read(input.OldObject, CelDecl.Any),
            CelJson.Read(input.Request, Request),
            input.Namespace is null ? CelValue.Null : CelJson.Read(input.Namespace, Namespace),
        };
        if (hasParams)
            values.Add(CelJson.Read(input.Params, CelDecl.Any));
        if (hasAuthorizer)
        {
            values.Add(AuthorizerFunctions.ValueOf(input.Authorizer));
            values.Add(AuthorizerFunctions.RequestResource(input.Authorizer, RequestQuery(input.Request)));
        }
        return values;
    }

    private static CelAuthorizationQuery RequestQuery(JsonObject request)
    {
        var resource = request["resource"] as JsonObject;
        return new CelAuthorizationQuery
        {
            Verb = "",
            Group = TextOf(resource?["group"]),
            Resource = TextOf(resource?["resource"]),
            Subresource = TextOf(request["subResource"]),
            Namespace = TextOf(request["namespace"]),
            Name = TextOf(request["name"]),
        };
    }

    private static string TextOf(JsonNode? node) => Schema.Datum.Of(node).Text;

    private static CelDecl BuildRequest()
    {
        var kind = Object("kubernetes.GroupVersionKind", ("group", Text), ("version", Text), ("kind", Text));
        var resource = Object("kubernetes.GroupVersionResource", ("group", Text), ("version", Text), ("resource", Text));
        var user = Object("kubernetes.UserInfo", ("username", Text), ("uid", Text), ("groups", Texts), ("extra", MapOf(Texts)));
        return Object("kubernetes.AdmissionRequest",
            ("kind", kind), ("resource", resource), ("subResource", Text), ("requestKind", kind), ("requestResource", resource),
            ("requestSubResource", Text), ("name", Text), ("namespace", Text), ("operation", Text), ("userInfo", user),
            ("dryRun", CelDecl.Simple(CelType.Bool)), ("options", CelDecl.Any));
    }

    private static CelDecl BuildNamespace()
    {
        var time = CelDecl.Simple(CelType.Timestamp);
        var number = CelDecl.Simple(CelType.Int);
        var metadata = Object("kubernetes.NamespaceMetadata",
            ("name", Text), ("generateName", Text), ("namespace", Text), ("labels", TextMap), ("annotations", TextMap), ("UID", Text),
            ("creationTimestamp", time), ("deletionGracePeriodSeconds", number), ("deletionTimestamp", time), ("generation", number),
            ("resourceVersion", Text), ("finalizers", Texts));
        var condition = Object("kubernetes.NamespaceCondition",
            ("status", Text), ("type", Text), ("lastTransitionTime", time), ("message", Text), ("reason", Text));
        return Object("kubernetes.Namespace",
            ("metadata", metadata),
            ("spec", Object("kubernetes.NamespaceSpec", ("finalizers", Texts))),
            ("status", Object("kubernetes.NamespaceStatus", ("conditions", ListOf(condition)), ("phase", Text))));
    }

    private static CelDecl Object(string name, params (string Name, CelDecl Decl)[] fields) =>
        new(new CelType(CelTypeKind.Object, name), name)
        {
            Fields = fields.ToDictionary(f => f.Name, f => new CelField(f.Name == "UID" ? "uid" : f.Name, f.Decl), StringComparer.Ordinal),
            Nullable = true,
        };

    private static CelDecl ListOf(CelDecl element) => new(CelType.List(element.Type)) { Element = element, MaxElements = SchemaDecl.MaxRequest };

    private static CelDecl MapOf(CelDecl element) =>
        new(CelType.Map(CelType.String, element.Type)) { Element = element, MaxElements = SchemaDecl.MaxRequest };
}
