namespace Berth.EndToEnd.Matrix;

/// <summary>One row of the matrix: a disaster, and what becomes of a task in each place.</summary>
internal sealed record Row(string Name, Func<Scene, Task> Strike, Func<Scene, Task>? Heal, Func<Scene, Task>? Repair, IReadOnlyDictionary<Cell, Fate> Fates)
{
    /// <summary>Plays the row: sets the scene, strikes, compares each task with the table, heals, and brings everything to its end.</summary>
    public async Task PlayAsync(Berth.Testing.BerthStack stack)
    {
        await using var scene = await Scene.SetAsync(stack);
        var healed = false;
        try
        {
            await Strike(scene);
            await Task.WhenAll(Fates.Select(f => scene.ExpectAsync(f.Key, f.Value)));
            scene.AssertNothingNewWasApplied();
            if (Heal is not null) await Heal(scene);
            healed = true;
            await scene.EndAsync(Fates);
            await scene.AuditAsync();
        }
        finally
        {
            if (!healed && Heal is not null) await Heal(scene);
            if (Repair is not null) await Repair(scene);
        }
    }

    /// <summary>What is put right only after everything came to its end, for the rows that follow.</summary>
    public Row Repaired(Func<Scene, Task> repair) => this with { Repair = repair };

    /// <summary>A row with the fates in the order of the columns.</summary>
    public static Row Of(string name, Func<Scene, Task> strike, Func<Scene, Task>? heal, params ReadOnlySpan<Fate> fates)
    {
        var cells = Enum.GetValues<Cell>();
        var columns = new Dictionary<Cell, Fate>();
        for (var i = 0; i < cells.Length; i++) columns[cells[i]] = fates[i];
        return new Row(name, strike, heal, null, columns);
    }
}
