# ./dev test: each suite is a program of its own; their counts are added up and printed last.

# Suites of the default run, in order of cost. Cases with the trait Suite=Long run only by name (./dev test chaos, ...).
default_suites() { printf '%s\n' Berth.Architecture.Tests Berth.Api.Tests Berth.Core.Tests Berth.DevCluster.Tests Berth.Kubernetes.Conformance Berth.Agent.Tests Berth.Operator.Tests Berth.History.Tests Berth.Cli.Tests Berth.Chart.Tests Berth.EndToEnd Berth.Chaos; }

suite_project() {
  case "$1" in
    architecture) echo Berth.Architecture.Tests ;; api) echo Berth.Api.Tests ;; core) echo Berth.Core.Tests ;;
    devcluster) echo Berth.DevCluster.Tests ;; conformance|kubernetes) echo Berth.Kubernetes.Conformance ;;
    agent) echo Berth.Agent.Tests ;; history) echo Berth.History.Tests ;; operator|telemetry) echo Berth.Operator.Tests ;; cli) echo Berth.Cli.Tests ;; chart) echo Berth.Chart.Tests ;; e2e|end-to-end) echo Berth.EndToEnd ;; chaos) echo Berth.Chaos ;;
    Berth.*) echo "$1" ;;
    *) die "unknown suite '$1'; there are: architecture api core devcluster conformance agent operator history cli chart e2e chaos mutation" ;;
  esac
}

verb_test() {
  if [ "${1:-}" = mutation ]; then shift; require_dotnet; mutation_tests "$@"; return; fi
  local projects=() args=() long=0 again=0 passed=0 failed=0 skipped=0 status=0 project
  local -a failures=() flaky=()
  while [ $# -gt 0 ]; do
    case "$1" in
      --seed) export BERTH_CHAOS_SEED="$2"; shift 2 ;;
      --minutes) export BERTH_CHAOS_MINUTES="$2"; shift 2 ;;
      --again) again=1; shift ;;
      --filter) args+=(-method "$2"); shift 2 ;;
      -*) die "unknown option '$1' of test" ;;
      *) projects+=("$(suite_project "$1")"); long=1; shift ;;
    esac
  done
  [ ${#projects[@]} -gt 0 ] || mapfile -t projects < <(default_suites)
  [ $long = 1 ] || args+=(-trait- "Suite=Long")
  require_postgres
  require_prometheus
  require_kubernetes_tools
  build
  for project in "${projects[@]}"; do run_suite "$project" "${args[@]}"; done
  if [ $((passed + failed + skipped)) = 0 ]; then say "dev: no test ran"; status=1; fi
  dotnet build-server shutdown >/dev/null 2>&1 || true
  [ ${#failures[@]} = 0 ] || printf 'failed: %s\n' "${failures[@]}"
  [ ${#flaky[@]} = 0 ] || printf 'flaky (failed, then passed alone; to be looked at): %s\n' "${flaky[@]}"
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  return $status
}

# Runs one suite and adds its closing line to the totals of the caller. A suite may have nothing but long cases, or none that a
# filter chose; the whole run may not. With --again a case that failed gets one more run alone: if it passes, the run goes on and
# names it as flaky at the end, so that a busy machine does not hide what else would be found.
run_suite() {
  local project="$1" log line total errors bad skip code=0 names; shift
  log=$(mktemp)
  say "== $project"
  "$(binary tests "$project")" -noLogo -noColor "$@" 2>&1 | tee "$log" >&2 || code=${PIPESTATUS[0]}
  line=$(grep -E '  Total: [0-9]+' "$log" | tail -n 1 || true)
  mapfile -t names < <(sed -nE 's/^ +(Berth\.[A-Za-z0-9_.]+)(\(.*)? \[FAIL\].*/\1/p' "$log" | sort -u)
  rm -f "$log"
  if [ -z "$line" ]; then say "dev: $project ended without a summary (exit code $code)"; failed=$((failed + 1)); status=1; failures+=("$project, which ended without a summary"); return; fi
  total=$(count_of Total "$line"); errors=$(count_of Errors "$line"); bad=$(count_of Failed "$line"); skip=$(count_of Skipped "$line")
  if [ "$total" = 0 ]; then say "dev: $project has no case for this run"; return; fi
  if [ $((bad + errors + code)) != 0 ] && passes_again "$project"; then flaky+=("${names[@]}"); bad=0; errors=0; code=0; fi
  failed=$((failed + bad + errors)); skipped=$((skipped + skip)); passed=$((passed + total - bad - skip))
  [ $((bad + errors + code)) = 0 ] || { status=1; failures+=("${names[@]:-$project}"); }
}

# Whether the few cases that failed pass alone. More than three are no accident.
passes_again() {
  local name
  [ "$again" = 1 ] && [ ${#names[@]} -ge 1 ] && [ ${#names[@]} -le 3 ] || return 1
  for name in "${names[@]}"; do
    say "== $1 again: $name"
    "$(binary tests "$1")" -noLogo -noColor -method "$name" >&2 || return 1
  done
}

# A number of the closing line; 0 when it does not say.
count_of() { local found; found=$(sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<<"$2"); printf '%s' "${found:-0}"; }
