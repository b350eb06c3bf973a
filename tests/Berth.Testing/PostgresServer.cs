using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Berth.Testing;

/// <summary>
/// A PostgreSQL server for tests: a private one from local binaries in a directory of its own, on a free port, never as root;
/// or, where BERTH_TEST_POSTGRES names one, that server (then <see cref="IsPrivate"/> is false and it cannot be stopped).
/// Many may run side by side. A shell beside the server ends it and removes its files when this process goes away, however it does.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan CommandLimit = TimeSpan.FromSeconds(60);

    private readonly List<string> created = [];
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Process? keeper;

    private PostgresServer(string connectionString, string? directory, Process? keeper)
    {
        ConnectionString = connectionString;
        Directory = directory;
        this.keeper = keeper;
    }

    /// <summary>Connects to the database <c>postgres</c>, or to the one that BERTH_TEST_POSTGRES names.</summary>
    public string ConnectionString { get; }

    /// <summary>Whether the server is ours, so that it may be stopped, frozen and broken.</summary>
    public bool IsPrivate => keeper is not null;

    /// <summary>The directory of a private server (data in <c>data</c>, log in <c>log</c>).</summary>
    public string? Directory { get; }

    /// <summary>Where the binaries are, or null when there are none on this machine.</summary>
    public static string? FindBinaries()
    {
        var places = new List<string?> { Environment.GetEnvironmentVariable("BERTH_POSTGRES_BIN") };
        if (System.IO.Directory.Exists("/usr/lib/postgresql"))
            places.AddRange(System.IO.Directory.GetDirectories("/usr/lib/postgresql").OrderDescending(StringComparer.Ordinal).Select(d => d + "/bin"));
        places.AddRange((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'));
        return places.FirstOrDefault(p => !string.IsNullOrEmpty(p) && File.Exists(p + "/initdb") && File.Exists(p + "/pg_ctl"));
    }

    /// <summary>Starts a server, or connects to the one that BERTH_TEST_POSTGRES names unless <paramref name="alwaysPrivate"/> is set.</summary>
    public static async Task<PostgresServer> StartAsync(bool alwaysPrivate = false, string? settings = null, CancellationToken cancellation = default)
    {
        if (!alwaysPrivate && Environment.GetEnvironmentVariable("BERTH_TEST_POSTGRES") is { Length: > 0 } given) return new PostgresServer(given, null, null);
        var binaries = FindBinaries() ?? throw new InvalidOperationException(
            "No PostgreSQL server binaries: install the package postgresql, or set BERTH_POSTGRES_BIN to a directory with initdb and pg_ctl, or BERTH_TEST_POSTGRES to a connection string.");
        for (var attempt = 1; ; attempt++)
        {
            var server = await TryStartAsync(binaries, settings ?? "", cancellation);
            if (server is not null) return server;
            if (attempt == 3) throw new InvalidOperationException("PostgreSQL did not start three times in a row; its log went to standard error.");
        }
    }

    /// <summary>Makes a database, empty or like another one that nobody is connected to, and returns its connection string; it goes with the server.</summary>
    public async Task<string> CreateDatabaseAsync(string template = "template0", CancellationToken cancellation = default)
    {
        var name = "berth_" + Guid.NewGuid().ToString("N")[..12];
        await ExecuteAsync($"create database {name} template {template}", cancellation);
        lock (created) created.Add(name);
        return new NpgsqlConnectionStringBuilder(ConnectionString) { Database = name }.ConnectionString;
    }

    /// <summary>Runs a statement as the owner of the server.</summary>
    public async Task ExecuteAsync(string sql, CancellationToken cancellation = default)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellation);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Stops the server as an administrator would: sessions are ended, data is kept.</summary>
    public Task StopAsync() => TellAsync("stop");

    /// <summary>Ends the server as a power cut would.</summary>
    public Task CrashAsync() => TellAsync("crash");

    /// <summary>Starts a stopped server again on the same port.</summary>
    public Task StartAgainAsync() => TellAsync("start");

    /// <summary>Stops and starts.</summary>
    public Task RestartAsync() => TellAsync("restart");

    /// <summary>Makes a standby the primary.</summary>
    public Task PromoteAsync() => TellAsync("promote");

    /// <summary>Freezes every process of the server: connections stay open and nobody answers.</summary>
    public Task FreezeAsync() => TellAsync("freeze");

    /// <summary>Ends a freeze.</summary>
    public Task ThawAsync() => TellAsync("thaw");

    /// <summary>A standby of this server that follows it by streaming replication, asynchronously.</summary>
    public Task<PostgresServer> StartStandbyAsync(CancellationToken cancellation = default)
    {
        var primary = new NpgsqlConnectionStringBuilder(ConnectionString);
        return StartKeeperAsync(FindBinaries()!, "", primary.Port.ToString(CultureInfo.InvariantCulture), cancellation)
            .ContinueWith(t => t.Result ?? throw new InvalidOperationException("The standby did not start."), cancellation, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (keeper is null)
        {
            foreach (var name in created) await ExecuteAsync($"drop database if exists {name} with (force)");
            turn.Dispose();
            return;
        }
        keeper.StandardInput.Close();
        using (var limit = new CancellationTokenSource(CommandLimit)) await keeper.WaitForExitAsync(limit.Token);
        keeper.Dispose();
        turn.Dispose();
    }

    private async Task TellAsync(string command)
    {
        var process = keeper ?? throw new InvalidOperationException("Only a private server can be stopped or broken.");
        await turn.WaitAsync();
        try
        {
            await process.StandardInput.WriteLineAsync(command);
            await process.StandardInput.FlushAsync();
            var answer = await process.StandardOutput.ReadLineAsync().WaitAsync(CommandLimit);
            if (answer != "done 0") throw new InvalidOperationException($"PostgreSQL: '{command}' answered '{answer}'.");
        }
        finally
        {
            turn.Release();
        }
    }

    private static Task<PostgresServer?> TryStartAsync(string binaries, string settings, CancellationToken cancellation) =>
        StartKeeperAsync(binaries, settings, "", cancellation);

    private static async Task<PostgresServer?> StartKeeperAsync(string binaries, string settings, string primaryPort, CancellationToken cancellation)
    {
        var port = FreePort();
        var start = new ProcessStartInfo { RedirectStandardInput = true, RedirectStandardOutput = true };
        // PostgreSQL refuses to run as root; the package's own user is there wherever its binaries are.
        string[] words = Environment.IsPrivilegedProcess ? ["runuser", "-u", "postgres", "--", "/bin/sh"] : ["/bin/sh"];
        start.FileName = words[0];
        foreach (var word in words.Skip(1)) start.ArgumentList.Add(word);
        foreach (var word in new[] { "-c", PostgresKeeper.Script, "berth-postgres", binaries, port.ToString(CultureInfo.InvariantCulture), settings, primaryPort }) start.ArgumentList.Add(word);
        start.WorkingDirectory = "/";
        var process = Process.Start(start) ?? throw new InvalidOperationException("The shell did not start.");
        var first = await process.StandardOutput.ReadLineAsync(cancellation).AsTask().WaitAsync(CommandLimit, cancellation);
        if (first is null || !first.StartsWith("ready ", StringComparison.Ordinal))
        {
            process.StandardInput.Close();
            process.Dispose();
            return null;
        }
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Username = "postgres",
            Database = "postgres",
            SslMode = SslMode.Disable,
            GssEncryptionMode = GssEncryptionMode.Disable,
        };
        return new PostgresServer(connection.ConnectionString, first["ready ".Length..], process);
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
