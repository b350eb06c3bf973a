namespace Berth.Cli.Output;

/// <summary>Colours, on a terminal only and never with NO_COLOR.</summary>
internal static class Paint
{
    /// <summary>Whether standard output is a terminal that wants colours.</summary>
    public static bool IsOn { get; } = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR")) && Environment.GetEnvironmentVariable("TERM") != "dumb";

    public static string Bold(string text) => With("1", text);

    public static string Dim(string text) => With("2", text);

    public static string Good(string text) => With("32", text);

    public static string Warn(string text) => With("33", text);

    public static string Bad(string text) => With("31", text);

    private static string With(string code, string text) => IsOn && text.Length > 0 ? $"\u001b[{code}m{text}\u001b[0m" : text;
}
