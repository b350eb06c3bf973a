namespace Berth.Agent;

/// <summary>Copies this program into a volume, from where slot containers run it as their first process.</summary>
internal static class Install
{
    public static int Into(string target)
    {
        try
        {
            Copy(AppContext.BaseDirectory, target);
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            AgentLog.Error($"cannot copy the runner into {target}", e);
            return 73;
        }
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.EnumerateDirectories(from)) Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        foreach (var file in Directory.EnumerateFiles(from))
        {
            // Aside and renamed: a container that restarts must never find half a program.
            var fresh = Path.Combine(to, "." + Path.GetFileName(file) + ".new");
            File.Copy(file, fresh, true);
            File.Move(fresh, Path.Combine(to, Path.GetFileName(file)), true);
        }
    }
}
