using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Agent.Runner;

/// <summary>
/// Starts a program in its own session with posix_spawn. The Process class is never used: it would reap children behind the
/// back of the one wait loop, and it cannot make a session.
/// </summary>
internal static unsafe class Spawner
{
    /// <summary>Larger than any libc's opaque types (336 and 80 bytes in glibc).</summary>
    private const int OpaqueBytes = 1024;

    private const int SetFd = 2;
    private const int CloseOnExec = 1;

    /// <summary>Starts the program; the answer is a pid, or what is wrong in words for the user.</summary>
    public static (int Pid, string? Error) Start(IReadOnlyList<string> argv, IReadOnlyDictionary<string, string> env, string directory, int stdout, int stderr)
    {
        var path = env.GetValueOrDefault("PATH") ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        var (program, problem) = Resolve(argv[0], path, directory);
        if (program is null) return (0, problem);
        var strings = new NativeStrings();
        var memory = (byte*)NativeMemory.AllocZeroed(OpaqueBytes * 3);
        byte* actions = memory, attributes = memory + OpaqueBytes, signals = memory + 2 * OpaqueBytes;
        try
        {
            CloseEverythingOnExec();
            _ = Native.ActionsInit(actions);
            _ = Native.AttributesInit(attributes);
            _ = Native.ActionsOpen(actions, 0, "/dev/null", 0, 0);
            _ = Native.ActionsDup(actions, stdout, 1);
            _ = Native.ActionsDup(actions, stderr, 2);
            _ = Native.ActionsChdir(actions, directory);
            _ = Native.SigEmpty(signals);
            _ = Native.AttributesSigMask(attributes, signals);
            _ = Native.SigFill(signals);
            _ = Native.AttributesSigDefault(attributes, signals);
            _ = Native.AttributesFlags(attributes, Native.SpawnSetSession | Native.SpawnSetSigMask | Native.SpawnSetSigDefault);
            int pid;
            var error = Native.Spawn(&pid, strings.One(program), actions, attributes,
                strings.Many(argv), strings.Many([.. env.Select(p => $"{p.Key}={p.Value}")]));
            return error == 0 ? (pid, null) : (0, Explain(error, argv[0], program));
        }
        finally
        {
            _ = Native.ActionsDestroy(actions);
            _ = Native.AttributesDestroy(attributes);
            NativeMemory.Free(memory);
            strings.Dispose();
        }
    }

    /// <summary>The file that a shell would run: the path itself when it has a slash, otherwise the first executable on PATH.</summary>
    internal static (string? Program, string? Problem) Resolve(string name, string path, string directory)
    {
        if (name.Length == 0) return (null, "the command is empty");
        if (name.Contains('/'))
        {
            var file = Path.Combine(directory, name);
            if (!File.Exists(file)) return (null, $"{name}: no such file in the slot{(name[0] == '/' ? "" : $" (looked in the working directory {directory})")}");
            return Native.Access(file, 1) == 0 ? (file, null) : (null, $"{name} is not executable; chmod +x it or run it through its interpreter");
        }
        string? notExecutable = null;
        foreach (var entry in path.Split(':'))
        {
            var file = Path.Combine(directory, entry, name);
            if (!File.Exists(file)) continue;
            if (Native.Access(file, 1) == 0) return (file, null);
            notExecutable ??= file;
        }
        return (null, notExecutable is null
            ? $"{name}: command not found; PATH is {path}. Use an image of the pool's container `task` that has it, or name its full path"
            : $"{notExecutable} is not executable; PATH is {path}");
    }

    private static string Explain(int error, string name, string program) => error switch
    {
        Native.NoEntry => $"{name}: {program} exists, but its interpreter (first line, or dynamic loader) or the working directory does not",
        Native.Denied => $"{name}: {program} may not be executed (permissions or a noexec mount)",
        Native.NotExecutable => $"{name}: {program} has no format that this machine runs; a script needs an interpreter line such as #!/bin/sh",
        Native.TooBig => $"{name}: arguments and environment together are too long for the kernel",
        _ => $"{name}: cannot start {program}: error {error.ToString(CultureInfo.InvariantCulture)} ({Marshal.GetPInvokeErrorMessage(error)})",
    };

    /// <summary>Ours are made so already; what the container was started with is not.</summary>
    private static void CloseEverythingOnExec()
    {
        foreach (var link in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(link), CultureInfo.InvariantCulture, out var fd) && fd > 2) _ = Native.Fcntl(fd, SetFd, CloseOnExec);
        }
    }

    private sealed class NativeStrings : IDisposable
    {
        private readonly List<nint> _blocks = [];

        public byte* One(string text)
        {
            var bytes = Encoding.UTF8.GetByteCount(text);
            var block = (byte*)NativeMemory.Alloc((nuint)bytes + 1);
            Encoding.UTF8.GetBytes(text, new Span<byte>(block, bytes));
            block[bytes] = 0;
            _blocks.Add((nint)block);
            return block;
        }

        public byte** Many(IReadOnlyList<string> texts)
        {
            var block = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Count + 1) * (nuint)sizeof(byte*));
            _blocks.Add((nint)block);
            for (var i = 0; i < texts.Count; i++) block[i] = One(texts[i]);
            return block;
        }

        public void Dispose()
        {
            foreach (var block in _blocks) NativeMemory.Free((void*)block);
        }
    }
}
