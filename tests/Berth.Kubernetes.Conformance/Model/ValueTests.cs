using System.Text.Json;
using Xunit;

namespace Berth.Kubernetes.Conformance.Model;

public class ValueTests
{
    [Theory]
    [InlineData("500m", 0.5), InlineData("2", 2), InlineData("1Gi", 1073741824), InlineData("12e3", 12000), InlineData("1E3", 1000), InlineData("1.5k", 1500)]
    [InlineData("100u", 0.0001), InlineData("-3Ki", -3072), InlineData("0", 0), InlineData("2E", 2e18)]
    public void Quantities_are_read(string text, double value)
    {
        var quantity = Quantity.Parse(text);
        Assert.Equal(value, (double)quantity.Value, 9);
        Assert.Equal(text, quantity.ToString());
    }

    [Theory, InlineData(""), InlineData("x"), InlineData("1Zi"), InlineData("1 Gi"), InlineData("Gi")]
    public void What_is_no_quantity_is_refused(string text) => Assert.Throws<FormatException>(() => Quantity.Parse(text));

    [Fact]
    public void Equal_amounts_are_equal()
    {
        Assert.Equal(Quantity.Parse("1000m"), Quantity.Parse("1"));
        Assert.True(Quantity.Parse("1Gi") > Quantity.Parse("1G"));
    }

    [Theory, InlineData("3", 10, 3, 3), InlineData("\"25%\"", 10, 3, 2), InlineData("\"100%\"", 7, 7, 7)]
    public void Int_or_string_keeps_its_shape_and_counts(string json, int total, int up, int down)
    {
        var value = JsonSerializer.Deserialize($$"""{"spec":{"minAvailable":{{json}} } }""", KubernetesJson.Default.PodDisruptionBudget)!;
        Assert.Equal(up, value.Spec!.MinAvailable!.Value.Of(total, roundUp: true));
        Assert.Equal(down, value.Spec.MinAvailable.Value.Of(total, roundUp: false));
        Assert.Contains($"\"minAvailable\":{json}", JsonSerializer.Serialize(value, KubernetesJson.Default.PodDisruptionBudget), StringComparison.Ordinal);
    }

    [Fact]
    public void Times_have_the_digits_that_a_server_wants()
    {
        var at = new DateTimeOffset(2026, 1, 2, 3, 4, 5, 120, TimeSpan.FromHours(2));
        var lease = JsonSerializer.Serialize(new Lease { Metadata = new() { CreationTimestamp = at }, Spec = new() { RenewTime = at } }, KubernetesJson.Default.Lease);
        Assert.Contains("\"renewTime\":\"2026-01-02T01:04:05.120000Z\"", lease, StringComparison.Ordinal);
        Assert.Contains("\"creationTimestamp\":\"2026-01-02T01:04:05Z\"", lease, StringComparison.Ordinal);
        var read = JsonSerializer.Deserialize("""{"metadata":{"creationTimestamp":null},"spec":{"renewTime":"2026-01-02T01:04:05.123456789Z","acquireTime":"2026-01-02T01:04:05+02:00"}}""", KubernetesJson.Default.Lease)!;
        Assert.Null(read.Metadata.CreationTimestamp);
        Assert.Equal(1234567, read.Spec!.RenewTime!.Value.Ticks % TimeSpan.TicksPerSecond);
    }

    [Fact]
    public void Null_and_absent_are_told_apart_where_it_matters_and_absent_is_not_written()
    {
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}""", JsonSerializer.Serialize(new ConfigMap(), KubernetesJson.Default.ConfigMap));
        var unknown = JsonSerializer.Deserialize("""{"metadata":{"x":null},"y":null}""", KubernetesJson.Default.ConfigMap)!;
        Assert.Equal("""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"x":null},"y":null}""", JsonSerializer.Serialize(unknown, KubernetesJson.Default.ConfigMap));
    }
}
