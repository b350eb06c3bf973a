using Npgsql;

namespace Berth.History;

/// <summary>Connection strings as people have them: Npgsql's key=value form, or a URI <c>postgres://user:password@host:port/database?sslmode=require</c>.</summary>
public static class HistoryConnectionString
{
    /// <summary>The key=value form. Throws <see cref="HistoryUnavailableException"/> with reason Misconfigured; never shows the password.</summary>
    public static string Parse(string text)
    {
        try
        {
            return IsUri(text) ? FromUri(new Uri(text)) : new NpgsqlConnectionStringBuilder(text).ConnectionString;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            throw new HistoryUnavailableException(HistoryUnavailableReason.Misconfigured, false,
                "History: the connection string cannot be read. Write 'Host=h;Database=d;Username=u;Password=p' or postgres://u:p@h/d.");
        }
    }

    /// <summary>The string with what Berth needs added where the user said nothing.</summary>
    internal static NpgsqlConnectionStringBuilder Complete(string text, HistoryOptions options)
    {
        var given = new NpgsqlConnectionStringBuilder(Parse(text));
        if (!Has(given, "Timeout")) given.Timeout = Seconds(options.ConnectTimeout);
        if (!Has(given, "Command Timeout")) given.CommandTimeout = Seconds(options.CommandTimeout);
        if (!Has(given, "Cancellation Timeout")) given.CancellationTimeout = 1000;
        if (!Has(given, "Maximum Pool Size")) given.MaxPoolSize = options.MaxPoolSize;
        if (!Has(given, "Application Name")) given.ApplicationName = "berth";
        if (!Has(given, "Keepalive")) given.KeepAlive = 15;
        // A failover behind one name is noticed at the latest when the connection's time is over.
        if (!Has(given, "Connection Lifetime")) given.ConnectionLifetime = 300;
        // Of several hosts, one that was a standby a moment ago is asked again soon.
        if (!Has(given, "Host Recheck Seconds")) given.HostRecheckSeconds = 2;
        // Sessions carry no state but the staging tables, and those are meant to stay.
        if (!Has(given, "No Reset On Close")) given.NoResetOnClose = true;
        if (!Has(given, "GSS Encryption Mode")) given.GssEncryptionMode = GssEncryptionMode.Disable;
        return given;
    }

    private static bool Has(NpgsqlConnectionStringBuilder builder, string key) => builder.ShouldSerialize(key);

    private static int Seconds(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds);

    private static bool IsUri(string text) => text.StartsWith("postgres://", StringComparison.Ordinal) || text.StartsWith("postgresql://", StringComparison.Ordinal);

    private static string FromUri(Uri uri)
    {
        var result = new NpgsqlConnectionStringBuilder { Host = uri.Host };
        if (uri.Port > 0) result.Port = uri.Port;
        if (uri.AbsolutePath.Length > 1) result.Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]);
        var user = uri.UserInfo.Split(':', 2);
        if (user[0].Length > 0) result.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1) result.Password = Uri.UnescapeDataString(user[1]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            var value = parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "";
            result[Word(parts[0])] = value;
        }
        return result.ConnectionString;
    }

    // libpq's names where Npgsql has others.
    private static string Word(string name) => name switch
    {
        "sslmode" => "SSL Mode",
        "sslrootcert" => "Root Certificate",
        "connect_timeout" => "Timeout",
        "application_name" => "Application Name",
        "target_session_attrs" => "Target Session Attributes",
        _ => name,
    };
}
