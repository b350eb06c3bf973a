# Generated files: C# types are the source.

verb_generate() {
  build
  "$(binary src Berth.Cli)" dev generate --root "$PWD"
}

# Nothing is written; says every file that is out of step, then every one that is formatted otherwise.
verb_verify() {
  local status=0
  build
  "$(binary src Berth.Cli)" dev generate --check --root "$PWD" || status=1
  say "checking the formatting ..."
  dotnet format whitespace Operator.sln --no-restore --verify-no-changes || { say "dev: run 'dotnet format whitespace Operator.sln' and commit the result"; status=1; }
  return $status
}
