using System.Text.Json.Nodes;
using Berth.DevCluster.Access;
using Berth.DevCluster.Http;
using Berth.DevCluster.Identity;
using Berth.DevCluster.Json;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Handlers;

/// <summary>Kinds that are questions: who am I, may I, whose token is this.</summary>
internal sealed class Reviews(Cluster cluster, Authenticator authenticator, IAuthorizer authorizer, PodSubresources pods)
{
    public async Task Handle(ApiRequest request, Target target)
    {
        if (request.Http.Request.Method == "GET" && target.Resource.Plural == "componentstatuses")
        {
            await ListWriter.Write(request, target, new ListPage([], cluster.Store.Revision, "", null), cluster);
            return;
        }
        if (request.Http.Request.Method != "POST") throw StatusException.MethodNotAllowed();
        if (target.Resource.Plural == "bindings")
        {
            var body = await RequestBody.Read(request.Http);
            var name = ObjectDecoder.Loose(request, "Binding", body, "core/v1.Binding")?.Name() ?? "";
            request.Http.Request.Body = new MemoryStream(body);
            await pods.Bind(request, new Target(cluster.Registry.Get("", "pods"), cluster.Registry.Get("", "pods").Storage, target.Namespace, name, "binding"));
            return;
        }
        var review = ObjectDecoder.Decode(request, target, await RequestBody.Read(request.Http));
        review.Remove("status");
        Apply.ManagedFields.RecordVirtual(review, target.Version.Type, request.FieldManager, "", cluster.Now());
        review["status"] = Answer(request, target, review);
        if (target.Resource.Plural == "selfsubjectreviews") review["metadata"] = new JsonObject { ["creationTimestamp"] = cluster.Now() };
        Responses.Warnings(request);
        await Responses.Json(request.Http, 201, review);
    }

    private JsonObject Answer(ApiRequest request, Target target, JsonObject review) => target.Resource.Plural switch
    {
        "selfsubjectreviews" => new JsonObject { ["userInfo"] = request.User.ToJson() },
        "tokenreviews" => Token(review),
        "selfsubjectaccessreviews" => Access(request.User, review),
        "subjectaccessreviews" => Access(Subject(target, review), review),
        "localsubjectaccessreviews" => Access(Local(target, review), review),
        "selfsubjectrulesreviews" => Rules(request.User, review.TextOr("", "spec", "namespace")),
        _ => throw StatusException.MethodNotAllowed(),
    };

    private JsonObject Token(JsonObject review)
    {
        if (review.TextOr("", "spec", "token").Length == 0) throw StatusException.BadRequest("token is required for TokenReview in authentication");
        var audiences = review.Strings("spec", "audiences").ToList();
        if (audiences.Count == 0) audiences.Add(ServiceAccountTokens.ServerAudience);
        var token = review.TextOr("", "spec", "token");
        var (user, error) = authenticator.ByToken(token, audiences);
        if (user is null) return new JsonObject { ["user"] = new JsonObject(), ["error"] = error };
        var status = new JsonObject { ["authenticated"] = true, ["user"] = user.ToJson() };
        var meant = cluster.Credentials.ServiceAccounts.Read(token)?.Strings("aud").ToList();
        status["audiences"] = (meant is null ? audiences : audiences.Where(meant.Contains)).ToJson();
        return status;
    }

    private static UserInfo Local(Target target, JsonObject review)
    {
        var asked = review.TextOr("", "spec", "resourceAttributes", "namespace");
        if (asked != target.Namespace)
            throw FieldErrors.Invalid("authorization.k8s.io", "", "", FieldError.InvalidText("spec.resourceAttributes.namespace", asked, "must match metadata.namespace"));
        return Subject(target, review);
    }

    private static UserInfo Subject(Target target, JsonObject review)
    {
        var spec = review.Object("spec") ?? [];
        if (spec.TextOr("", "user").Length == 0 && !spec.Strings("groups").Any())
            throw FieldErrors.Invalid("authorization.k8s.io", "", "", FieldError.Invalid("spec.user", "\"\"", "at least one of user or group must be specified"));
        var extra = (spec.Object("extra") ?? []).ToDictionary(e => e.Key, e => e.Value.Strings().ToArray());
        return new UserInfo(spec.TextOr("", "user"), spec.TextOr("", "uid"), [.. spec.Strings("groups")], extra);
    }

    private JsonObject Access(UserInfo user, JsonObject review)
    {
        AccessAttributes attributes;
        if (review.Object("spec", "resourceAttributes") is { } r)
        {
            attributes = new AccessAttributes(r.TextOr("", "verb"), r.TextOr("", "group"), r.TextOr("", "resource"), r.TextOr("", "subresource"), r.TextOr("", "namespace"), r.TextOr("", "name"));
        }
        else if (review.Object("spec", "nonResourceAttributes") is { } path)
        {
            attributes = new AccessAttributes(path.TextOr("", "verb"), "", "", "", "", "", path.TextOr("", "path"));
        }
        else
        {
            throw FieldErrors.Invalid("authorization.k8s.io", "", "",
                FieldError.Invalid("spec.resourceAttributes", "null", "exactly one of nonResourceAttributes or resourceAttributes must be specified"));
        }
        var (allowed, reason) = authorizer.Authorize(user, attributes);
        var status = new JsonObject { ["allowed"] = allowed };
        if (reason.Length > 0) status["reason"] = reason;
        return status;
    }

    private JsonObject Rules(UserInfo user, string ns)
    {
        if (ns.Length == 0) throw StatusException.BadRequest("no namespace on request");
        var rules = authorizer is IRuleLister lister ? lister.Rules(user, ns)
            : [new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }];
        return new JsonObject
        {
            ["resourceRules"] = new JsonArray([.. rules.Select(r => (JsonNode)r.DeepClone())]),
            ["nonResourceRules"] = new JsonArray(),
            ["incomplete"] = false,
        };
    }
}
