using Xunit;

namespace Berth.Operator.Tests;

/// <summary>The tree that the tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    /// <summary>The file holds exactly this; with BERTH_GENERATE=1 it is written instead.</summary>
    public static void Holds(string relative, string wanted)
    {
        var path = Path(relative);
        if (Environment.GetEnvironmentVariable("BERTH_GENERATE") == "1")
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            File.WriteAllText(path, wanted);
        }
        Assert.True(File.Exists(path), $"{relative} is missing; run this test with BERTH_GENERATE=1");
        Assert.True(File.ReadAllText(path) == wanted, $"{relative} is out of step with the code; run this test with BERTH_GENERATE=1 and commit the result");
    }

    private static string Find(string from) => File.Exists(System.IO.Path.Combine(from, "Operator.sln")) ? from : Find(Directory.GetParent(from)!.FullName);
}
