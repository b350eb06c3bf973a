using Berth.Testing;
using Xunit;

namespace Berth.EndToEnd.Matrix;

/// <summary>
/// The matrix, with real processes: each row is one disaster that meets a task in every place of its life at once. The same table in pure
/// form is in Berth.Core.Tests; what people see is in docs/recovery.md. The default run plays some rows, the suite Long all.
/// </summary>
public static class MatrixRows
{
    private static readonly string[] Always = ["slot containers restarted in place", "pod force-deleted, its processes alive", "both replicas down"];

    private const string None = "(none was asked for)";

    /// <summary>BERTH_MATRIX_ROW plays only the rows that have this in their name.</summary>
    private static readonly string? Only = Environment.GetEnvironmentVariable("BERTH_MATRIX_ROW") is { Length: > 0 } text ? text : null;

    internal static TheoryData<string> Of(IEnumerable<Row> rows, bool always) =>
        [.. rows.Select(r => r.Name).Where(n => Only is null ? Always.Contains(n) == always : n.Contains(Only, StringComparison.OrdinalIgnoreCase) && !always).DefaultIfEmpty(None)];

    internal static Task PlayAsync(BerthStack stack, IEnumerable<Row> rows, string name) => name == None ? Task.CompletedTask : rows.Single(r => r.Name == name).PlayAsync(stack);
}

/// <summary>Rows about pods, nodes and agents.</summary>
[Collection("quiet")]
public sealed class PodMatrixTests(StackFixture fixture)
{
    public static TheoryData<string> Rows => MatrixRows.Of(PodDisasters.Rows, always: true);

    public static TheoryData<string> MoreRows => MatrixRows.Of(PodDisasters.Rows, always: false);

    [Theory, MemberData(nameof(Rows))]
    public Task Disaster(string row) => MatrixRows.PlayAsync(fixture.Stack, PodDisasters.Rows, row);

    [Theory, MemberData(nameof(MoreRows)), Trait("Suite", "Long")]
    public Task One_more_disaster(string row) => MatrixRows.PlayAsync(fixture.Stack, PodDisasters.Rows, row);
}

/// <summary>Rows about operators, the API server and the database.</summary>
[Collection("disaster")]
public sealed class OperatorMatrixTests(StackFixture fixture)
{
    public static TheoryData<string> Rows => MatrixRows.Of(OperatorDisasters.Rows, always: true);

    public static TheoryData<string> MoreRows => MatrixRows.Of(OperatorDisasters.Rows, always: false);

    [Theory, MemberData(nameof(Rows))]
    public Task Disaster(string row) => MatrixRows.PlayAsync(fixture.Stack, OperatorDisasters.Rows, row);

    [Theory, MemberData(nameof(MoreRows)), Trait("Suite", "Long")]
    public Task One_more_disaster(string row) => MatrixRows.PlayAsync(fixture.Stack, OperatorDisasters.Rows, row);
}
