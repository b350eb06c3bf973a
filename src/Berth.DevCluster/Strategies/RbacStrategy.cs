using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Json;
using Berth.DevCluster.Resources;

namespace Berth.DevCluster.Strategies;

/// <summary>Roles and bindings: looser names, and a binding's role never changes.</summary>
internal sealed class RbacStrategy(string plural) : ResourceStrategy
{
    private const string Group = "rbac.authorization.k8s.io";

    private bool IsBinding => plural.EndsWith("bindings", StringComparison.Ordinal);

    private bool IsNamespaced => plural is "roles" or "rolebindings";

    public override bool AllowCreateOnUpdate => true;

    public override NameRule NameRule => NameRule.PathSegment;

    public override void Default(JsonObject obj)
    {
        if (!IsBinding) return;
        if (obj.Object("roleRef") is { } role) role.SetOrRemove("apiGroup", role.Text("apiGroup") is { Length: > 0 } g ? g : Group);
        foreach (var subject in obj.Objects("subjects"))
        {
            if (string.IsNullOrEmpty(subject.Text("apiGroup")) && subject.Text("kind") is "User" or "Group") subject["apiGroup"] = Group;
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, FieldErrors errors)
    {
        if (!IsBinding)
        {
            foreach (var (rule, i) in obj.Objects("rules").Select((r, i) => (r, i))) Rule(rule, $"rules[{i}]", errors);
            return;
        }
        Reference(obj.Object("roleRef") ?? [], errors);
        foreach (var (subject, i) in obj.Objects("subjects").Select((s, i) => (s, i))) Subject(subject, $"subjects[{i}]", errors);
        if (old is not null && !JsonNode.DeepEquals(old["roleRef"], obj["roleRef"]))
            errors.Add(FieldError.Invalid("roleRef", GoStyle.Struct(obj.Object("roleRef") ?? [], "APIGroup:apiGroup", "Kind", "Name"), "cannot change roleRef"));
    }

    private void Rule(JsonObject rule, string at, FieldErrors errors)
    {
        bool Any(string field) => rule.Array(field) is { Count: > 0 };
        if (!Any("verbs")) errors.Add(FieldError.Required(at + ".verbs", "verbs must contain at least one value"));
        if (Any("nonResourceURLs"))
        {
            var urls = rule["nonResourceURLs"]!.ToJsonString();
            if (IsNamespaced) errors.Add(FieldError.Invalid(at + ".nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"));
            if (Any("apiGroups") || Any("resources") || Any("resourceNames"))
                errors.Add(FieldError.Invalid(at + ".nonResourceURLs", urls, "rules cannot apply to both regular resources and non-resource URLs"));
            return;
        }
        if (!Any("apiGroups")) errors.Add(FieldError.Required(at + ".apiGroups", "resource rules must supply at least one api group"));
        if (!Any("resources")) errors.Add(FieldError.Required(at + ".resources", "resource rules must supply at least one resource"));
    }

    private void Reference(JsonObject role, FieldErrors errors)
    {
        if (role.TextOr("", "apiGroup") is var group && group != Group) errors.Add(FieldError.NotSupported("roleRef.apiGroup", group, Group));
        string[] kinds = IsNamespaced ? ["Role", "ClusterRole"] : ["ClusterRole"];
        if (!kinds.Contains(role.TextOr("", "kind"))) errors.Add(FieldError.NotSupported("roleRef.kind", role.TextOr("", "kind"), kinds));
        var name = role.TextOr("", "name");
        if (name.Length == 0) errors.Add(FieldError.Required("roleRef.name"));
        else foreach (var why in NameValidation.Name(name, NameRule.PathSegment)) errors.Add(FieldError.InvalidText("roleRef.name", name, why));
    }

    private void Subject(JsonObject subject, string at, FieldErrors errors)
    {
        var (name, group) = (subject.TextOr("", "name"), subject.TextOr("", "apiGroup"));
        if (name.Length == 0) errors.Add(FieldError.Required(at + ".name"));
        switch (subject.TextOr("", "kind"))
        {
            case "ServiceAccount":
                if (name.Length > 0) foreach (var why in NameValidation.Name(name, NameRule.Subdomain)) errors.Add(FieldError.InvalidText(at + ".name", name, why));
                if (group.Length > 0) errors.Add(FieldError.NotSupported(at + ".apiGroup", group, ""));
                if (!IsNamespaced && subject.TextOr("", "namespace").Length == 0) errors.Add(FieldError.Required(at + ".namespace"));
                break;
            case "User" or "Group":
                if (group != Group) errors.Add(FieldError.NotSupported(at + ".apiGroup", group, Group));
                break;
            default:
                errors.Add(FieldError.NotSupported(at + ".kind", subject.TextOr("", "kind"), "ServiceAccount", "User", "Group"));
                break;
        }
    }
}
