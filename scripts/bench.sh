# ./dev bench: figures beside those of a peer; a gate that does not hold makes it fail.

verb_bench() {
  CONFIGURATION=Release build
  CONFIGURATION=Release
  "$(binary tests Berth.Benchmarks)" "$@"
}
