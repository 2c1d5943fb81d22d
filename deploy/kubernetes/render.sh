#!/usr/bin/env bash
# Prints the manifests of a run, for kubectl apply -f -
#
# Usage: [IMAGE=loadgen:latest] [START_IN=60] render.sh [PLAN]
#   PLAN      file of parameters, NAME=VALUE [default: plan.env beside this script]
#   IMAGE     the image of loadgen, as the nodes pull it
#   START_IN  seconds from now until all shards begin: enough to schedule pods and pull the image
set -euo pipefail

beside=$(dirname "$0")
plan=${1:-$beside/plan.env}
image=${IMAGE:-loadgen:latest}
start_at=$(($(date +%s) + ${START_IN:-60}))
name='[A-Z][A-Z0-9_]*'

main() {
    if odd=$(grep -nvE -m 1 "^($name=|#|[[:space:]]*\$)" "$plan"); then
        fail "$plan:${odd/:/: }: give NAME=VALUE from the first column, a comment (#) or an empty line"
    fi
    shards=$(sed -n 's/^LOADGEN_SHARDS=//p' "$plan")
    [[ $shards =~ ^[1-9][0-9]*$ ]] || fail "$plan: give LOADGEN_SHARDS, the number of pods, such as LOADGEN_SHARDS=4"
    grep -q '^TARGET=.' "$plan" || fail "$plan: give TARGET, the URL to load"
    config_map
    sed -e "s/^  \(completions\|parallelism\): .*/  \1: $shards/" \
        -e "s|^\( *image:\) .*|\1 $image|" "$beside/loadgen.yaml"
}

# A line of PLAN each, whatever is in it, as a quoted string of YAML.
config_map() {
    cat <<END
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: loadgen
  labels:
    app.kubernetes.io/name: loadgen
data:
  LOADGEN_START_AT: "$start_at"
END
    sed -n -e 's/[\"]/\\&/g' -e "s/^\($name\)=\(.*\)\$/  \1: \"\2\"/p" "$plan"
}

fail() {
    echo "render.sh: $1" >&2
    exit 2
}

main
