# Generated files: C# types are the source, and the chart is that of the plain manifests (where there is a helm to render it).

verb_generate() {
  build
  "$(binary src Berth.Cli)" dev generate --root "$PWD"
  require_kubernetes_tools
  say "rendering the chart ..."
  BERTH_GENERATE=1 "$(binary tests Berth.Chart.Tests)" -noLogo -noColor -class Berth.Chart.Tests.GoldenTests >&2
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
