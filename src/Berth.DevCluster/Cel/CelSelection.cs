namespace Berth.DevCluster.Cel;

/// <summary>Fields of values at run time.</summary>
internal static class CelSelection
{
    public static CelValue Field(CelValue operand, string name, CelFrame frame)
    {
        frame.Charge(1);
        switch (operand.Kind)
        {
            case CelKind.Error:
                return operand;
            case CelKind.Map:
                return operand.AsMap.FindField(name) ?? CelValue.Error("no such key: " + name);
            case CelKind.Optional:
                return operand.HasValue ? Optional(operand.OptionalValue, name, frame) : operand;
            default:
                return CelValue.NoSuchOverload;
        }
    }

    /// <summary>The field as an optional.</summary>
    public static CelValue Optional(CelValue operand, string name, CelFrame frame)
    {
        frame.Charge(1);
        switch (operand.Kind)
        {
            case CelKind.Error:
                return operand;
            case CelKind.Optional:
                return operand.HasValue ? Optional(operand.OptionalValue, name, frame) : operand;
            case CelKind.Map:
                return operand.AsMap.FindField(name) is { } found ? found.IsError ? found : CelValue.Some(found) : CelValue.None;
            default:
                return CelValue.NoSuchOverload;
        }
    }

    /// <summary>Whether the field is there.</summary>
    public static CelValue Test(CelValue operand, string name) => operand.Kind switch
    {
        CelKind.Error => operand,
        CelKind.Map => CelValue.Of(operand.AsMap.HasField(name)),
        CelKind.Optional => operand.HasValue ? Test(operand.OptionalValue, name) : CelValue.False,
        _ => CelValue.NoSuchOverload,
    };
}
