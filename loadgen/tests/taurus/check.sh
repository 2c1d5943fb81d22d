#!/usr/bin/env bash
# Taurus (bzt) drives ab and reads the rows that ab writes. Here it drives loadgen in ab's place:
# the samples that it counts must be the requests that were made, and none may have failed. If the
# real ab is there, Taurus must find no difference in form.
#
# Usage: check.sh BIN VENV
#   BIN   the directory of the programs loadgen and server-async
#   VENV  where Taurus is, or will be installed (from PyPI, which is all that needs the network)
set -euo pipefail

BZT=1.17.2
LIMIT=120s # for one run, which takes five seconds

bin=$(realpath "$1")
venv=$(realpath -m "$2")
here=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$here"' EXIT

main() {
    install
    start_server
    cd "$here"
    export HOME=$here # bzt writes its settings there
    ln -s "$bin/loadgen" ab

    # Taurus makes as many iterations on each of the connections.
    check by-count "$here/ab" 'iterations: 250' true
    is 2000 "$requests" 'requests by count'
    check by-time "$here/ab" 'hold-for: 1s' true
    check new-connections "$here/ab" 'iterations: 25' false
    is 200 "$requests" 'requests on connections of their own'
    if command -v ab >/dev/null; then
        check real-ab ab 'iterations: 250' true
        is 2000 "$requests" 'requests of the real ab'
        is "$(head -n 1 real-ab/ab.tsv)" "$(head -n 1 by-count/ab.tsv)" 'columns of the rows'
        is "$(head -n 1 real-ab.csv)" "$(head -n 1 by-count.csv)" "columns of Taurus's result"
    fi
}

install() {
    if [ "$("$venv/bin/python" -c "from importlib.metadata import version; print(version('bzt'))" 2>&1)" != "$BZT" ]; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet "bzt==$BZT"
    fi
}

start_server() {
    "$bin/server-async" --listen 127.0.0.1:0 >"$here/server" &
    server=$!
    until grep -q listening "$here/server"; do
        kill -0 "$server"
        sleep 0.05
    done
    url=$(grep -o 'http://[0-9.:]*' "$here/server")/
}

# Runs Taurus with the tool $2 and the load $3, with keep-alive or not ($4); leaves the number of
# requests that the tool made in $requests.
check() {
    cat >"$1.yml" <<END
execution:
- {executor: ab, concurrency: 8, $3, scenario: hello}
scenarios:
  hello: {keepalive: $4, requests: ["$url"]}
modules:
  ab: {path: $2}
  console: {disable: true}
reporting:
- {module: final-stats, dump-csv: $1.csv}
settings: {artifacts-dir: $1, check-updates: false}
END
    if ! timeout "$LIMIT" "$venv/bin/bzt" "$1.yml" >"$1.log" 2>&1; then
        cat "$1.log" "$1"/ab.{out,err} >&2
        exit 1
    fi
    requests=$(awk '/^Complete requests:/ {print $3}' "$1/ab.out")
    is "$requests" "$(column succ "$1.csv")" "$1: samples that succeeded"
    is 0 "$(column fail "$1.csv")" "$1: samples that failed"
    is '' "$(grep 'non-zero code' "$1.log" || true)" "$1: exit code"
    echo "taurus, $1: $requests requests, $(grep -m 1 -o 'Samples count.*' "$1.log")"
}

# The value of a column in the last row, which is that of all labels.
column() {
    awk -F, -v name="$1" '
        NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
        { value = $column }
        END { print value }' "$2"
}

# Fails unless what was expected ($1) is what is there ($2).
is() {
    [ "$1" = "$2" ] || { echo "taurus, $3: expected $1, found $2" >&2; exit 1; }
}

main
