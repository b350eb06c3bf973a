using Berth.Benchmarks;

if (args.Length > 0 && BenchmarkVerbs.Internal.TryGetValue(args[0], out var hidden)) return await hidden(args[1..]);
var json = args.FirstOrDefault(static a => a.StartsWith("--json=", StringComparison.Ordinal))?[7..];
if (Array.IndexOf(args, "--json") is >= 0 and var at)
{
    if (at + 1 == args.Length) return BenchmarkVerbs.Refuse("--json needs a file");
    json = args[at + 1];
    args = [.. args[..at], .. args[(at + 2)..]];
}
var options = new BenchmarkOptions([.. args.Where(static a => a.StartsWith('-') && !a.StartsWith("--json=", StringComparison.Ordinal))]);
string[] names = [.. args.Where(static a => !a.StartsWith('-'))];
if (names.FirstOrDefault(static n => !BenchmarkVerbs.All.ContainsKey(n)) is { } unknown) return BenchmarkVerbs.Refuse($"unknown benchmark '{unknown}'; there are: {string.Join(' ', BenchmarkVerbs.All.Keys)}");
// Without names: the subset that fits into a few minutes on a shared machine.
if (names.Length == 0)
{
    names = [.. options.IsGates ? BenchmarkVerbs.Gates : BenchmarkVerbs.Quick];
    if (!options.IsGates) options = options.With("--quick");
}
foreach (var name in names)
{
    Console.Error.WriteLine($"== {name}");
    await BenchmarkVerbs.All[name]([.. options.Words]);
}
return FigureTable.Print(json) == 0 ? 0 : 1;
