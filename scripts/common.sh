# Shared by every verb: messages, the toolchain, the build.

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

say() { printf '%s\n' "$*" >&2; }
die() { say "dev: $*"; exit 1; }

usage() {
  cat <<'TEXT'
Usage: ./dev VERB [options]

  demo [--keep]     the whole story on this machine: dev cluster, Postgres, two operators, tasks, failures
  up --dir D        start everything in the background   [--kubeconfig K] [--postgres DSN] [--replicas N] [--no-operator]
  down --dir D      end exactly what `up --dir D` started
  operator          run one operator in the foreground   --kubeconfig K [--postgres DSN]
  pods              run pods of any API server as local processes   --kubeconfig K
  test [SUITE..]    run the tests; without a suite, everything that fits into ten minutes
  bench [NAME..]    run the benchmarks, without a name a quick subset of them   [--json FILE]
  generate          write generated files (CRDs, chart copies, reference pages)
  verify            fail when a generated file is out of step, or formatting is off
TEXT
}

require_dotnet() {
  command -v dotnet >/dev/null || die "the .NET 10 SDK is missing; install package dotnet-sdk-10.0, then run this again"
  dotnet --list-sdks | grep -q '^10\.' || die "the .NET 10 SDK is missing (found: $(dotnet --list-sdks | cut -d' ' -f1 | tr '\n' ' ')); install package dotnet-sdk-10.0"
}

# Builds the whole solution once; quiet unless it fails.
build() {
  require_dotnet
  say "building ..."
  local log; log=$(mktemp)
  if ! dotnet build Operator.sln -c "${CONFIGURATION:-Debug}" -v quiet -nologo -p:UseSharedCompilation=true >"$log" 2>&1; then
    cat "$log" >&2; rm -f "$log"; die "the build failed (above)"
  fi
  rm -f "$log"
}

binary() { printf '%s/%s/%s/bin/%s/net10.0/%s' "$PWD" "$1" "$2" "${CONFIGURATION:-Debug}" "$2"; }

main() {
  local verb="${1:-help}"; shift || true
  case "$verb" in
    test|bench|generate|verify|demo|up|down|operator|pods) "verb_$verb" "$@" ;;
    help|-h|--help) usage ;;
    *) usage >&2; die "unknown verb '$verb'" ;;
  esac
}
