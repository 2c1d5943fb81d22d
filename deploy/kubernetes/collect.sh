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
    local listed records
    mkdir -p "$directory"
    [ -z "$(ls -A "$directory")" ] || fail "$directory is not empty; give a new one for each run"
    ended=$(wait_for_end)
    [ "$ended" = Complete ] || echo "collect.sh: $job: $ended; kubectl describe job $job says why" >&2
    listed=$(pods)
    [ -n "$listed" ] || fail "$job has no pods any more; run again, and collect before they are deleted"
    while read -r index pod; do
        keep "$index" "$pod"
    done <<<"$listed"
    records=$(find "$directory" -name '*.json' | wc -l)
    [ "$records" -gt 0 ] || fail "no pod of $job left a record; what they said is above"
    echo "collect.sh: $records records; now: loadgen merge $directory" >&2
}

# Complete or Failed; the Job's deadline is the limit.
wait_for_end() {
    local conditions true_ones='{.status.conditions[?(@.status=="True")].type}'
    while :; do
        conditions=$(kubectl get job "$job" -o "jsonpath=$true_ones") ||
            fail "kubectl does not tell how $job is; see why, and run this again"
        for condition in $conditions; do
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
