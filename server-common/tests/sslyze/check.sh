#!/usr/bin/env bash
# SSLyze tries what a server speaks of TLS, and holds it against Mozilla's intermediate
# configuration: versions, suites, curves, the certificate's kind and lifetime, and the attacks of
# the past. With the certificate that the server makes at its start, all that may be found is that
# nobody vouches for it.
#
# Usage: check.sh BIN VENV [SERVER/MODEL...]
#   BIN           the directory of the programs server-sync and server-async
#   VENV          where SSLyze is, or will be installed (from PyPI, which is all that needs the
#                 network)
#   SERVER/MODEL  what to check, such as server-sync/thread-pool (default: all models of both)
set -euo pipefail

SSLYZE=6.3.1
LIMIT=120s # for one model, which takes a second or two
MODELS=9   # of both servers, so that none is passed over
START=30   # seconds until a server listens, at most

bin=$(realpath "$1")
venv=$(realpath -m "$2")
shift 2
here=$(mktemp -d)
server=
trap 'kill $server 2>/dev/null || true; rm -rf "$here"' EXIT

main() {
    install
    local models model
    if [ $# -eq 0 ]; then
        # By themselves: the shell ignores what fails within another command's words.
        models=$(models server-sync)
        models+=" $(models server-async)"
        set -- $models
        [ $# -eq "$MODELS" ] || { echo "sslyze: expected $MODELS models, and found $#: $*" >&2; exit 1; }
    fi
    for model; do
        check "${model%/*}" "${model#*/}"
    done
}

install() {
    if [ "$("$venv/bin/python" -c "from importlib.metadata import version; print(version('sslyze'))" 2>&1)" != "$SSLYZE" ]; then
        python3 -m venv --clear "$venv"
        "$venv/bin/pip" install --quiet "sslyze==$SSLYZE"
    fi
}

models() {
    "$bin/$1" --list-models | awk -v server="$1" '{ print server "/" $1 }'
}

# Starts the server $1 as the model $2, and fails if SSLyze finds anything that is not expected.
check() {
    local address code=0 deadline=$((SECONDS + START))
    : >"$here/server" # what another wrote before is not to be found
    "$bin/$1" --model "$2" --listen 127.0.0.1:0 --tls >"$here/server" &
    server=$!
    until grep -q listening "$here/server"; do
        if ! kill -0 "$server" 2>/dev/null || [ $SECONDS -gt $deadline ]; then
            echo "sslyze, $1 $2: the server does not listen" >&2
            exit 1
        fi
        sleep 0.05
    done
    address=$(grep -o 'https://[0-9.:]*' "$here/server")
    timeout "$LIMIT" "$venv/bin/python" -W ignore -m sslyze --mozilla_config=intermediate \
        "${address#https://}" >"$here/report" 2>&1 || code=$?
    # Every complaint is a line with a star below this headline, and makes the code 1.
    sed -n '/COMPLIANCE AGAINST/,$p' "$here/report" | grep '^ *\*' >"$here/found" || true
    if [ "$code" -ne 1 ] || [ "$(wc -l <"$here/found")" -ne 1 ] ||
        ! grep -q ' certificate_path_validation:' "$here/found"; then
        cat "$here/report" >&2
        echo "sslyze, $1 $2: expected that nobody vouches for the certificate, and nothing else" >&2
        exit 1
    fi
    kill "$server"
    wait "$server"
    echo "sslyze, $1 $2: as Mozilla's intermediate configuration, but for who vouches"
}

main "$@"
