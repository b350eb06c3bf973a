using System.Security.Cryptography;
using System.Text;
using Berth.Kubernetes;

namespace Berth.Testing;

/// <summary>
/// The right to run operators in the cluster of BERTH_TEST_KUBECONFIG: one stack at a time, also between test processes. Two would share
/// one Lease, and the leader of one would write the history of both into its own database.
/// </summary>
public sealed class GivenClusterTurn : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private readonly FileStream _held;

    private GivenClusterTurn(FileStream held) => _held = held;

    /// <summary>Waits for the turn.</summary>
    /// <exception cref="TimeoutException">Somebody has held it for an hour.</exception>
    public static async Task<GivenClusterTurn> TakeAsync(string kubeconfig)
    {
        var server = KubernetesConfig.Load(kubeconfig).Server.ToString();
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(server)))[..16];
        var file = Path.Combine(Path.GetTempPath(), $"berth-tests-{name}.lock");
        for (var waited = TimeSpan.Zero; waited < TimeSpan.FromHours(1); waited += Interval)
        {
            try
            {
                return new GivenClusterTurn(new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException)
            {
                await Task.Delay(Interval);
            }
        }
        throw new TimeoutException($"another test run holds {file}");
    }

    /// <inheritdoc />
    public void Dispose() => _held.Dispose();
}
