using System.Diagnostics;
using System.Globalization;
using Berth.Cli.Dev.Processes;
using Berth.DevCluster;
using Npgsql;

namespace Berth.Cli.Dev.Stack;

/// <summary>
/// A PostgreSQL server of one instance alone: on 127.0.0.1, with a new database directory, without fsync. PostgreSQL refuses to run
/// as root, so root runs it as user postgres.
/// </summary>
internal sealed class PostgresServer
{
    private const string SystemUser = "postgres";
    private const string Database = "berth";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private PostgresServer(SupervisedProgram program, PostgresAddress address) => (Program, Address) = (program, address);

    /// <summary>Started again after a crash, not after somebody stopped it.</summary>
    public SupervisedProgram Program { get; }

    public PostgresAddress Address { get; }

    /// <summary>Makes the database directory; what it returns is not running yet.</summary>
    /// <exception cref="DevException">The binaries or the user are missing, or the directory cannot be made.</exception>
    public static async Task<PostgresServer> CreateAsync(InstanceDirectory directory, Action changed)
    {
        var binaries = FindBinaries();
        var log = directory.Log("postgres");
        var data = await MakeDataDirectoryAsync(directory);
        var port = FreePorts.Take(1)[0];
        string[] settings =
        [
            "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
            "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200",
        ];
        await MustAsync("initdb", log, AsUser([Path.Combine(binaries, "initdb"), "-D", data, "-U", SystemUser, "-A", "trust", "--no-sync", "--no-locale", "-E", "UTF8"]));
        var command = AsUser([Path.Combine(binaries, "postgres"), .. settings]);
        // Its interrupt is a fast shutdown: sessions are ended, nothing is lost.
        var program = new SupervisedProgram(new("postgres", log, command[0], command[1..]), TimeSpan.FromSeconds(10), changed, Posix.Interrupt) { StaysEnded = true };
        return new(program, PostgresAddress.Local(port, SystemUser, Database));
    }

    /// <summary>Waits until it answers, and makes our database.</summary>
    /// <exception cref="DevException">It does not come up.</exception>
    public async Task CreateDatabaseAsync(CancellationToken cancellationToken)
    {
        var waited = Stopwatch.StartNew();
        var log = Program.Start.LogPath;
        var address = Address.ConnectionString + ";Database=postgres;Pooling=false;Timeout=5";
        while (true)
        {
            try
            {
                await using var connection = new NpgsqlConnection(address);
                await connection.OpenAsync(cancellationToken);
                await using var command = new NpgsqlCommand($"create database {Database}", connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
                return;
            }
            catch (NpgsqlException error)
            {
                if (Program.Restarts > 0) throw new DevException($"PostgreSQL ended with code {Program.LastExit} while starting.", log);
                if (waited.Elapsed > StartLimit) throw new DevException($"PostgreSQL does not answer after {StartLimit.TotalSeconds} s: {error.Message}", log);
                await Task.Delay(50, cancellationToken);
            }
        }
    }

    private static string[] AsUser(string[] command) =>
        Posix.IsRoot ? ["setpriv", $"--reuid={SystemUser}", $"--regid={SystemUser}", "--init-groups", "--", .. command] : command;

    // The server's user must be able to walk to its data; directories such as root's home do not let it.
    private static async Task<string> MakeDataDirectoryAsync(InstanceDirectory directory)
    {
        if (!Posix.IsRoot)
        {
            Directory.CreateDirectory(directory.Postgres);
            return directory.Postgres;
        }
        if (!File.ReadLines("/etc/passwd").Any(l => l.StartsWith(SystemUser + ":", StringComparison.Ordinal)))
            throw new DevException($"User {SystemUser} is missing: PostgreSQL refuses to run as root. Run: apt-get install postgresql");
        foreach (var data in new[] { directory.Postgres, Path.Combine(directory.Short, "postgres") })
        {
            Directory.CreateDirectory(data);
            if (await ExitCodeAsync("chown", [SystemUser + ":", data]) == 0 && await ExitCodeAsync("setpriv", AsUser(["test", "-w", data])[1..]) == 0) return data;
        }
        throw new DevException($"User {SystemUser} can write neither to {directory.Postgres} nor below /tmp.");
    }

    private static async Task MustAsync(string name, string log, string[] command)
    {
        using var run = ChildProcess.Run(new(name, log, command[0], command[1..]));
        var code = await run.Exit;
        if (code != 0) throw new DevException($"{name} ended with code {code}.", log);
    }

    private static async Task<int> ExitCodeAsync(string program, string[] arguments)
    {
        using var run = ChildProcess.Run(new(program, "/dev/null", program, arguments));
        return await run.Exit;
    }

    private static string FindBinaries()
    {
        var given = Environment.GetEnvironmentVariable("BERTH_POSTGRES_BIN");
        var packaged = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Reverse().Select(d => Path.Combine(d, "bin")) : [];
        var onPath = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        return new[] { given ?? "" }.Concat(packaged).Concat(onPath).FirstOrDefault(d => d.Length > 0 && File.Exists(Path.Combine(d, "initdb")) && File.Exists(Path.Combine(d, "postgres")))
            ?? throw new DevException("The PostgreSQL server binaries are missing; run: sudo apt-get install postgresql   (or set BERTH_POSTGRES_BIN to a directory with initdb and postgres)");
    }
}
