using Berth.Benchmarks;

if (args.Length > 0 && BenchmarkVerbs.Internal.TryGetValue(args[0], out var hidden)) return await hidden(args[1..]);
var names = args.Length == 0 ? [.. BenchmarkVerbs.All.Keys] : args.Where(static a => !a.StartsWith('-')).ToArray();
var options = args.Where(static a => a.StartsWith('-')).ToArray();
var worst = 0;
foreach (var name in names)
{
    if (!BenchmarkVerbs.All.TryGetValue(name, out var verb))
    {
        Console.Error.WriteLine($"unknown benchmark '{name}'; there are: {string.Join(' ', BenchmarkVerbs.All.Keys)}");
        return 2;
    }
    worst = Math.Max(worst, await verb(options));
}
return worst;
