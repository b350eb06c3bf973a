using System.Text.Json;
using Xunit;

namespace Berth.Api.Tests.Common;

/// <summary>
/// Generated JSON readers overwrite the initial value of an init-only property that the document lacks with null or zero. Properties
/// with an initial value therefore have a plain setter; these tests hold that.
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
    public void No_property_with_an_initial_value_is_init_only()
    {
        foreach (var type in typeof(TaskResource).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false, Namespace: "Berth.Api" } && t.GetConstructor([]) is not null))
        {
            var fresh = Activator.CreateInstance(type);
            foreach (var property in type.GetProperties().Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0))
            {
                var isInitOnly = property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(System.Runtime.CompilerServices.IsExternalInit));
                var none = property.PropertyType.IsValueType ? Activator.CreateInstance(property.PropertyType) : null;
                Assert.False(isInitOnly && !Equals(property.GetValue(fresh), none), $"{type.Name}.{property.Name} has an initial value and 'init': write 'set'");
            }
        }
    }
}
