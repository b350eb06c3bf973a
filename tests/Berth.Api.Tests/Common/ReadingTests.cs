using System.Text.Json;
using Xunit;

namespace Berth.Api.Tests.Common;

/// <summary>
/// Generated JSON readers overwrite the initial value of an init-only property that the document lacks with null or zero. Properties
/// with an initial value therefore have a plain setter, or one that puts the initial value back; these tests hold that.
/// </summary>
public class ReadingTests
{
    [Fact]
    public void A_task_without_status_has_an_empty_one()
    {
        var task = JsonSerializer.Deserialize("""{"metadata":{"name":"a"},"spec":{"workspace":"w"}}""", BerthJson.Default.TaskResource)!;
        Assert.Equal(1, task.Status.Run);
        Assert.Empty(task.Status.Conditions);
        Assert.Empty(task.Status.History.Entries);
        Assert.Equal(3, task.Spec.Retry.Limit);
        Assert.Equal("", task.Metadata.Uid);
    }

    [Fact]
    public void A_pool_without_status_has_an_empty_one()
    {
        var pool = JsonSerializer.Deserialize("""{"metadata":{"name":"a"},"spec":{"template":{}}}""", BerthJson.Default.AgentPoolResource)!;
        Assert.Equal(3, pool.Spec.SlotsPerPod);
        Assert.Empty(pool.Status.Conditions);
        Assert.Equal(0, pool.Status.Slots.Total);
    }

    [Fact]
    public void What_a_document_lacks_has_its_initial_value()
    {
        foreach (var type in typeof(TaskResource).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false, Namespace: "Berth.Api" } && t.GetConstructor([]) is not null))
        {
            if (BerthJson.Default.GetTypeInfo(type) is not { } contract) continue;
            var (fresh, read) = (Activator.CreateInstance(type), JsonSerializer.Deserialize("{}", contract));
            foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0))
            {
                var (initial, value) = (property.GetValue(fresh), property.GetValue(read));
                Assert.True(property.PropertyType.IsValueType || initial is string ? Equals(initial, value) : (initial is null) == (value is null), $"{type.Name}.{property.Name} is {value ?? "null"} when absent, not {initial ?? "null"}");
            }
        }
    }
}
