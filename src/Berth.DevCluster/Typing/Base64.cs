namespace Berth.DevCluster.Typing;

/// <summary>Checks base64 as Go's decoder reads it: line ends are skipped, padding is required.</summary>
internal static class Base64
{
    /// <summary>The offset at which the text stops being base64; -1 when it is.</summary>
    public static int Fault(string text)
    {
        var digits = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\r' or '\n') continue;
            if (char.IsAsciiLetterOrDigit(c) || c is '+' or '/')
            {
                digits++;
                continue;
            }
            return c == '=' && digits % 4 >= 2 ? Padding(text, i, digits % 4 == 2 ? 2 : 1) : i;
        }
        return digits % 4 == 0 ? -1 : Math.Max(0, text.Length - digits % 4);
    }

    private static int Padding(string text, int at, int needed)
    {
        var first = at;
        var last = at;
        for (; at < text.Length; at++)
        {
            if (text[at] is '\r' or '\n') continue;
            if (needed == 0) return at;
            if (text[at] != '=') return first;
            (last, needed) = (at, needed - 1);
        }
        return needed == 0 ? -1 : text.Length;
    }
}
