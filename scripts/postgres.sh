# A PostgreSQL server is needed for history. Only its binaries: each run makes its own database directory.

postgres_bin() {
  local dir
  for dir in "${BERTH_POSTGRES_BIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/pg_ctl" ]; then printf '%s' "$dir"; return; fi
  done
  if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then dirname "$(command -v initdb)"; fi
}

require_postgres() {
  [ -n "$(postgres_bin)" ] && { BERTH_POSTGRES_BIN="$(postgres_bin)"; export BERTH_POSTGRES_BIN; return; }
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing the PostgreSQL server binaries ..."
    # The packages would start a cluster of their own; we only want the binaries.
    mkdir -p /etc/postgresql-common
    grep -qs '^create_main_cluster' /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' >>/etc/postgresql-common/createcluster.conf
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null 2>&1 ||
      die "could not install PostgreSQL; run 'apt-get install postgresql' and look at its output"
  fi
  [ -n "$(postgres_bin)" ] || die "the PostgreSQL server binaries are missing; run: sudo apt-get install postgresql   (or set BERTH_POSTGRES_BIN to a directory with initdb and pg_ctl)"
  BERTH_POSTGRES_BIN="$(postgres_bin)"; export BERTH_POSTGRES_BIN
}
