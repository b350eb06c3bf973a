using System.Text.RegularExpressions;

namespace Berth.DevCluster.Schema;

/// <summary>The string formats that carry a check digit.</summary>
internal static partial class Checksums
{
    public static bool IsIsbn10(string value)
    {
        var digits = Separators().Replace(value, "");
        if (!Isbn10().IsMatch(digits))
            return false;
        var sum = 0;
        for (var i = 0; i < 10; i++)
            sum += (10 - i) * (digits[i] is 'X' or 'x' ? 10 : digits[i] - '0');
        return sum % 11 == 0;
    }

    public static bool IsIsbn13(string value)
    {
        var digits = Separators().Replace(value, "");
        if (!Isbn13().IsMatch(digits))
            return false;
        var sum = 0;
        for (var i = 0; i < 13; i++)
            sum += (i % 2 == 0 ? 1 : 3) * (digits[i] - '0');
        return sum % 10 == 0;
    }

    public static bool IsCreditCard(string value)
    {
        var digits = NotDigits().Replace(value, "");
        if (!CardNumber().IsMatch(digits))
            return false;
        var sum = 0;
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            var digit = digits[i] - '0';
            if ((digits.Length - i) % 2 == 0)
                digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
            sum += digit;
        }
        return sum % 10 == 0;
    }

    [GeneratedRegex(@"[\s-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Separators();

    [GeneratedRegex(@"^[0-9]{9}[0-9Xx]\z", RegexOptions.CultureInvariant)]
    private static partial Regex Isbn10();

    [GeneratedRegex(@"^[0-9]{13}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Isbn13();

    [GeneratedRegex(@"[^0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotDigits();

    [GeneratedRegex(@"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})\z", RegexOptions.CultureInvariant)]
    private static partial Regex CardNumber();
}
