using System.Text.Json.Nodes;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Berth.DevCluster.Typing;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>POST serviceaccounts/NAME/token.</summary>
internal sealed class TokenRequests(Cluster cluster)
{
    private const long MinSeconds = 600;
    private const long MaxSeconds = 1L << 32;

    public async Task Create(ApiRequest request, Target target)
    {
        if (request.Http.Request.Method != "POST") throw StatusException.MethodNotAllowed();
        var asked = ObjectDecoder.Loose(request, "TokenRequest", await RequestBody.Read(request.Http), "authentication/v1.TokenRequest") ?? [];
        var account = target.Stored().Parse();
        var spec = asked.Ensure("spec");
        if (spec.Array("audiences") is not { Count: > 0 }) spec["audiences"] = new JsonArray(ServiceAccountTokens.ServerAudience);
        spec.Default("expirationSeconds", 3600);
        spec.Default("boundObjectRef", null);
        var seconds = spec.Number("expirationSeconds") ?? 3600;
        CheckLifetime(seconds);
        var bound = Bound(target, spec.Object("boundObjectRef"));
        var now = cluster.Time.GetUtcNow();
        var token = cluster.Credentials.ServiceAccounts.Sign(ServiceAccountClaims.Make(account, (JsonArray)spec["audiences"]!, bound, now, seconds));
        await Responses.Json(request.Http, 201, Answer(request, target, account, spec, token, now, seconds));
    }

    private JsonObject Answer(ApiRequest request, Target target, JsonObject account, JsonObject spec, string token, DateTimeOffset now, long seconds)
    {
        var answer = new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject
            {
                ["name"] = target.Name,
                ["namespace"] = target.Namespace,
                ["uid"] = account.Text("metadata", "uid"),
                ["creationTimestamp"] = ScalarCodec.Write(now),
            },
            ["spec"] = spec.DeepClone(),
            ["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = ScalarCodec.Write(now.AddSeconds(seconds)) },
        };
        Apply.ManagedFields.RecordVirtual(answer, BuiltinTypes.Get("authentication/v1.TokenRequest"), request.FieldManager, "token", cluster.Now());
        return answer;
    }

    private static void CheckLifetime(long seconds)
    {
        var errors = new FieldErrors();
        if (seconds < MinSeconds) errors.Add(FieldError.Invalid("spec.expirationSeconds", seconds.Invariant(), "may not specify a duration less than 10 minutes"));
        if (seconds > MaxSeconds) errors.Add(FieldError.Invalid("spec.expirationSeconds", seconds.Invariant(), "may not specify a duration larger than 2^32 seconds"));
        errors.ThrowIfAny("authentication.k8s.io", "TokenRequest", "");
    }

    // A token can be bound to a pod or a secret of its namespace: it ends with it.
    private JsonObject? Bound(Target target, JsonObject? reference)
    {
        if (reference is null) return null;
        var (kind, name) = (reference.TextOr("", "kind"), reference.TextOr("", "name"));
        var plural = kind switch { "Pod" => "pods", "Secret" => "secrets", _ => throw StatusException.BadRequest($"cannot bind token to object of type {Shown(reference)}") };
        var bound = cluster.Registry.Get("", plural).Store.Find($"{target.Namespace}/{name}")?.Parse() ?? throw StatusException.NotFound("", plural, name);
        var uid = reference.TextOr("", "uid");
        if (uid.Length > 0 && uid != bound.Text("metadata", "uid"))
            throw StatusException.Conflict("", plural, name, $"the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated");
        if (kind == "Pod" && bound.Text("spec", "serviceAccountName") != target.Name)
            throw StatusException.BadRequest($"cannot bind token for serviceaccount \"{target.Name}\" to pod running with different serviceaccount name.");
        bound["kind"] = kind;
        return bound;
    }

    private static string Shown(JsonObject reference)
    {
        var version = reference.TextOr("", "apiVersion");
        return $"{(version.Contains('/', StringComparison.Ordinal) ? version : "/" + version)}, Kind={reference.TextOr("", "kind")}";
    }
}
