using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Identity;

/// <summary>Signs and reads the tokens of service accounts (JWT, ES256).</summary>
internal sealed class ServiceAccountTokens(TimeProvider time, ECDsa key) : IDisposable
{
    public const string Issuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>The audience of this API server.</summary>
    public const string ServerAudience = Issuer;

    public string Sign(JsonObject claims)
    {
        var head = Encode(Encoding.UTF8.GetBytes("""{"alg":"ES256","kid":"berth-dev-cluster"}"""));
        var signed = head + "." + Encode(JsonText.Bytes(claims));
        return signed + "." + Encode(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256));
    }

    /// <summary>The claims of a token that this cluster signed and whose time has not passed; null for any other text.</summary>
    public JsonObject? Read(string token)
    {
        var parts = token.Split('.');
        if (parts.Length != 3) return null;
        try
        {
            var signature = Base64Url.DecodeFromChars(parts[2]);
            if (!key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature, HashAlgorithmName.SHA256)) return null;
            var claims = JsonText.Object(Base64Url.DecodeFromChars(parts[1]));
            return claims.Number("exp") > time.GetUtcNow().ToUnixTimeSeconds() ? claims : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    public void Dispose() => key.Dispose();

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
