namespace Berth.DevCluster.Cel;

/// <summary>A value of a type that expressions can only pass to functions made for it.</summary>
internal interface ICelOpaque
{
    /// <summary>The type's name in expressions, such as <c>kubernetes.Quantity</c>.</summary>
    string TypeName { get; }

    /// <summary>Equality between values of this type.</summary>
    bool SameAs(ICelOpaque other);
}
