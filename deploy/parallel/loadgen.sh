#!/usr/bin/env bash
# A run by the jobs of GNU parallel, a shard each, here or on hosts that ssh reaches, and their
# records merged.
#
# Usage: loadgen.sh DIR FLAG... URL
#   DIR  here: shards' records in DIR/shards, merged DIR/record.json
# Variables: HOSTS, a shard on each, such as a,b,c or 'a b c'; or SHARDS, as many here; LOADGEN, the program
# [default: loadgen]; START_IN, seconds until all begin [default: 10]
set -euo pipefail

[ $# -ge 2 ] || { echo 'usage: [HOSTS=a,b|SHARDS=N] loadgen.sh DIR FLAG... URL' >&2; exit 2; }
directory=$1
shift
loadgen=${LOADGEN:-loadgen}
command -v "$loadgen" >/dev/null ||
    { echo "loadgen.sh: there is no $loadgen here, to merge; make install, or give LOADGEN=PATH" >&2; exit 1; }
HOSTS=${HOSTS:-}
read -ra hosts <<<"${HOSTS//,/ }"
LOADGEN_SHARDS=${SHARDS:-${#hosts[@]}}
[ "$LOADGEN_SHARDS" -gt 0 ] || { echo 'loadgen.sh: give HOSTS or SHARDS' >&2; exit 2; }
export LOADGEN_SHARDS
run_id=$(hostname)-$(date +%s)-$$
start_at=$(($(date +%s) + ${START_IN:-10}))
mkdir "$directory" "$directory/shards"

# All at once, or the last would begin when the first have ended. What a job writes is passed on when
# it has ended, in one piece: a record after the other.
where=(--jobs "$LOADGEN_SHARDS")
# 1/ saves parallel the asking how many cores a host has.
[ ${#hosts[@]} -eq 0 ] || where=(--jobs 1 --env LOADGEN_SHARDS "${hosts[@]/#/--sshlogin=1/}")
seq "$LOADGEN_SHARDS" | parallel "${where[@]}" --group --quote -N0 \
    "$loadgen" --quiet --shard auto --run-id "$run_id" --start-at "$start_at" "$@" \
    >"$directory/shards/all.json" ||
    echo "loadgen.sh: $? shards ended with another code than 0" >&2
"$loadgen" merge "$directory/shards" -o "$directory/record.json"
