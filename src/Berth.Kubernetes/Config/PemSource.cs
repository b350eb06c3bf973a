using System.Text;

namespace Berth.Kubernetes;

/// <summary>PEM text from a file (read again whenever it is needed) or from the configuration itself.</summary>
/// <param name="File">The file; null when <paramref name="Data"/> is given.</param>
/// <param name="Data">The PEM bytes; null when <paramref name="File"/> is given.</param>
public sealed record PemSource(string? File, byte[]? Data)
{
    internal string Read() => Data is not null ? Encoding.UTF8.GetString(Data) : System.IO.File.ReadAllText(File!);
}
