using System.Text;
using Berth.Agent.Masking;

namespace Berth.Agent.Tests;

public sealed class MaskerTests
{
    [Theory]
    [InlineData("the password is hunter22!", "the password is ***!")]
    [InlineData("hunter22hunter22", "******")]
    [InlineData("aHVudGVyMjI=", "***=")]
    [InlineData("in JSON \\u0022quo\\u0022ted", "in JSON ***")]
    [InlineData("as a=p%40ss%2Fword%20x&b", "as a=***&b")]
    [InlineData("hex 68756e7465723232.", "hex ***.")]
    [InlineData("hunter2", "hunter2")]
    public void Hides_a_secret_and_its_common_encodings(string text, string expected) =>
        Assert.Equal(expected, Mask(text, [text.Length], "hunter22", "p@ss/word x", "\"quo\"ted"));

    [Fact]
    public void Hides_a_secret_however_the_reads_split_it()
    {
        const string Text = "x=correct-horse; y=correct-correct-horse; z=correct-hors";
        var whole = Mask(Text, [Text.Length], "correct-horse");
        Assert.Equal("x=***; y=correct-***; z=correct-hors", whole);
        for (var first = 0; first <= Text.Length; first++)
        {
            for (var second = first; second <= Text.Length; second += 3) Assert.Equal(whole, Mask(Text, [first, second, Text.Length], "correct-horse"));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Hides_a_secret_inside_a_longer_base64_text(int before)
    {
        const string Secret = "s3cret-token-value";
        var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(new string('u', before) + Secret + " and more"));
        var masked = Mask(encoded, [encoded.Length], Secret);
        Assert.Contains("***", masked, StringComparison.Ordinal);
        Assert.True(masked.Length < encoded.Length - 15, masked);
    }

    [Fact]
    public void Lines_of_a_multi_line_secret_are_hidden_alone_too()
    {
        const string Key = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\n-----END KEY-----\n";
        Assert.Equal("got ***", Mask("got kqhkiG9w0BAQ", [3, 16], Key));
    }

    [Fact]
    public void Random_texts_with_random_splits_never_leak_and_never_change_anything_else()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var secrets = Enumerable.Range(0, 3).Select(_ => Text(random, random.Next(4, 9))).ToArray();
            var text = string.Concat(Enumerable.Range(0, 40).Select(_ => random.Next(4) == 0 ? secrets[random.Next(3)] : Text(random, random.Next(1, 6))));
            var cuts = Enumerable.Range(0, 10).Select(_ => random.Next(text.Length)).Append(text.Length).Order().ToArray();
            var masked = Mask(text, cuts, secrets);
            Assert.True(masked == Mask(text, [text.Length], secrets), $"seed {seed}");
            Assert.All(secrets, s => Assert.False(masked.Contains(s, StringComparison.Ordinal), $"seed {seed}: {s} in {masked}"));
        }
    }

    [Fact]
    public void Hides_what_a_declared_pattern_matches_however_the_reads_split_it()
    {
        const string Text = "ü key AKIA0123456789ABCDEF, again AKIA0123456789ABCDEFGH\ntoken: abc.def-1 and hunter22\nAKIA short; Bearer xyz";
        const string Expected = "ü key ***, again ***GH\n*** and ***\nAKIA short; ***";
        var patterns = SecretPatterns.Of(["hunter22"], ["AKIA[A-Z0-9]{16}", "token: [a-z.0-9-]+", "Bearer .*"]);
        var length = Encoding.UTF8.GetByteCount(Text);
        Assert.Equal(Expected, Mask(patterns, Text, [length]));
        for (var first = 0; first <= length; first++)
            for (var second = first; second <= length; second += 3) Assert.Equal(Expected, Mask(patterns, Text, [first, second, length]));
        Assert.Equal(Expected, Mask(patterns, Text, [.. Enumerable.Range(1, length)]));
    }

    [Fact]
    public void A_line_without_end_is_not_held_for_ever()
    {
        var masker = new Masker(SecretPatterns.Of([], ["k=[0-9]+"]));
        var output = new MemoryStream();
        foreach (var piece in (string[])["k=", .. Enumerable.Repeat(new string('7', 1000), 200), "\nend k=1\n"])
        {
            output.Write(masker.Push(Encoding.UTF8.GetBytes(piece)));
            Assert.True(masker.Held < 64 * 1024, $"{masker.Held} bytes are held");
        }
        output.Write(masker.Flush());
        var plain = new Masker(SecretPatterns.Of([], ["k=[0-9]{3,8}"]));
        Assert.Equal(new string('x', 100_000), Encoding.UTF8.GetString([.. plain.Push(Encoding.UTF8.GetBytes(new string('x', 100_000))), .. plain.Flush()]));
        Assert.EndsWith("\nend ***\n", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(")]
    [InlineData("a*")]
    [InlineData("(?<=x)y")]
    [InlineData("(a)\\1")]
    [InlineData("ü")]
    public void A_pattern_that_cannot_be_held_against_output_is_refused(string pattern) => Assert.NotNull(Api.MaskPatterns.Problem(["fine", pattern]));

    private static string Text(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => "ab"[random.Next(2)]));

    private static string Mask(string text, int[] cuts, params string[] secrets) => Mask(SecretPatterns.Of(secrets), text, cuts);

    private static string Mask(SecretPatterns patterns, string text, int[] cuts)
    {
        var masker = new Masker(patterns);
        var bytes = Encoding.UTF8.GetBytes(text);
        var output = new MemoryStream();
        var at = 0;
        foreach (var cut in cuts)
        {
            output.Write(masker.Push(bytes.AsSpan(at, cut - at)));
            at = cut;
        }
        output.Write(masker.Flush());
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
