using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.DevCluster.Pods.Containers;

/// <summary>Carries out a <see cref="RootPlan"/>: by system calls in the calling thread's namespace, or as a shell script.</summary>
internal static class RootMounter
{
    private const int NotFound = 2;

    public static void Mount(IReadOnlyList<MountStep> steps)
    {
        Native.Check(Native.mount(null, "/", null, Native.MountRecursive | Native.MountPrivate, null), "making mounts private");
        bool first = true;
        foreach (MountStep step in steps)
        {
            Mount(step);
            if (first)
            {
                // Its directory lies in a tree that is bound into itself: unbindable, so that the copy ends there.
                Native.Check(Native.mount(null, ((MountStep.Tmpfs)step).Path, null, Native.MountUnbindable, null), "making the root unbindable");
                first = false;
            }
        }
    }

    private static void Mount(MountStep step)
    {
        switch (step)
        {
            case MountStep.Tmpfs made:
                Native.Check(Native.mount("tmpfs", made.Path, "tmpfs", Native.MountNoSuid, "mode=" + Octal(made.Mode)), $"tmpfs on {made.Path}");
                break;
            case MountStep.Directory made:
                Native.Check(Native.mkdir(made.Path, 0b111_101_101), $"mkdir {made.Path}");
                break;
            case MountStep.File made:
                int file = Native.open(made.Path, 0x40 | Native.CloseOnExec, 0b110_100_100);
                Native.Check(file, $"creating {made.Path}");
                _ = Native.close(file);
                break;
            case MountStep.Link made:
                Native.Check(Native.symlink(made.Target, made.Path), $"symlink {made.Path}");
                break;
            case MountStep.Bind bind:
                Bind(bind);
                break;
            default:
                throw new InvalidOperationException($"unknown mount step {step}");
        }
    }

    private static void Bind(MountStep.Bind bind)
    {
        int result = Native.mount(bind.Source, bind.Path, null, Native.MountBind | Native.MountRecursive, null);
        if (result < 0 && bind.Optional && Marshal.GetLastPInvokeError() == NotFound)
        {
            return;
        }

        Native.Check(result, $"mounting {bind.Source}");
        if (bind.ReadOnly)
        {
            Native.Check(
                Native.mount(null, bind.Path, null, Native.MountBind | Native.MountRemount | Native.MountReadOnly, null),
                $"making {bind.Path} read-only");
        }
    }

    /// <summary>The same as a script for <c>sh</c>, run inside a user namespace.</summary>
    public static string Script(IReadOnlyList<MountStep> steps)
    {
        var script = new StringBuilder("set -e\n");
        bool first = true;
        foreach (MountStep step in steps)
        {
            script.AppendLine(step switch
            {
                MountStep.Tmpfs made => $"mount -t tmpfs -o mode={Octal(made.Mode)} tmpfs {Quote(made.Path)}",
                MountStep.Directory made => $"mkdir {Quote(made.Path)}",
                MountStep.File made => $": > {Quote(made.Path)}",
                MountStep.Link made => $"ln -s {Quote(made.Target)} {Quote(made.Path)}",
                MountStep.Bind { Optional: true } bind => $"mount --rbind {Quote(bind.Source)} {Quote(bind.Path)} || [ ! -e {Quote(bind.Source)} ]",
                MountStep.Bind { ReadOnly: true } bind =>
                    $"mount --rbind {Quote(bind.Source)} {Quote(bind.Path)}; mount -o remount,bind,ro {Quote(bind.Path)}",
                MountStep.Bind bind => $"mount --rbind {Quote(bind.Source)} {Quote(bind.Path)}",
                _ => throw new InvalidOperationException($"unknown mount step {step}"),
            });
            if (first)
            {
                script.AppendLine(CultureInfo.InvariantCulture, $"mount --make-unbindable {Quote(((MountStep.Tmpfs)step).Path)}");
                first = false;
            }
        }

        return script.ToString();
    }

    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Octal(UnixFileMode mode) => Convert.ToString((int)mode, 8);
}
