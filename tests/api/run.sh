#!/usr/bin/env bash
# The API under schemathesis: a demonstration of some months, served by the program itself, asked as a program of
# each role by walk.py. Usage: tests/api/run.sh PROGRAM
set -euo pipefail
program=$(readlink -f "$1")
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

# The environment stays for the next time; another list of requirements makes it anew.
if ! cmp -s requirements.txt venv/requirements.txt; then
  rm -rf venv
  /usr/bin/python3 -m venv venv
  venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
  cp requirements.txt venv/requirements.txt
fi

: >"$folder/remarks"
"$program" demo --db "$folder/demo.db" --months 4 --serve --listen 127.0.0.1:0 \
  >"$folder/said" 2>"$folder/remarks" &
server=$!
until grep -q 'http://' "$folder/remarks"; do
  if ! kill -0 "$server" 2>/dev/null; then
    cat "$folder/said" "$folder/remarks" >&2
    echo "the demonstration ended before the API was there" >&2
    exit 1
  fi
  sleep 0.2
done
base=$(grep -o 'http://[0-9.:]*' "$folder/remarks" | head -1)

# One person of each role is named in the table of accounts, by an id that ends with the role. An administrator sees
# no case and has nothing to ask.
tokens=()
while read -r person; do
  token=$("$program" --store "sqlite:$folder/demo.db" token create "$person" --name schemathesis \
    --scope read --scope act --scope report 2>/dev/null)
  tokens+=("${person##*:}=$token")
done < <(grep -o 'person:[a-z0-9.:_-]*' "$folder/said" | grep -v ':administrator$' | sort -u)

venv/bin/python walk.py venv/bin/schemathesis "$base" "$folder" "${tokens[@]}"
