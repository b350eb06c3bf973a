using Berth.Agent.Runner;
using Microsoft.Win32.SafeHandles;

namespace Berth.Agent.Journal;

/// <summary>The disk under the journal, so that a test can fill it, break it or end the process between two writes.</summary>
internal interface IJournalDisk
{
    void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset);

    void Flush(SafeFileHandle file);

    void FlushDirectory(string directory);
}

/// <summary>The real one.</summary>
internal sealed class JournalDisk : IJournalDisk
{
    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(file, bytes, offset);

    public void Flush(SafeFileHandle file) => RandomAccess.FlushToDisk(file);

    public void FlushDirectory(string directory)
    {
        using var handle = new SafeFileHandle(Native.Open(directory, Native.OpenCloseOnExec, 0), true);
        if (handle.IsInvalid) throw new IOException($"cannot open {directory} to flush it: error {Native.LastError}");
        if (Native.Fsync((int)handle.DangerousGetHandle()) != 0) throw new IOException($"cannot flush {directory}: error {Native.LastError}");
    }
}
