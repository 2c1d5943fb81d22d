#!/usr/bin/env bash
# A run by the processes that mpirun starts, a shard each, and their records merged. loadgen itself
# is no MPI program: it reads what mpirun sets.
#
# Usage: loadgen.sh DIR FLAG... URL
#   DIR  on a file system that all hosts share: shards' records in DIR/shards, merged DIR/record.json
# Variables: MPIRUN, flags of mpirun, such as '--hostfile hosts --map-by node -n 4'; LOADGEN, the
# program [default: loadgen]; START_IN, seconds until all begin [default: 10]
set -euo pipefail

[ $# -ge 2 ] || { echo 'usage: loadgen.sh DIR FLAG... URL' >&2; exit 2; }
directory=$1
shift
loadgen=${LOADGEN:-loadgen}
command -v "$loadgen" >/dev/null ||
    { echo "loadgen.sh: there is no $loadgen here, to merge; make install, or give LOADGEN=PATH" >&2; exit 1; }
# Shards can ask mpirun for the name of its job; with some versions that comes again.
run_id=$(hostname)-$(date +%s)-$$
start_at=$(($(date +%s) + ${START_IN:-10}))
read -ra flags <<<"${MPIRUN:-}"
mkdir "$directory" "$directory/shards"
export SHARDS_DIRECTORY=$directory/shards

# mpirun would end all others when one exits with another code than 0, which a missed gate does; told
# not to, it ends with 0 itself, and what a shard found is in its record. What they write to stdout it
# mixes, line by line: hence -o.
# shellcheck disable=SC2016 # each process knows its rank
mpirun --mca orte_abort_on_non_zero_status 0 -x SHARDS_DIRECTORY "${flags[@]}" \
    sh -c 'exec "$@" -o "$SHARDS_DIRECTORY/$OMPI_COMM_WORLD_RANK.json" >/dev/null' sh \
    "$loadgen" --quiet --shard auto --run-id "$run_id" --start-at "$start_at" "$@" ||
    echo "loadgen.sh: mpirun ended with $?" >&2
"$loadgen" merge "$directory/shards" -o "$directory/record.json"
