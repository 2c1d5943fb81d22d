#!/usr/bin/env bash
# A real Locust master, as it comes from PyPI, with deploy/locust/locustfile.py: first with workers
# that only pretend, then with `loadgen worker` against server-async. What Locust counts, what the
# server counted and what the merged record has must be the same; masters and workers are killed.
#
# Usage: check.sh BIN VENV
#   BIN   the directory of the programs loadgen and server-async
#   VENV  where Locust is, or will be installed (from PyPI, which is all that needs the network)
set -euo pipefail

LIMIT=300s # for either, which takes a minute at most

source=$(realpath "$(dirname "$0")")
# shellcheck source=install.sh
source "$source/install.sh"
bin=$(realpath "$1")
venv=$(realpath -m "$2")

main() {
    install_locust "$venv"
    export PYTHONDONTWRITEBYTECODE=1
    # Both wait for Locust most of the time, which sleeps a second before it looks again.
    timeout "$LIMIT" "$venv/bin/python" "$source/plugin.py" &
    plugin=$!
    trap 'kill "$plugin" 2>/dev/null || true' EXIT
    timeout "$LIMIT" "$venv/bin/python" "$source/workers.py" "$bin"
    wait "$plugin"
}

main
