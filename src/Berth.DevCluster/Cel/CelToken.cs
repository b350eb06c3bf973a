namespace Berth.DevCluster.Cel;

/// <summary>The kinds of token; <see cref="Symbol"/> covers operators and punctuation.</summary>
internal enum CelTokenKind
{
    End,
    Identifier,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Symbol,
}

/// <summary>A token: its text as written, and its value where it is a literal.</summary>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int Offset, CelValue Value);
