using Berth.History.Schema;
using Xunit;

namespace Berth.History.Tests;

/// <summary>Generates; see <see cref="SchemaDump"/>.</summary>
public sealed class SchemaDumpTests(HistoryFixture fixture)
{
    [Fact]
    public async Task The_newest_schema_has_its_dump()
    {
        var file = Path.Combine(SchemaDump.Folder(), SchemaMigrator.Known[^1] + ".sql");
        if (Environment.GetEnvironmentVariable("BERTH_GENERATE") == "1" && !File.Exists(file))
        {
            await using var test = await fixture.StoreAsync();
            await SchemaDump.FillAsync(test.Store);
            await SchemaDump.WriteAsync(test.ConnectionString, file);
        }
        Assert.True(File.Exists(file), $"{file} is missing: run this test with BERTH_GENERATE=1 once the migration is finished");
    }
}
