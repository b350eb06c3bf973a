using System.IO.Pipelines;
using Berth.DevCluster.Selecting;
using Berth.DevCluster.Storage;
using Berth.DevCluster.Writing;

namespace Berth.DevCluster.Watching;

/// <summary>Which objects a watch shows, and how one that enters or leaves the selection looks.</summary>
internal sealed class WatchSelection(Target target, LabelSelector labels, FieldSelector fields)
{
    private readonly string _prefix = target.Namespace.Length > 0 ? target.Namespace + "/" : "";

    public bool Matches(StoredObject obj) =>
        (_prefix.Length == 0 || obj.Key.StartsWith(_prefix, StringComparison.Ordinal)) && (target.Name.Length == 0 || obj.Name == target.Name)
        && (labels.IsEverything || labels.Matches(obj.Labels())) && (fields.IsEverything || fields.Matches(obj));

    public void Write(PipeWriter output, WatchEvent change, WatchFrames frames)
    {
        var before = change.Previous is { } previous && Matches(previous);
        if (change.Type == "DELETED")
        {
            if (before) frames.Write(output, "DELETED", change.Object);
            return;
        }
        var after = Matches(change.Object);
        if (after) frames.Write(output, before ? "MODIFIED" : "ADDED", change.Object);
        // What leaves the selection is shown as it last was in it, at the revision at which it left.
        else if (before) frames.Write(output, "DELETED", new ObjectDraft(change.Previous!.Parse()).At(change.Revision));
    }
}
