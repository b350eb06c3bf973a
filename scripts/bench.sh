# ./dev bench [NAME..] [--json FILE]: figures beside those of a peer, in one table; a gate that does not hold makes it fail. Without a
# name the quick subset is run, and with --gates the one that CI holds. docs/performance.md says what each name measures, and its options.

verb_bench() {
  require_postgres
  CONFIGURATION="${CONFIGURATION:-Release}"
  build
  "$(binary tests Berth.Benchmarks)" "$@"
}
