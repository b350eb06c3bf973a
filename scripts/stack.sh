# What runs on this machine: everything is started and ended by the CLI's dev verbs.

berth() { "$(binary src Berth.Cli)" "$@"; }

has_option() { local wanted="$1" given; shift; for given in "$@"; do case "$given" in "$wanted"|"$wanted"=*) return 0 ;; esac; done; return 1; }

# Before anything is built: a line that is wrong is said to be at once. Options are given with whether they take a value.
check_options() {
  local verb="$1" known="$2" word; shift 2
  while [ $# -gt 0 ]; do
    word="${1%%=*}"
    case " $known " in
      *" $word: "*) [ "$1" != "$word" ] || { [ $# -gt 1 ] || die "$word of '$verb' wants a value"; shift; } ;;
      *" $word "*) ;;
      *) die "unknown option '$1' of '$verb'; './dev help' shows them" ;;
    esac
    shift
  done
}

verb_up() {
  check_options up "--dir: --kubeconfig: --postgres: --replicas: --timeout: --nodes: --no-operator --faults --help" "$@"
  has_option --help "$@" || has_option --dir "$@" || die "up wants --dir D: the directory where everything of this instance is kept"
  has_option --postgres "$@" || require_postgres
  build
  berth dev up "$@"
}

verb_down() {
  check_options down "--dir: --help" "$@"
  has_option --help "$@" || has_option --dir "$@" || die "down wants --dir D: the directory that was given to up"
  [ -x "$(binary src Berth.Cli)" ] || build
  berth dev down "$@"
}

verb_demo() {
  check_options demo "--keep --dir: --help" "$@"
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
