using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Berth.Cli.Dev.Processes;

namespace Berth.Cli.Dev.Stack;

/// <summary>The directory of one `./dev up`: what is where, and what runs.</summary>
internal sealed class InstanceDirectory(string path)
{
    // Unix sockets below it must stay under 108 bytes, pod and volume names included.
    private const int LongestForSockets = 24;

    public string Path { get; } = System.IO.Path.TrimEndingDirectorySeparator(System.IO.Path.GetFullPath(path));

    public string Kubeconfig => File("kubeconfig");

    /// <summary>The kubeconfig of a user other than the administrator.</summary>
    public string KubeconfigOf(string user) => File("kubeconfig." + user);

    public string Env => File("env");

    public string Logs => File("logs");

    public string Postgres => File("postgres");

    /// <summary>One line that says how far starting has come; see <see cref="StartState"/>.</summary>
    public string State => File("state");

    /// <summary>One line for each process: name, id, start.</summary>
    public string Processes => File("processes");

    /// <summary>Where pods live; somewhere short when this directory's own path is long.</summary>
    public string Pods => Path.Length <= LongestForSockets ? File("pods") : System.IO.Path.Combine(Short, "pods");

    /// <summary>A short directory of this instance alone.</summary>
    public string Short => "/tmp/berth-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path)))[..8];

    /// <summary>Whether `up` has ever used this directory.</summary>
    public bool IsInstance => Directory.Exists(Logs) || System.IO.File.Exists(Processes);

    public string Log(string name) => System.IO.Path.Combine(Logs, name + ".log");

    /// <summary>Removes what an earlier run left, logs included, and makes the directories anew.</summary>
    public void Prepare()
    {
        foreach (var folder in new[] { Logs, Postgres, Pods, Short, File("data") })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(Path);
        foreach (var file in new[] { Kubeconfig, Env, State, Processes, File("ready"), File("ca.crt") }) System.IO.File.Delete(file);
        foreach (var file in Directory.EnumerateFiles(Path, "kubeconfig.*")) System.IO.File.Delete(file);
        Directory.CreateDirectory(Logs);
        Directory.CreateDirectory(Pods);
    }

    /// <summary>Removes everything, logs included.</summary>
    public void Remove()
    {
        foreach (var folder in new[] { Short, Path })
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
    }

    public void WriteProcesses(IEnumerable<(string Name, ProcessIdentity Process)> processes) =>
        Replace(Processes, string.Concat(processes.Select(p => $"{p.Name} {p.Process}\n")));

    public IReadOnlyList<(string Name, ProcessIdentity Process)> ReadProcesses() => !System.IO.File.Exists(Processes)
        ? []
        : System.IO.File.ReadAllLines(Processes).Select(l => l.Split(' ', 2)).Select(p => (p[0], ProcessIdentity.Parse(p[1]))).ToList();

    /// <summary>Writes a file so that a reader sees the old or the new text, never half of it.</summary>
    public static void Replace(string path, string text)
    {
        var next = $"{path}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.next";
        // It may hold the administrator's token: nobody else reads it.
        using (var file = new StreamWriter(System.IO.File.Open(next, KubeconfigCopy.OwnersOnly()))) file.Write(text);
        System.IO.File.Move(next, path, overwrite: true);
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
