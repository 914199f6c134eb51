#!/usr/bin/env bash
# The pages in a real browser: a demonstration of six months, served by the program itself, walked through
# by walk.mjs. Usage: tests/browser/run.sh PROGRAM [FOLDER-FOR-PICTURES]
set -euo pipefail
program=$(readlink -f "$1")
pictures=${2:+$(readlink -f "$2")}
cd "$(dirname "$(readlink -f "$0")")"

folder=$(mktemp -d)
server=
finish() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT

npm ci --silent
export COTMOC_LETTERS="$folder/letters" COTMOC_SMTP=
: >"$folder/remarks"
"$program" demo --db "$folder/demo.db" --months 6 --serve --listen 127.0.0.1:0 \
  >"$folder/said" 2>"$folder/remarks" &
server=$!
until grep -q 'http://' "$folder/remarks"; do
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$folder/said" "$folder/remarks" >&2
    echo "the demonstration ended before its pages were there" >&2
    exit 1
  fi
  sleep 0.2
done
node walk.mjs "$program" "sqlite:$folder/demo.db" "$folder/said" "$folder/remarks" "$folder/letters" "$pictures"
