using System.Text;

namespace Berth.DevCluster.Aggregation;

/// <summary>
/// The connection of one request to an aggregated server. HttpClient writes several values of a header into one line, with commas between
/// them; a front proxy writes a line for each, and who reads them takes a line for one value. So the values come here escaped
/// (<see cref="Escape"/>), and leave as a front proxy writes them. What follows the header lines is passed on as it is.
/// </summary>
internal sealed class HeaderLines(Stream inner) : Stream
{
    private const string Prefix = "X-Remote-";
    private const int Longest = 1024 * 1024;
    private MemoryStream? _head = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>A value such that neither a comma nor a letter beyond ASCII is left in it.</summary>
    public static string Escape(string value) => Uri.EscapeDataString(value);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_head is null)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            return;
        }
        _head.Write(buffer.Span);
        var written = _head.GetBuffer().AsMemory(0, (int)_head.Length);
        if (written.Span.IndexOf("\r\n\r\n"u8) is not (>= 0 and var end))
        {
            if (written.Length > Longest) throw new IOException("the header of a request is longer than any aggregated server reads");
            return;
        }
        _head = null;
        await inner.WriteAsync(Encoding.UTF8.GetBytes(Separate(Encoding.Latin1.GetString(written.Span[..end]))), cancellationToken);
        await inner.WriteAsync(written[end..], cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("this connection is written asynchronously");

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override void Flush() => inner.Flush();

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing) inner.Dispose();
        base.Dispose(disposing);
    }

    private static string Separate(string head) => string.Join("\r\n", head.Split("\r\n").SelectMany(line =>
    {
        if (!line.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) || line.IndexOf(':', StringComparison.Ordinal) is not (> 0 and var colon)) return [line];
        return line[(colon + 1)..].Split(',').Select(value => $"{line[..colon]}: {Uri.UnescapeDataString(value.Trim())}");
    }));
}
