using System.CommandLine;
using System.Globalization;
using System.Numerics;

namespace Berth.Cli.Output;

/// <summary>Options that take a number. What is none, or out of bounds, is answered in words of ours; the parser's own name types of .NET.</summary>
internal static class Numbers
{
    /// <summary>Takes whole numbers from one to another.</summary>
    public static void Take<T>(this Option<T> option, T from, T to, string what) where T : IBinaryInteger<T> => option.CustomParser = result =>
    {
        if (result.Tokens is [var token] && T.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to) return number;
        result.AddError($"{option.Name} takes {what}.");
        return from;
    };
}
