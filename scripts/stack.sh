# What runs on this machine: everything is started and ended by the CLI's dev verbs.

berth() { "$(binary src Berth.Cli)" "$@"; }

has_option() { local wanted="$1" given; shift; for given in "$@"; do case "$given" in "$wanted"|"$wanted"=*) return 0 ;; esac; done; return 1; }

verb_up() {
  has_option --postgres "$@" || require_postgres
  build
  berth dev up "$@"
}

verb_down() {
  [ -x "$(binary src Berth.Cli)" ] || build
  berth dev down "$@"
}

verb_demo() {
  require_postgres
  build
  berth dev demo "$@"
}

verb_operator() {
  has_option --postgres "$@" || require_postgres
  build
  exec "$(binary src Berth.Cli)" dev operator "$@"
}

verb_pods() {
  build
  exec "$(binary src Berth.Cli)" dev pods "$@"
}
