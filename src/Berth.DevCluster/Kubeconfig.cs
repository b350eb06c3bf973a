using System.Text;

namespace Berth.DevCluster;

/// <summary>The kubeconfig of one user.</summary>
internal static class Kubeconfig
{
    public static string Text(Uri url, string authorityPem, string user, string token) => $"""
        apiVersion: v1
        kind: Config
        clusters:
        - name: berth-dev
          cluster:
            server: {url.GetLeftPart(UriPartial.Authority)}
            certificate-authority-data: {Convert.ToBase64String(Encoding.UTF8.GetBytes(authorityPem))}
        users:
        - name: {user}
          user:
            token: {token}
        contexts:
        - name: berth-dev
          context:
            cluster: berth-dev
            user: {user}
            namespace: default
        current-context: berth-dev

        """;
}
