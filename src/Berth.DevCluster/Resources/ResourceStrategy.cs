using System.Text.Json.Nodes;
using Berth.DevCluster.Http;

namespace Berth.DevCluster.Resources;

/// <summary>
/// What is particular to a kind when its objects are written. The defaults are those of a plain kind whose status, if it has one,
/// belongs to the status subresource.
/// </summary>
internal class ResourceStrategy
{
    /// <summary>A PUT without resourceVersion overwrites.</summary>
    public virtual bool AllowUnconditionalUpdate => true;

    /// <summary>A PUT of an object that does not exist creates it.</summary>
    public virtual bool AllowCreateOnUpdate => false;

    /// <summary>DELETE answers with the object instead of a Status.</summary>
    public virtual bool ReturnsDeletedObject => false;

    /// <summary>metadata.generation counts changes of the desired state.</summary>
    public virtual bool TracksGeneration => false;

    /// <summary>The main endpoint leaves status alone and the status endpoint leaves all else alone.</summary>
    public virtual bool HasStatus => false;

    /// <summary>Deletion waits for a grace period; null deletes at once.</summary>
    public virtual long? GracePeriod(JsonObject obj, long? asked) => null;

    /// <summary>Fills in what the client left open. Counts as written by the client.</summary>
    public virtual void Default(JsonObject obj) { }

    /// <summary>Sets what only the server decides, before the first write.</summary>
    public virtual void PrepareForCreate(JsonObject obj)
    {
        if (HasStatus) ResetStatus(obj);
    }

    /// <summary>Keeps what only the server decides, before a later write.</summary>
    public virtual void PrepareForUpdate(JsonObject obj, JsonObject old) { }

    /// <summary>Says what is wrong with an object.</summary>
    public virtual void Validate(JsonObject obj, JsonObject? old, FieldErrors errors) { }

    /// <summary>Says what is wrong with an object after a write to one of its subresources; status writes leave the rest as it was.</summary>
    public virtual void ValidateSubresource(string subresource, JsonObject obj, JsonObject old, FieldErrors errors) => Validate(obj, old, errors);

    /// <summary>The group that errors show, where it is not the resource's own.</summary>
    public virtual string? ErrorGroup => null;

    /// <summary>The rule for names of this kind.</summary>
    public virtual NameRule NameRule => NameRule.Subdomain;

    protected virtual void ResetStatus(JsonObject obj) => obj.Remove("status");

    /// <summary>Whether a change from old to new is one of the desired state.</summary>
    public virtual bool DesiredStateChanged(JsonObject obj, JsonObject old) => !JsonNode.DeepEquals(obj["spec"], old["spec"]);
}

/// <summary>Which characters a name may have.</summary>
internal enum NameRule { Subdomain, Label, PathSegment }
