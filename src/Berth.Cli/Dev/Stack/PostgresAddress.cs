using System.Globalization;
using Npgsql;

namespace Berth.Cli.Dev.Stack;

/// <summary>Where a database is, in the two forms in use: an address (psql, most tools) and a connection string (.NET).</summary>
internal sealed record PostgresAddress(string Uri, string ConnectionString)
{
    public static PostgresAddress Local(int port, string user, string database)
    {
        var builder = new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = user, Database = database };
        return new(string.Create(CultureInfo.InvariantCulture, $"postgresql://{user}@127.0.0.1:{port}/{database}"), builder.ConnectionString);
    }

    /// <summary>Reads either form.</summary>
    /// <exception cref="DevException">It is neither.</exception>
    public static PostgresAddress Parse(string text)
    {
        try
        {
            return text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal)
                ? FromUri(text)
                : FromConnectionString(text);
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            throw new DevException($"--postgres: {error.Message} Write postgresql://user:password@host:5432/database, or Host=…;Port=…;Username=…;Database=….");
        }
    }

    private static PostgresAddress FromUri(string text)
    {
        var uri = new Uri(text);
        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder { Host = uri.Host, Port = uri.Port > 0 ? uri.Port : 5432, Database = System.Uri.UnescapeDataString(uri.AbsolutePath.Trim('/')) };
        if (user[0].Length > 0) builder.Username = System.Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) builder.Password = System.Uri.UnescapeDataString(user[1]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2)))
            if (pair is ["sslmode", var mode]) builder.SslMode = Enum.Parse<SslMode>(mode.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
        return new(text, builder.ConnectionString);
    }

    private static PostgresAddress FromConnectionString(string text)
    {
        var builder = new NpgsqlConnectionStringBuilder(text);
        var password = string.IsNullOrEmpty(builder.Password) ? "" : ":" + System.Uri.EscapeDataString(builder.Password);
        return new($"postgresql://{System.Uri.EscapeDataString(builder.Username ?? "")}{password}@{builder.Host}:{builder.Port}/{builder.Database}", text);
    }
}
