using System.CommandLine;

namespace Berth.Cli.Output;

/// <summary>How a verb prints what it found.</summary>
internal static class OutputFormat
{
    public const string Table = "table";
    public const string Wide = "wide";
    public const string Json = "json";
    public const string Yaml = "yaml";
    public const string Name = "name";

    public static Option<string> Create(params string[] formats)
    {
        var option = new Option<string>("--output", "-o") { Description = $"One of {string.Join(", ", formats)}.", DefaultValueFactory = _ => formats[0], HelpName = "FORMAT" };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }
}
