using System.Text.Json.Nodes;
using Berth.DevCluster.Cel;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;
using Berth.DevCluster.Schema;
using FieldError = Berth.DevCluster.Http.FieldError;

namespace Berth.DevCluster.Strategies;

/// <summary>CustomResourceDefinitions.</summary>
internal sealed class CustomResourceDefinitionStrategy : ResourceStrategy
{
    public override bool AllowUnconditionalUpdate => false;

    public override bool HasStatus => true;

    public override bool TracksGeneration => true;

    public override void Default(JsonObject obj)
    {
        var spec = obj.Ensure("spec");
        var names = spec.Ensure("names");
        if (string.IsNullOrEmpty(names.Text("singular"))) names["singular"] = names.TextOr("", "kind").ToLowerInvariant();
        if (string.IsNullOrEmpty(names.Text("listKind"))) names["listKind"] = names.TextOr("", "kind") + "List";
        spec.Default("conversion", new JsonObject { ["strategy"] = "None" });
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        var stored = obj.Objects("spec", "versions").FirstOrDefault(v => v.Flag("storage") == true)?.Text("name");
        obj["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = new JsonObject { ["plural"] = "", ["kind"] = "" },
            ["storedVersions"] = stored is null ? new JsonArray() : new JsonArray(stored),
        };
    }

    public override void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
        var stored = obj.Objects("spec", "versions").FirstOrDefault(v => v.Flag("storage") == true)?.Text("name");
        var versions = obj.Ensure("status").EnsureArray("storedVersions");
        if (stored is not null && !versions.Any(v => v.Text() == stored)) versions.Add(stored);
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        var (plural, group) = (obj.TextOr("", "spec", "names", "plural"), obj.TextOr("", "spec", "group"));
        if (obj.Name() != $"{plural}.{group}")
            errors.Add(FieldError.InvalidText("metadata.name", obj.Name(), $"must be spec.names.plural+\".\"+spec.group"));
        if (group.Length == 0) errors.Add(FieldError.Required("spec.group"));
        if (plural.Length == 0) errors.Add(FieldError.Required("spec.names.plural"));
        if (obj.TextOr("", "spec", "names", "kind").Length == 0) errors.Add(FieldError.Required("spec.names.kind"));
        var scope = obj.TextOr("", "spec", "scope");
        if (scope is not ("Namespaced" or "Cluster")) errors.Add(scope.Length == 0 ? FieldError.Required("spec.scope") : FieldError.NotSupported("spec.scope", scope, "Cluster", "Namespaced"));
        var versions = new DefinitionVersions(obj);
        versions.CheckStorage(errors);
        foreach (var (version, i) in versions.Distinct())
        {
            if (version.Object("schema", "openAPIV3Schema") is not { } schema)
            {
                errors.Add(FieldError.Required($"spec.versions[{i}].schema.openAPIV3Schema"));
                continue;
            }
            errors.AddRange(SchemaCheck.Check(schema, versions.Schema(i), version.Object("subresources", "status") is not null)
                .Select(e => new FieldError(e.Reason.CauseType(), e.Field, e.Body)));
        }
        if (old is null) return;
        foreach (var field in (ReadOnlySpan<string>)["group", "scope"])
        {
            if (old.Text("spec", field) != obj.Text("spec", field)) errors.Add(FieldError.InvalidText("spec." + field, obj.TextOr("", "spec", field), "field is immutable"));
        }
    }
}

/// <summary>APIServices.</summary>
internal sealed class APIServiceStrategy : ResourceStrategy
{
    public override bool HasStatus => true;

    public override void Default(JsonObject obj)
    {
        if (obj.Object("spec", "service") is { } service) service.Default("port", 443);
    }

    public override void PrepareForCreate(JsonObject obj) => obj["status"] = new JsonObject();
}

/// <summary>Admission policies and webhook configurations.</summary>
internal sealed class AdmissionRegistrationStrategy(string plural) : ResourceStrategy
{
    public override bool TracksGeneration => true;

    public override bool HasStatus => plural == "validatingadmissionpolicies";

    public override void Default(JsonObject obj)
    {
        if (plural == "validatingadmissionpolicies")
        {
            obj.Ensure("spec").Default("failurePolicy", "Fail");
            if (obj.Object("spec", "matchConstraints") is { } constraints) Constraints(constraints);
        }
        if (plural == "validatingadmissionpolicybindings" && obj.Object("spec", "matchResources") is { } resources) Constraints(resources);
        foreach (var webhook in obj.Objects("webhooks"))
        {
            webhook.Default("failurePolicy", "Fail");
            webhook.Default("matchPolicy", "Equivalent");
            webhook.Default("namespaceSelector", new JsonObject());
            webhook.Default("objectSelector", new JsonObject());
            webhook.Default("timeoutSeconds", 10);
            if (plural == "mutatingwebhookconfigurations") webhook.Default("reinvocationPolicy", "Never");
            foreach (var rule in webhook.Objects("rules")) rule.Default("scope", "*");
            if (webhook.Object("clientConfig", "service") is { } service) service.Default("port", 443);
        }
    }

    public override void PrepareForCreate(JsonObject obj)
    {
        if (HasStatus) obj["status"] = new JsonObject();
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (plural != "validatingadmissionpolicies" || (old is not null && JsonNode.DeepEquals(old["spec"], obj["spec"]))) return;
        if (obj.Object("spec", "matchConstraints") is null) errors.Add(FieldError.Required("spec.matchConstraints"));
        else if (obj.Array("spec", "matchConstraints", "resourceRules") is null or { Count: 0 }) errors.Add(FieldError.Required("spec.matchConstraints.resourceRules"));
        errors.AddRange(new AdmissionPolicy(obj.Object("spec") ?? []).Errors.Select(e => new FieldError(e.Reason.CauseType(), e.Field, e.Body)));
    }

    public override bool DesiredStateChanged(JsonObject obj, JsonObject old) =>
        !JsonNode.DeepEquals(obj["spec"], old["spec"]) || !JsonNode.DeepEquals(obj["webhooks"], old["webhooks"]);

    private static void Constraints(JsonObject constraints)
    {
        constraints.Default("matchPolicy", "Equivalent");
        constraints.Default("namespaceSelector", new JsonObject());
        constraints.Default("objectSelector", new JsonObject());
        foreach (var rule in constraints.Objects("resourceRules").Concat(constraints.Objects("excludeResourceRules"))) rule.Default("scope", "*");
    }
}
