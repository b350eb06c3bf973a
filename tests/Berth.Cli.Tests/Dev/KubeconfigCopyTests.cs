using Berth.Cli.Dev;
using Berth.Cli.Dev.Stack;
using Xunit;

namespace Berth.Cli.Tests.Dev;

public class KubeconfigCopyTests
{
    [Fact]
    public void Files_named_beside_the_original_stay_the_same_files()
    {
        using var scratch = new Scratch();
        File.WriteAllText(scratch.File("config"), "clusters:\n- name: a\n  cluster:\n    server: https://x\n    certificate-authority: pki/ca.crt\nusers:\n- name: u\n  user:\n    client-key: /abs/key\n    token: t\n");
        KubeconfigCopy.Write(scratch.File("config"), scratch.File("copy"));
        var text = File.ReadAllText(scratch.File("copy"));
        Assert.Contains($"certificate-authority: {scratch.File("pki/ca.crt")}", text, StringComparison.Ordinal);
        Assert.Contains("client-key: /abs/key", text, StringComparison.Ordinal);
        Assert.Contains("token: t", text, StringComparison.Ordinal);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(scratch.File("copy")));
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("/nowhere/config", Assert.Throws<DevException>(() => KubeconfigCopy.Write("/nowhere/config", "/nowhere/copy")).Message, StringComparison.Ordinal);
}
