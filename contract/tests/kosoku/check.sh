#!/usr/bin/env bash
# The Autobahn cases, as kosoku runs them: what a WebSocket endpoint must do with frames that are
# fragmented, interleaved, malformed, not UTF-8 or large, and with every way to close. First kosoku
# is the client of each model's /ws/echo, and of one model's over TLS; then it is the server of the
# load generator's client.
#
# Usage: check.sh BIN VENV [SERVER/MODEL...]
#   BIN           the directory of the programs server-sync and server-async, and of
#                 examples/websocket_echo_client
#   VENV          where kosoku is, or will be installed (from PyPI, which is all that needs the
#                 network)
#   SERVER/MODEL  what to check, such as server-async/epoll (default: all models of both that have
#                 WebSockets, TLS and the client)
set -euo pipefail

KOSOKU=0.1.0
LIMIT=300s  # for one model, which takes some seconds
AT_A_TIME=4 # cases; some of them wait a second or two on purpose
WITHOUT=server-sync/sequential # one client would own it, so it refuses to upgrade
WITH=8 # models that have, so that none is passed over
OVER_TLS=server-async/epoll
START=30 # seconds until a program listens, at most

bin=$(realpath "$1")
venv=$(realpath -m "$2")
shift 2
scripts=$(dirname "$(realpath "$0")")
here=$(mktemp -d)
started=()
trap 'stop; rm -rf "$here"' EXIT

main() {
    install
    if [ $# -gt 0 ]; then
        check_servers "$@"
    else
        local models
        # By themselves: the shell ignores what fails within another command's words.
        models=$(models server-sync)
        models+=" $(models server-async)"
        expect $models
        check_servers $models
        check_over_tls "$OVER_TLS"
        check_client
    fi
}

install() {
    if [ "$("$venv/bin/python" -c "from importlib.metadata import version; print(version('kosoku'))" 2>&1)" != "$KOSOKU" ]; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet "kosoku==$KOSOKU"
    fi
}

models() {
    "$bin/$1" --list-models | awk -v server="$1" -v without="$WITHOUT" \
        'server "/" $1 != without { print server "/" $1 }'
}

expect() {
    [ $# -eq "$WITH" ] || { echo "kosoku: expected $WITH models, and found $#: $*" >&2; exit 1; }
}

check_servers() {
    local model
    for model; do
        serve "$model"
        be_client "ws://$address" "${model/\// }"
        stop
    done
}

# kosoku speaks no TLS: something takes it off in between.
check_over_tls() {
    serve "$1" --tls
    start tunnel 'listening on 127' "$venv/bin/python" "$scripts/tls_tunnel.py" "$address"
    be_client "ws://$(address_in tunnel)" "${1/\// } over TLS"
    stop
}

check_client() {
    start kosoku 'listening on ws' timeout "$LIMIT" "$venv/bin/kosoku" --mode fuzzingserver \
        --outdir "$here/reports" 127.0.0.1:0
    timeout "$LIMIT" "$bin/examples/websocket_echo_client" --cases "ws://$(address_in kosoku)" \
        >"$here/client" 2>&1 || { cat "$here/client" >&2; exit 1; }
    # It ends when it has written its report, which the client asks for last.
    wait "${started[-1]}" || true
    judge "loadgen's client"
    stop
}

# Starts the server and model $1 with further flags; its address is in $address.
serve() {
    local model=$1
    shift
    start server listening "$bin/${model%/*}" --model "${model#*/}" --listen 127.0.0.1:0 "$@"
    address=$(address_in server)
}

# Runs all cases against the URL $1, and says what came of $2.
be_client() {
    # Its code is 1 also if a case is not implemented; the report says which.
    timeout "$LIMIT" "$venv/bin/kosoku" --mode fuzzingclient --parallelism "$AT_A_TIME" \
        --outdir "$here/reports" "$1/ws/echo" >"$here/kosoku" 2>&1 || true
    judge "$2"
}

# Fails unless the report is as expected; one line of $1.
judge() {
    if ! [ -e "$here/reports/index.json" ]; then
        tail -n 20 "$here/kosoku" >&2
        echo "kosoku, $1: there is no report" >&2
        exit 1
    fi
    "$venv/bin/python" "$scripts/judge.py" "$1" "$here/reports/index.json"
    rm -r "$here/reports"
}

# Starts a program, which writes to the file $1, and waits until that has the line $2.
start() {
    local name=$1 line=$2 deadline=$((SECONDS + START))
    shift 2
    : >"$here/$name" # what another wrote before is not to be found
    "$@" >"$here/$name" 2>&1 &
    started+=($!)
    until grep -q "$line" "$here/$name"; do
        if ! kill -0 "${started[-1]}" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
            cat "$here/$name" >&2
            echo "kosoku: $1 does not listen" >&2
            exit 1
        fi
        sleep 0.05
    done
}

# Ends what was started and is still there.
stop() {
    local pid
    for pid in "${started[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    started=()
}

address_in() {
    grep -o -m 1 '127\.0\.0\.1:[0-9]*' "$here/$1"
}

main "$@"
