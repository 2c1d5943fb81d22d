#!/usr/bin/env bash
# What loadgen exports is read by those whose formats they are: prometheus_client reads OpenMetrics,
# HdrHistogram's port to Python the interval log and the percentile table, Python's csv the rows. What
# they find must be what the records say, names with quotes, commas and backslashes included.
#
# Usage: check.sh BIN VENV
#   BIN   the directory of the programs loadgen and server-async
#   VENV  where the readers are, or will be installed (from PyPI, which is all that needs the network)
set -euo pipefail

PROMETHEUS_CLIENT=0.26.0
HDRHISTOGRAM=0.10.8
LIMIT=60s # for one command, which takes a second

source=$(realpath "$(dirname "$0")")
bin=$(realpath "$1")
venv=$(realpath -m "$2")
here=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$here"' EXIT

main() {
    install
    start_server
    cd "$here"
    mkdir runs
    # A run by itself has its file's name for a scenario.
    load 'kept.json' -k
    load 'a "b", c\d.json'
    load 'open.json' --rate 500 -k
    # Nothing answers there any more, so that this run cannot be believed.
    kill "$server" && wait "$server" || true
    load 'down.json' || true

    for format in csv openmetrics hdr-log go-bench bencher markdown; do
        timeout "$LIMIT" "$bin/loadgen" export --to "$format" -o "out.$format" runs/*.json 2>>left-out
    done
    timeout "$LIMIT" "$bin/loadgen" export --to hgrm -o out.hgrm runs/kept.json
    timeout "$LIMIT" "$bin/loadgen" export --to hdr-log -o out.kept.hdr-log runs/kept.json
    timeout "$LIMIT" "$bin/loadgen" export --to github-action-benchmark -o out runs/*.json 2>>left-out
    timeout "$LIMIT" "$venv/bin/python" "$source/read.py" runs
}

install() {
    if [ "$("$venv/bin/python" -c "from importlib.metadata import version as v; print(v('prometheus_client'), v('hdrhistogram'))" 2>&1)" \
        != "$PROMETHEUS_CLIENT $HDRHISTOGRAM" ]; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet "prometheus_client==$PROMETHEUS_CLIENT" "hdrhistogram==$HDRHISTOGRAM"
    fi
}

start_server() {
    : >"$here/server"
    "$bin/server-async" --listen 127.0.0.1:0 >"$here/server" &
    server=$!
    until grep -q listening "$here/server"; do
        kill -0 "$server"
        sleep 0.05
    done
    url=$(grep -o 'http://[0-9.:]*' "$here/server")/
}

# Makes a short run, with the flags after $1, and keeps its record in runs/$1.
load() {
    timeout "$LIMIT" "$bin/loadgen" --duration 300ms -c 4 "${@:2}" -o "runs/$1" "$url" >/dev/null 2>load.err || {
        [ -s "runs/$1" ] || cat load.err >&2
        return 1
    }
}

main
