#!/usr/bin/env bash
# Prints every figure of docs/SCALE.md again, as tables in Markdown: a script for each of its parts.
# Takes about half an hour and wants a quiet machine of two cores or more, 20 000 descriptors
# (ulimit -Hn), and root or user namespaces for a network of its own. Traffic stays on loopback.
#
# Usage: measure.sh BIN VENV [PART…]
#   BIN   the directory of the programs loadgen and server-async, release builds
#   VENV  where locust is installed, or will be (from PyPI, which is all that needs the network)
#   PART  some of these only
set -euo pipefail

PARTS=(cpu packets ports descriptors memory merge locust_master clocks simulation)

source=$(realpath "$(dirname "$0")")
# shellcheck source=../locust/install.sh
source "$source/../locust/install.sh"
BIN=$(realpath "$1")
venv=$(realpath -m "$2")
shift 2
[ $# -gt 0 ] || set -- "${PARTS[@]}"
export BIN

main() {
    [ -x "$BIN/loadgen" ] || fail "there is no $BIN/loadgen; make build first"
    [ "$(ulimit -Hn)" = unlimited ] || [ "$(ulimit -Hn)" -ge 20000 ] \
        || fail "a process may have only $(ulimit -Hn) descriptors; raise the hard limit to 20000"
    ulimit -n 20000
    for part; do
        [ -f "$source/$part.py" ] || fail "there is no part $part; they are ${PARTS[*]}"
        printf '\n## %s\n' "$part"
        machine
        "$(python_for "$part")" "$source/$part.py"
    done
}

fail() {
    echo "measure.sh: $1" >&2
    exit 1
}

# The circumstances of a part's tables, as they are before it.
machine() {
    local model
    model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
    printf '\n%s\n' "$(nproc) cores, $model, Linux $(uname -r), $(date -u +%F), load $(cut -d ' ' -f 1 /proc/loadavg)"
}

python_for() {
    if [ "$1" != locust_master ]; then
        echo python3
        return
    fi
    install_locust "$venv" >&2
    echo "$venv/bin/python"
}

main "$@"
