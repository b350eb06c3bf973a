# Prometheus checks our alert rules and runs the panels' queries. Only its programs; no service is started. Its tests are skipped, by name, without it.

require_prometheus() {
  command -v promtool >/dev/null && return
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 0
  say "installing the Prometheus programs ..."
  # The package would start a server of its own; policy-rc.d forbids that while it is installed.
  local policy=/usr/sbin/policy-rc.d made=0
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1; fi
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus; } >/dev/null 2>&1 ||
    say "could not install Prometheus; tests that need it are skipped"
  [ $made = 0 ] || rm -f $policy
}
