using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Berth.DevCluster.Access;
using Berth.DevCluster.Cel;
using Berth.DevCluster.Json;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;

namespace Berth.DevCluster.Admission;

/// <summary>ValidatingAdmissionPolicies with their bindings. A policy holds from the moment its binding is stored.</summary>
internal sealed class ValidatingPolicies(Cluster cluster, IAuthorizer authorizer)
{
    private Loaded _loaded = new(null, null, []);

    private sealed record Bound(string Policy, string Binding, JsonObject PolicySpec, JsonObject BindingSpec, AdmissionPolicy Compiled);

    private sealed record Loaded(ImmutableSortedSet<StoredObject>? Policies, ImmutableSortedSet<StoredObject>? Bindings, IReadOnlyList<Bound> All);

    public void Validate(AdmissionRequest request)
    {
        // Policies cannot lock themselves in.
        if (request.Target.Resource.Group == "admissionregistration.k8s.io" || request.Target.Resource.Virtual) return;
        foreach (var bound in Current())
        {
            if (!PolicyMatch.Matches(bound.PolicySpec.Object("matchConstraints"), request, cluster) || !PolicyMatch.Matches(bound.BindingSpec.Object("matchResources"), request, cluster)) continue;
            foreach (var parameter in Parameters(bound, request)) Decide(bound, request, parameter);
        }
    }

    private void Decide(Bound bound, AdmissionRequest request, JsonObject? parameter)
    {
        var input = new AdmissionInput
        {
            Object = request.Object,
            OldObject = request.Old,
            Request = PolicyMatch.Describe(request),
            Params = parameter,
            Namespace = request.Target.Resource.Namespaced ? cluster.Registry.Get("", "namespaces").Store.Find(request.Target.Namespace)?.Parse() : null,
            Authorizer = new PolicyAuthorizer(authorizer, request.Request.User),
        };
        var actions = bound.BindingSpec.Strings("validationActions").ToList();
        foreach (var decision in bound.Compiled.Evaluate(input).Where(d => d.Denied))
        {
            if (actions.Contains("Warn")) request.Request.Warn($"Validation failed for ValidatingAdmissionPolicy '{bound.Policy}' with binding '{bound.Binding}': {decision.Message}");
            if (actions.Count == 0 || actions.Contains("Deny")) throw AdmissionDenial.ByPolicy(request.Target.Resource, PolicyMatch.NameOf(request), bound.Policy, bound.Binding, decision.Message, decision.Reason);
        }
    }

    // One evaluation for each parameter object; a policy without parameters is evaluated once.
    private IEnumerable<JsonObject?> Parameters(Bound bound, AdmissionRequest request)
    {
        if (bound.PolicySpec.Object("paramKind") is not { } kind || bound.BindingSpec.Object("paramRef") is not { } reference) return [null];
        var group = kind.TextOr("", "apiVersion").Contains('/', StringComparison.Ordinal) ? kind.TextOr("", "apiVersion").Split('/')[0] : "";
        var resource = cluster.Registry.FindKind(group, kind.TextOr("", "kind"));
        var ns = resource is { Namespaced: true } ? reference.Text("namespace") is { Length: > 0 } given ? given : request.Target.Namespace : "";
        var selector = reference.Object("selector");
        var found = resource?.Store.Current.Where(o => o.Namespace == ns && (selector is null ? o.Name == reference.Text("name") : LabelSelector.From(selector).Matches(o.Labels())))
            .Select(o => (JsonObject?)o.Parse()).ToList() ?? [];
        if (found.Count > 0) return found;
        if (reference.Text("parameterNotFoundAction") == "Allow") return [];
        if (bound.PolicySpec.Text("failurePolicy") == "Ignore") return [];
        throw AdmissionDenial.ByPolicy(request.Target.Resource, PolicyMatch.NameOf(request), bound.Policy, bound.Binding,
            "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction", "Invalid");
    }

    private IReadOnlyList<Bound> Current()
    {
        var policies = cluster.Registry.Get("admissionregistration.k8s.io", "validatingadmissionpolicies").Store.Current;
        var bindings = cluster.Registry.Get("admissionregistration.k8s.io", "validatingadmissionpolicybindings").Store.Current;
        var loaded = Volatile.Read(ref _loaded);
        if (ReferenceEquals(loaded.Policies, policies) && ReferenceEquals(loaded.Bindings, bindings)) return loaded.All;
        var all = new List<Bound>();
        foreach (var binding in bindings.Select(b => b.Parse()))
        {
            var name = binding.TextOr("", "spec", "policyName");
            if (policies.FirstOrDefault(p => p.Name == name)?.Parse() is not { } policy) continue;
            var spec = policy.Object("spec") ?? [];
            all.Add(new Bound(name, binding.Name(), spec, binding.Object("spec") ?? [], new AdmissionPolicy(spec)));
        }
        Volatile.Write(ref _loaded, new Loaded(policies, bindings, all));
        return all;
    }
}
