using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Berth.DevCluster.Json;

namespace Berth.DevCluster.Identity;

/// <summary>The keys of a persistent cluster, so that kubeconfigs and tokens outlive a restart.</summary>
internal sealed class KeyFile(string path)
{
    private readonly JsonObject _keys = File.Exists(path) ? JsonText.Object(File.ReadAllBytes(path)) : [];

    public CertificateAuthority Authority(string name)
    {
        if (_keys.Object(name) is { } kept) return CertificateAuthority.From(X509Certificate2.CreateFromPem(kept.TextOr("", "certificate"), kept.TextOr("", "key")));
        var made = CertificateAuthority.Create(name);
        using var key = made.Root.GetECDsaPrivateKey()!;
        _keys[name] = new JsonObject { ["certificate"] = made.Pem, ["key"] = key.ExportECPrivateKeyPem() };
        return made;
    }

    public ECDsa ServiceAccountKey()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (_keys.Text("serviceAccounts") is { } kept) key.ImportFromPem(kept);
        else _keys["serviceAccounts"] = key.ExportECPrivateKeyPem();
        return key;
    }

    public string Token(string user)
    {
        var tokens = _keys.Ensure("tokens");
        tokens.Default(user, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)));
        return tokens.TextOr("", user);
    }

    public void Save()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path + ".tmp", JsonText.Bytes(_keys));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path + ".tmp", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
