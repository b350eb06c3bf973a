namespace Berth.Testing;

/// <summary>
/// The shell that keeps a test server. It obeys one word a line and answers <c>done STATUS</c>; at the end of its input (which comes
/// when the test process ends, even by KILL) it ends the server and removes the directory.
/// </summary>
internal static class PostgresKeeper
{
    /// <summary>Arguments: binaries, port, further settings, port of the primary (for a standby; else empty).</summary>
    public const string Script = """
        bin=$1; port=$2; settings=$3; primary=$4
        dir=$(mktemp -d "${TMPDIR:-/tmp}/berth-pg-XXXXXX") || exit 1
        trap '' INT HUP TERM
        common="-c listen_addresses=127.0.0.1 -p $port -k $dir -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=80 $settings"
        start() { "$bin/pg_ctl" -D "$dir/data" -w -t 50 -l "$dir/log" -o "$common" start >/dev/null 2>&1 </dev/null; }
        stop() { "$bin/pg_ctl" -D "$dir/data" -w -t 50 -m "$1" stop >/dev/null 2>&1 </dev/null; }
        family() { post=$(head -n 1 "$dir/data/postmaster.pid"); echo "$post" $(ps -o pid= --ppid "$post"); }
        if [ -n "$primary" ]; then
          "$bin/pg_basebackup" -h 127.0.0.1 -p "$primary" -U postgres -D "$dir/data" -R -X stream -c fast --no-sync >"$dir/init" 2>&1 </dev/null
        else
          "$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync --no-locale -E UTF8 >"$dir/init" 2>&1 </dev/null
        fi
        if [ $? = 0 ] && start; then
          echo "ready $dir"
          while read -r word; do
            case $word in
              start) start ;;
              stop) stop fast ;;
              crash) stop immediate ;;
              restart) stop fast && start ;;
              promote) "$bin/pg_ctl" -D "$dir/data" -w promote >/dev/null 2>&1 </dev/null ;;
              freeze) kill -STOP $(family) ;;
              thaw) kill -CONT $(family) ;;
              *) false ;;
            esac
            echo "done $?"
          done
          [ -f "$dir/data/postmaster.pid" ] && kill -CONT $(family) 2>/dev/null
          stop immediate
        else
          cat "$dir/init" "$dir/log" >&2
          echo failed
        fi
        rm -rf "$dir"
        """;
}
