#!/usr/bin/env bash
# Waits until all shards of a Job have ended, and keeps the record of each, which is in its pod's
# log, as DIR/INDEX.POD.json. Then: loadgen merge DIR
#
# Usage: collect.sh DIR [JOB]
#   DIR  where the records go; made if it is not there
#   JOB  name of the Job [default: loadgen], in kubectl's namespace
set -euo pipefail

[ $# -ge 1 ] || { sed -n 's/^# Usage: /usage: /p' "$0" >&2; exit 2; }
directory=$1
job=${2:-loadgen}

main() {
    mkdir -p "$directory"
    [ -z "$(ls -A "$directory")" ] || fail "$directory is not empty; give a new one for each run"
    ended=$(wait_for_end)
    [ "$ended" = Complete ] || echo "collect.sh: $job: $ended; kubectl describe job $job says why" >&2
    while read -r index pod; do
        keep "$index" "$pod"
    done < <(pods)
    echo "collect.sh: $(find "$directory" -name '*.json' | wc -l) records; now: loadgen merge $directory" >&2
}

# Complete or Failed; the Job's deadline is the limit.
wait_for_end() {
    local true_ones='{.status.conditions[?(@.status=="True")].type}'
    while :; do
        for condition in $(kubectl get job "$job" -o "jsonpath=$true_ones"); do
            case $condition in Complete | Failed) echo "$condition" && return ;; esac
        done
        sleep 2
    done
}

# Index and name of each pod, two of one index included: merge has to see that one was made again.
pods() {
    local index='{.metadata.annotations.batch\.kubernetes\.io/job-completion-index}'
    kubectl get pods -l "batch.kubernetes.io/job-name=$job" \
        -o "jsonpath={range .items[*]}$index {.metadata.name}{'\n'}{end}"
}

# A log has what the shard said on stderr, too: the record is what stands from { to }.
keep() {
    local log=$directory/$1.$2.log record=$directory/$1.$2.json
    kubectl logs "$2" >"$log" || { echo "collect.sh: $2 (shard $1): no log" >&2; return; }
    sed -n '/^{$/,/^}$/p' "$log" >"$record"
    [ -s "$record" ] || rm "$record"
    sed -e '/^{$/,/^}$/d' -e "s/^/$2: /" "$log" >&2
    rm "$log"
}

fail() {
    echo "collect.sh: $1" >&2
    exit 1
}

main
