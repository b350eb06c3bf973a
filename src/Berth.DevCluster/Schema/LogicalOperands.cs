namespace Berth.DevCluster.Schema;

/// <summary>How the results of <c>anyOf</c>, <c>oneOf</c> and <c>allOf</c> become the result of the whole.</summary>
internal static class LogicalOperands
{
    internal delegate int Check(StructuralSchema operand, Faults faults);

    public static int AnyOf(IReadOnlyList<StructuralSchema> operands, DotPath path, Faults faults, Check check)
    {
        Faults? best = null;
        var bestMatched = 0;
        foreach (var operand in operands)
        {
            var found = faults.Fresh();
            var matched = check(operand, found);
            if (found.Count == 0)
                return matched;
            if (best is null || matched > bestMatched)
                (best, bestMatched) = (found, matched);
        }
        faults.General($"{GoText.Quote(path.ToString())} must validate at least one schema (anyOf)");
        faults.AddAll(best!);
        return bestMatched;
    }

    public static int OneOf(IReadOnlyList<StructuralSchema> operands, DotPath path, Faults faults, Check check)
    {
        Faults? best = null;
        var (bestMatched, firstMatched, valid) = (0, 0, 0);
        foreach (var operand in operands)
        {
            var found = faults.Fresh();
            var matched = check(operand, found);
            if (found.Count == 0)
            {
                firstMatched = valid == 0 ? matched : firstMatched;
                valid++;
                best = null;
            }
            else if (valid == 0 && (best is null || matched > bestMatched))
            {
                (best, bestMatched) = (found, matched);
            }
        }
        if (valid == 1)
            return firstMatched;
        var outcome = valid == 0 ? "Found none valid" : $"Found {valid} valid alternatives";
        faults.General($"{GoText.Quote(path.ToString())} must validate one and only one schema (oneOf). {outcome}");
        if (best is null)
            return 0;
        faults.AddAll(best);
        return bestMatched;
    }

    public static int AllOf(IReadOnlyList<StructuralSchema> operands, DotPath path, Faults faults, Check check)
    {
        var (matched, valid) = (0, 0);
        foreach (var operand in operands)
        {
            var found = faults.Fresh();
            matched += check(operand, found);
            if (found.Count == 0)
                valid++;
            faults.AddAll(found);
        }
        if (valid != operands.Count)
            faults.General($"{GoText.Quote(path.ToString())} must validate all the schemas (allOf){(valid == 0 ? ". None validated" : "")}");
        return matched;
    }
}
