#!/usr/bin/env bash
# Runs a throwaway PostgreSQL for as long as standard input stays open.
#
# Prints one line, the URL of the running server, and waits. When the other end of standard input
# goes away, in whatever way, the server is stopped and its folder removed: a test process that is
# killed leaves nothing behind. `./check` and tests/support/postgres.rs both start it from here.
#
# It listens on a socket in its own folder only, so it needs no free port and meets no other server.
# Arguments are put before the command that starts the server, such as `env NAME=VALUE`: for a test
# that wants a server of its own.
#
# Durability is left as PostgreSQL ships it (fsync and synchronous_commit on): tests rely on it.
set -euo pipefail

fail() {
  echo "postgres.sh: $*" >&2
  exit 1
}

# The newest of Debian's versions, otherwise what is on the path.
find_binaries() {
  local folder
  while read -r folder; do
    if [[ -x $folder/initdb && -x $folder/pg_ctl && -x $folder/postgres ]]; then
      echo "$folder"
      return
    fi
  done < <(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV)
  if command -v initdb >/dev/null && command -v pg_ctl >/dev/null; then
    dirname "$(readlink -f "$(command -v initdb)")"
    return
  fi
  fail "PostgreSQL is not installed: run ./check, or apt-get install postgresql"
}

# PostgreSQL refuses to run as root, so root lends it the user that Debian's package makes.
as_server() {
  if [[ $EUID -eq 0 ]]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}

stop() {
  trap - EXIT
  if [[ -f $folder/data/postmaster.pid ]]; then
    as_server "$binaries/pg_ctl" stop -D "$folder/data" -m immediate -s -w >&2 || true
  fi
  rm -rf "$folder"
}

binaries=$(find_binaries)
if [[ $EUID -eq 0 ]]; then
  id -u postgres >/dev/null 2>&1 || fail "root cannot run PostgreSQL and there is no user postgres"
fi

# A socket path is limited to 107 bytes, so TMPDIR is not asked.
folder=$(mktemp -d /tmp/cotmoc-postgres.XXXXXX)
trap stop EXIT
trap 'exit 1' HUP INT TERM
if [[ $EUID -eq 0 ]]; then
  chown postgres "$folder"
fi
cd /

as_server "$binaries/initdb" -D "$folder/data" -U cotmoc -A trust \
  --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$folder/initdb.log" 2>&1 || {
  cat "$folder/initdb.log" >&2
  fail "initdb failed"
}
as_server "$@" "$binaries/pg_ctl" start -D "$folder/data" -l "$folder/data/server.log" -s -w -t 60 \
  -o "-c listen_addresses='' -c unix_socket_directories=$folder -c max_connections=300" >&2 || {
  cat "$folder/data/server.log" >&2
  fail "the server did not start"
}

echo "postgres://cotmoc@localhost:5432/postgres?host=$folder"
exec 1>&2
while read -r _; do :; done
