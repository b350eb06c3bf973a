namespace Berth.DevCluster.Schema;

/// <summary>Lengths of strings in Unicode code points, which is how schemas and CEL count.</summary>
internal static class Runes
{
    public static int Count(string text)
    {
        var count = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && char.IsLowSurrogate(text[i + 1]))
                count--;
        }
        return count;
    }
}
