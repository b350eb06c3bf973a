namespace Berth.DevCluster.Cel;

/// <summary>A macro over a list or map, at run time.</summary>
internal sealed class CelFold(FoldKind kind, CelStep range, int first, int second, CelStep? condition, CelStep? transform)
{
    public CelValue Run(CelFrame frame)
    {
        var over = range(frame);
        if (over.IsError)
            return over;
        IEnumerable<(CelValue First, CelValue Second)>? items = over.Kind switch
        {
            CelKind.List => OfList(over.AsList),
            CelKind.Map => OfMap(over.AsMap),
            _ => null,
        };
        if (items is null)
            return CelValue.NoSuchOverload;
        return kind switch
        {
            FoldKind.All => Until(items, frame, CelValue.True),
            FoldKind.Exists => Until(items, frame, CelValue.False),
            FoldKind.ExistsOne => ExactlyOne(items, frame),
            FoldKind.TransformMap => Entries(items, frame),
            _ => Items(items, frame),
        };
    }

    private IEnumerable<(CelValue, CelValue)> OfList(CelList list)
    {
        for (var i = 0; i < list.Count; i++)
            yield return second < 0 ? (list[i], default) : (CelValue.Of((long)i), list[i]);
    }

    private IEnumerable<(CelValue, CelValue)> OfMap(CelMap map)
    {
        foreach (var key in map.Keys)
            yield return (key, second < 0 ? default : map.Find(key) ?? CelValue.Null);
    }

    /// <summary>Sets the variables; an item that cannot be read is an error where it is used.</summary>
    private bool Enter((CelValue First, CelValue Second) item, CelFrame frame)
    {
        frame.Charge(3);
        frame.Slots[first] = item.First;
        if (second >= 0)
            frame.Slots[second] = item.Second;
        return !frame.Exceeded;
    }

    /// <summary>all and exists: the neutral result goes on until its opposite decides; errors count only when nothing decides.</summary>
    private CelValue Until(IEnumerable<(CelValue, CelValue)> items, CelFrame frame, CelValue neutral)
    {
        var result = neutral;
        foreach (var item in items)
        {
            if (!Enter(item, frame))
                return CelValue.Error(CelProgram.CostExceeded);
            var value = condition!(frame);
            if (value.Kind == CelKind.Bool && value.IsTrue != neutral.IsTrue)
                return value;
            result = CelLogic.Both(result, value, neutral);
        }
        return result;
    }

    private CelValue ExactlyOne(IEnumerable<(CelValue, CelValue)> items, CelFrame frame)
    {
        var count = 0;
        foreach (var item in items)
        {
            if (!Enter(item, frame))
                return CelValue.Error(CelProgram.CostExceeded);
            var value = condition!(frame);
            if (value.Kind != CelKind.Bool)
                return value.IsError ? value : CelValue.NoSuchOverload;
            count += value.IsTrue ? 1 : 0;
        }
        return CelValue.Of(count == 1);
    }

    private CelValue Items(IEnumerable<(CelValue First, CelValue Second)> items, CelFrame frame)
    {
        var results = new List<CelValue>();
        foreach (var item in items)
        {
            if (!Enter(item, frame))
                return CelValue.Error(CelProgram.CostExceeded);
            if (!Chosen(frame, out var error))
            {
                if (error.IsError)
                    return error;
                continue;
            }
            var value = transform is null ? item.First : transform(frame);
            if (value.IsError)
                return value;
            results.Add(value);
        }
        return CelValue.Of(CelList.Of(results));
    }

    private CelValue Entries(IEnumerable<(CelValue First, CelValue Second)> items, CelFrame frame)
    {
        var results = new List<KeyValuePair<CelValue, CelValue>>();
        foreach (var item in items)
        {
            if (!Enter(item, frame))
                return CelValue.Error(CelProgram.CostExceeded);
            if (!Chosen(frame, out var error))
            {
                if (error.IsError)
                    return error;
                continue;
            }
            var value = transform!(frame);
            if (value.IsError)
                return value;
            results.Add(KeyValuePair.Create(item.First, value));
        }
        return CelValue.Of(CelMap.Of(results));
    }

    private bool Chosen(CelFrame frame, out CelValue error)
    {
        error = CelValue.Null;
        if (condition is null)
            return true;
        var value = condition(frame);
        if (value.Kind != CelKind.Bool)
            error = value.IsError ? value : CelValue.NoSuchOverload;
        return value.IsTrue;
    }
}
