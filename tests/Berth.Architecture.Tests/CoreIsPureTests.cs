using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Berth.Architecture.Tests;

/// <summary>Berth.Core decides; whatever reads a clock, rolls dice, waits or touches the outside belongs elsewhere. Read from the compiled file.</summary>
public class CoreIsPureTests
{
    private static readonly string[] Allowed = ["Berth.Api", "System.Runtime", "System.Collections", "System.Collections.Immutable", "System.Linq", "System.Memory", "System.Text.Json", "System.Text.RegularExpressions", "System.Runtime.Extensions"];

    private static readonly string[] ForbiddenTypes = ["System.Threading.", "System.IO.", "System.Net.", "System.Random", "System.TimeProvider", "System.Console", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.Security.Cryptography.RandomNumberGenerator"];

    private static readonly string[] ForbiddenMembers = ["System.DateTime.get_UtcNow", "System.DateTime.get_Now", "System.DateTimeOffset.get_UtcNow", "System.DateTimeOffset.get_Now", "System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.Environment.GetEnvironmentVariable", "System.Environment.get_TickCount64", "System.Environment.get_MachineName"];

    [Fact]
    public void Core_uses_only_assemblies_that_cannot_do_anything() => Read(reader =>
    {
        var used = reader.AssemblyReferences.Select(h => reader.GetString(reader.GetAssemblyReference(h).Name));
        Assert.Empty(used.Except(Allowed));
    });

    [Fact]
    public void Core_uses_no_type_with_a_life_of_its_own() => Read(reader =>
    {
        var used = reader.TypeReferences.Select(h => Name(reader, h)).ToList();
        Assert.NotEmpty(used);
        Assert.DoesNotContain(used, name => ForbiddenTypes.Any(f => f.EndsWith('.') ? name.StartsWith(f, StringComparison.Ordinal) : name == f));
    });

    [Fact]
    public void Core_asks_neither_clock_nor_dice() => Read(reader =>
    {
        var used = reader.MemberReferences.Select(h => reader.GetMemberReference(h))
            .Where(m => m.Parent.Kind == HandleKind.TypeReference)
            .Select(m => $"{Name(reader, (TypeReferenceHandle)m.Parent)}.{reader.GetString(m.Name)}");
        Assert.Empty(used.Intersect(ForbiddenMembers));
    });

    [Fact]
    public void An_analyzer_says_so_while_one_types()
    {
        Assert.True(Repository.Exists("src/Berth.Core/BannedSymbols.txt"));
        Assert.Contains("BannedSymbols.txt", Repository.Read("src/Berth.Core/Berth.Core.csproj"), StringComparison.Ordinal);
    }

    private static void Read(Action<MetadataReader> test)
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var path = Path.Combine(Repository.Root, "src/Berth.Core/bin", configuration, "net10.0/Berth.Core.dll");
        Assert.True(File.Exists(path), $"{path} is missing; build the solution first");
        using var file = new PEReader(File.OpenRead(path));
        test(file.GetMetadataReader());
    }

    private static string Name(MetadataReader reader, TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }
}
