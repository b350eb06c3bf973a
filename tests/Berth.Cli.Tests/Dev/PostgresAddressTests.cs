using Berth.Cli.Dev;
using Berth.Cli.Dev.Stack;
using Npgsql;
using Xunit;

namespace Berth.Cli.Tests.Dev;

public class PostgresAddressTests
{
    [Theory]
    [InlineData("postgresql://me:p%40ss@db:5433/history?sslmode=require")]
    [InlineData("Host=db;Port=5433;Username=me;Password=p@ss;Database=history;SSL Mode=Require")]
    public void Both_forms_mean_the_same(string text)
    {
        var builder = new NpgsqlConnectionStringBuilder(PostgresAddress.Parse(text).ConnectionString);
        Assert.Equal(("db", 5433, "me", "p@ss", "history", SslMode.Require), (builder.Host, builder.Port, builder.Username, builder.Password, builder.Database, builder.SslMode));
        Assert.StartsWith("postgresql://me:p%40ss@db:5433/history", PostgresAddress.Parse(text).Uri, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("postgresql://db/x?sslmode=sometimes")]
    public void Anything_else_says_what_to_write(string text) =>
        Assert.Contains("Write postgresql://", Assert.Throws<DevException>(() => PostgresAddress.Parse(text)).Message, StringComparison.Ordinal);
}
