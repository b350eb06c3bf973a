# ./dev bench [NAME..] [--json FILE]: figures beside those of a peer, in one table; a gate that does not hold makes it fail. Without a
# name the quick subset is run. docs/performance.md says what each name measures, and its options.

verb_bench() {
  require_postgres
  CONFIGURATION=Release build
  CONFIGURATION=Release
  "$(binary tests Berth.Benchmarks)" "$@"
}
