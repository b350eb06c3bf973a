using Berth.Api;
using Berth.Operator.Cluster;
using Xunit;

namespace Berth.Operator.Tests.Cluster;

/// <summary>What is known of an object whose name was used again: the answers to our writes may come after the informer has told of its successor.</summary>
public sealed class LatestViewTests
{
    private readonly LatestView<TaskResource> _view = new(BerthResources.Tasks, new Dictionary<string, Func<TaskResource, IEnumerable<string>>>());

    private static TaskResource Task(string uid, int version) => new() { Metadata = new ResourceMeta { Name = "a", Namespace = "ns", Uid = uid, ResourceVersion = $"{version}" } };

    private string? Held => _view.Get(Task("", 0).Metadata.Key())?.Metadata.Uid;

    [Fact]
    public void That_the_one_before_is_gone_does_not_make_its_successor_go()
    {
        _view.Wrote(Task("second", 20));
        _view.Read(Task("first", 0).Metadata.Key(), "first", null);
        Assert.Equal("second", Held);
        _view.Read(Task("second", 0).Metadata.Key(), "second", null);
        Assert.Null(Held);
    }

    [Fact]
    public void A_late_answer_about_the_one_before_does_not_replace_its_successor()
    {
        _view.Wrote(Task("second", 20));
        _view.Wrote(Task("first", 19));
        _view.Read(Task("first", 0).Metadata.Key(), "first", Task("first", 19));
        Assert.Equal("second", Held);
        _view.Read(Task("second", 0).Metadata.Key(), "second", Task("third", 21));
        Assert.Equal("third", Held);
    }
}
