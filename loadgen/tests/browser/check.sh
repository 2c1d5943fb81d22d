#!/usr/bin/env bash
# Looks at the page of `loadgen report` in Chromium: of a benchmark of this repository, of one of a
# hundred rounds and of one whose names are meant to harm, with JavaScript and without, on a desktop
# and on a phone, in light and in dark, and on paper. Keeps a screenshot of each. These are of the same
# records every day. Of a benchmark that was measured just now, where labels lie is by chance: its
# page is only to work.
#
# Usage: check.sh BIN DIR SCREENSHOTS [RESULT]
#   BIN          the directory of the programs loadgen, server-sync and server-async
#   DIR          where playwright-core and axe-core are, or will be installed (from npm, which is all
#                that needs the network)
#   SCREENSHOTS  the directory for the pictures and the printed page; what is in it goes
#   RESULT       the directory of a benchmark; without it a short one is made
# CHROMIUM names the browser, if it is not /usr/bin/chromium.
set -euo pipefail

RECORDED=results/2026-11-21T11-16-55Z-229f6aefd
LIMIT=600s # for everything that the browser does, which takes a minute or two
NODE_MIN=20

bin=$(realpath "$1")
mkdir -p "$2"
dir=$(realpath "$2")
screenshots=$(realpath -m "$3")
scripts=$(dirname "$(realpath "$0")")
recorded=$(realpath "$scripts/../../..")/$RECORDED
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

main() {
    need node "Node $NODE_MIN or later"
    need "${CHROMIUM:=/usr/bin/chromium}" "Chromium, or CHROMIUM=PATH"
    export CHROMIUM
    local version
    version=$(node --version)
    version=${version#v}
    [ "${version%%.*}" -ge "$NODE_MIN" ] || missing "Node $NODE_MIN or later"
    install
    make_pages "${4:-}"
    rm -rf "$screenshots"
    timeout "$LIMIT" node "$dir/check.mjs" "$here" "$screenshots"
}

need() {
    command -v "$1" >/dev/null || missing "$2"
}

missing() {
    echo "browser: $1 is needed to look at the page" >&2
    exit 1
}

# The scripts go where their modules are: that is where node looks for these.
install() {
    cp "$scripts"/*.mjs "$scripts/package.json" "$dir"
    if ! cmp -s "$scripts/package-lock.json" "$dir/installed"; then
        cp "$scripts/package-lock.json" "$dir"
        (cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)
        cp "$scripts/package-lock.json" "$dir/installed"
    fi
}

make_pages() {
    local result=$1
    if [ -z "$result" ]; then
        result=$here/bench
        local code=0
        "$bin/loadgen" bench --quick --out "$result" >"$here/log" 2>&1 || code=$?
        # 5 says that a run cannot be believed, which a busy machine may well bring about.
        [ "$code" -eq 0 ] || [ "$code" -eq 5 ] || { cat "$here/log" >&2; exit 1; }
    fi
    node "$dir/results.mjs" "$recorded" "$here/rounds" "$here/hostile"
    report fresh "$result"
    report real "$recorded"
    report rounds "$here/rounds"
    report hostile "$here/hostile"
    report two "$recorded" "$here/rounds"
}

# Makes the page $1 of the results that follow.
report() {
    local name=$1
    shift
    "$bin/loadgen" report "$@" -o "$here/$name.html" >/dev/null
}

main "$@"
