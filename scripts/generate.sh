# Generated files: C# types are the source.

verb_generate() { build; }
verb_verify() { build; }
