using Berth.DevCluster.Resources;

namespace Berth.DevCluster.OpenApi;

/// <summary>The names of types in OpenAPI documents.</summary>
internal static class SchemaNames
{
    public const string Status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
    public const string ObjectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

    /// <summary>The name of a built-in type, such as <c>core/v1.Pod</c>.</summary>
    public static string Builtin(string type)
    {
        var (group, rest) = (type[..type.IndexOf('/', StringComparison.Ordinal)], type[(type.IndexOf('/', StringComparison.Ordinal) + 1)..]);
        return group switch
        {
            "meta" => "io.k8s.apimachinery.pkg.apis.meta." + rest,
            "apiextensions" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions." + rest,
            "apiregistration" => "io.k8s.kube-aggregator.pkg.apis.apiregistration." + rest,
            _ => $"io.k8s.api.{group}.{rest}",
        };
    }

    public static string Of(ApiResource resource, ServedVersion version) => resource.Custom is null ? Builtin(version.Type.Name)
        : $"{string.Join('.', resource.Group.Split('.').Reverse())}.{version.Name}.{resource.Kind}";
}
