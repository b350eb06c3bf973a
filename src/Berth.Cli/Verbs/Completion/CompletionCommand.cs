using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;

namespace Berth.Cli.Verbs.Completion;

/// <summary>completion: scripts for shells. They ask this very program, so they know verbs, options, kinds and names of tasks.</summary>
internal static class CompletionCommand
{
    /// <summary>The word that the scripts call; it stands before the words typed so far.</summary>
    public const string Answer = "__complete";

    private const string Bash = """
        # bash completion of berth; load it with: source <(berth completion bash)
        _berth() {
          local word="${COMP_WORDS[COMP_CWORD]}" line
          COMPREPLY=()
          while IFS= read -r line; do
            [[ $line == :* ]] || COMPREPLY+=("$line")
          done < <(berth __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
          COMPREPLY=($(compgen -W "${COMPREPLY[*]}" -- "$word"))
        }
        complete -o default -F _berth berth

        """;

    private const string Zsh = """
        #compdef berth
        # zsh completion of berth; load it with: source <(berth completion zsh)
        _berth() {
          local -a candidates
          candidates=("${(@f)$(berth __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
          compadd -- "${(@)candidates:#:*}"
        }
        compdef _berth berth

        """;

    private const string Fish = """
        # fish completion of berth; load it with: berth completion fish | source
        function __berth_complete
          set -l words (commandline -opc) (commandline -ct)
          berth __complete $words[2..-1] 2>/dev/null | string match -v ':*'
        end
        complete -c berth -f -a '(__berth_complete)'

        """;

    // kubectl asks a program of this name beside the plugin: kubectl_complete-berth.
    private const string Kubectl = """
        #!/bin/sh
        # kubectl's completion of `kubectl berth`: put this, executable, as kubectl_complete-berth beside kubectl-berth.
        exec kubectl-berth __complete "$@"

        """;

    private static readonly Dictionary<string, string> Scripts = new(StringComparer.Ordinal) { ["bash"] = Bash, ["zsh"] = Zsh, ["fish"] = Fish, ["kubectl"] = Kubectl };

    public static Command Create()
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh, fish, or kubectl for `kubectl berth`." };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Print a script that lets a shell complete verbs, options and names.") { shell };
        command.SetAction(result => Console.Write(Scripts[result.GetValue(shell)!]));
        return command;
    }

    /// <summary>Candidates for the last of the words, each on a line, and kubectl's word for "no files".</summary>
    public static int Complete(Command root, IReadOnlyList<string> words)
    {
        foreach (var candidate in Candidates(root, words)) Console.WriteLine(candidate);
        Console.WriteLine(":4");
        return ExitCodes.Done;
    }

    public static IEnumerable<string> Candidates(Command root, IReadOnlyList<string> words)
    {
        var last = words.Count == 0 ? "" : words[^1];
        var parsed = CommandLineParser.Parse(root, [.. words]);
        // Behind an option that takes a value, nothing else is meant.
        var option = words.Count > 1 && words[^2].StartsWith('-') ? Find(parsed.CommandResult, words[^2]) : null;
        var found = option is not null && option.ValueType != typeof(bool) ? option.GetCompletions(CompletionContext.Empty) : parsed.GetCompletions();
        return found.Select(c => c.Label).Where(l => l.StartsWith(last, StringComparison.Ordinal) && l[0] != '/' && (last.StartsWith('-') || l[0] != '-')).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    private static Option? Find(CommandResult? at, string name)
    {
        for (; at is not null; at = at.Parent as CommandResult)
            if (at.Command.Options.FirstOrDefault(o => o.Name == name || o.Aliases.Contains(name)) is { } option) return option;
        return null;
    }
}
