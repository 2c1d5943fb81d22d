#!/usr/bin/env bash
# A run by a shard on each of some hosts, with nothing but ssh, and their records merged.
#
# Usage: HOSTS='a b c' loadgen.sh DIR FLAG... URL
#   DIR  here: shards' records in DIR/shards, merged DIR/record.json
# Variables: HOSTS, a shard on each, such as 'a b c' or a,b,c; LOADGEN, the program [default: loadgen];
# START_IN, seconds until all begin [default: 10]; SSH [default: ssh]
set -euo pipefail

[ $# -ge 2 ] && [ -n "${HOSTS:-}" ] || { echo "usage: HOSTS='a b c' loadgen.sh DIR FLAG... URL" >&2; exit 2; }
directory=$1
shift
loadgen=${LOADGEN:-loadgen}
command -v "$loadgen" >/dev/null ||
    { echo "loadgen.sh: there is no $loadgen here, to merge; make install, or give LOADGEN=PATH" >&2; exit 1; }
read -ra hosts <<<"${HOSTS//,/ }"
run_id=$(hostname)-$(date +%s)-$$
start_at=$(($(date +%s) + ${START_IN:-10}))
mkdir "$directory" "$directory/shards"

# A shell there takes the words apart once more.
printf -v words '%q ' --quiet --run-id "$run_id" --start-at "$start_at" "$@"
for index in "${!hosts[@]}"; do
    ${SSH:-ssh} "${hosts[index]}" "$loadgen --shard $index/${#hosts[@]} $words" \
        </dev/null >"$directory/shards/$index.json" 2>"$directory/shards/$index.err" ||
        echo "loadgen.sh: shard $index on ${hosts[index]} ended with $?; see $directory/shards/$index.err" >&2 &
done
wait
"$loadgen" merge "$directory/shards" -o "$directory/record.json"
