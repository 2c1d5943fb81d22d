#!/usr/bin/env bash
# Runs the recipes of deploy/ for real: four shards under Slurm, Open MPI, GNU parallel; and, with
# stand-ins for what is not here, over ssh and as pods. Each makes a closed loop of a given number of
# requests and an open one, whose records must add up exactly. What must not be merged is refused.
# Then runs by shards and by one process take turns, and loadgen compare has to find them equivalent.
#
# Usage: schedulers.sh BIN
#   BIN  the directory of the programs loadgen and server-async
set -euo pipefail

SHARDS=4
ROUNDS=20
LIMIT=60s # for one run, which takes five seconds
mpirun='--allow-run-as-root --mca oob_tcp_if_include lo'
PACKAGES='slurmctld slurmd slurm-client munge openmpi-bin parallel'

tests=$(realpath "$(dirname "$0")")
deploy=$(dirname "$tests")
bin=$(realpath "$1")
here=$(mktemp -d)
server=
# shellcheck source=slurm.sh
source "$tests/slurm.sh"
trap 'stop_slurm; kill $server 2>/dev/null || true; rm -rf "$here"' EXIT
export LOADGEN=$bin/loadgen START_IN=3 LC_ALL=C.UTF-8

main() {
    require
    start_server
    start_slurm "$here/slurm"
    cd "$here"
    for way in slurm srun openmpi mpirun openmpi_in_slurm parallel parallel_over_ssh ssh kubernetes; do
        run "$way" closed 1003 -n 1003 -c 8 -k
        run "$way" open 400 -k --rate 400 --duration 1s
    done
    a_missed_gate_ends_no_other_shard
    what_does_not_belong_together_is_refused
    shards_and_one_process_are_equivalent
}

require() {
    for program in slurmctld slurmd srun munged mpirun parallel; do
        command -v "$program" >/dev/null || fail "$program is not here: apt-get install $PACKAGES"
    done
}

start_server() {
    : >"$here/server"
    "$bin/server-async" --listen 127.0.0.1:0 >"$here/server" &
    server=$!
    until grep -q listening "$here/server"; do
        kill -0 "$server"
        sleep 0.05
    done
    origin=$(grep -o 'http://[0-9.:]*' "$here/server")
    # Makes a thousand requests last for more than what lies between the starts of shards of which
    # some come late.
    url=$origin/delay/10
}

# A run in the way $1, called $2, of $3 requests by the flags from $4, and what must be true of it.
run() {
    local way=$1 name=$1-$2 requests=$3
    shift 3
    "by_$way" "$name" "$@" "$url" >"$name.log" 2>&1 || { cat "$name.log" >&2; fail "$name"; }
    local facts scheduler
    scheduler=$(scheduler_of "$way")
    facts=$(python3 "$tests/run.py" "$scheduler" "$requests" "$name/record.json" "$name"/shards/*.json) ||
        { cat "$name.log" >&2; fail "$name"; }
    echo "schedulers, $name: $facts"
}

scheduler_of() {
    case $1 in
    slurm | srun) echo slurm ;;
    openmpi* | mpirun) echo open-mpi ;;
    parallel*) echo gnu-parallel ;;
    ssh) echo - ;;
    *) echo "$1" ;;
    esac
}

by_slurm() {
    submit "$1" "$deploy/slurm/loadgen.sbatch" "$PWD/$1" "${@:2}"
}

# Without a name for the run: mpirun has one.
by_mpirun() {
    mkdir -p "$1/shards"
    # shellcheck disable=SC2086,SC2016 # words of flags; each process knows its rank
    timeout "$LIMIT" mpirun $mpirun --oversubscribe -n $SHARDS \
        sh -c 'directory=$1; shift; exec "$@" >"$directory/$OMPI_COMM_WORLD_RANK.json"' sh "$1/shards" \
        "$LOADGEN" -q --shard auto --start-at $(($(date +%s) + START_IN)) "${@:2}"
    "$LOADGEN" merge "$1/shards" -o "$1/record.json"
}

# Each process of mpirun has Slurm's variables, too: those of the batch script.
by_openmpi_in_slurm() {
    MPIRUN="$mpirun" submit "$1" "$deploy/openmpi/loadgen.sh" "$PWD/$1" "${@:2}"
}

# A job $1 of the script and words from $2. (sbatch --wait asks every ten seconds only.)
submit() {
    local job
    job=$(sbatch --parsable --output="$PWD/$1.out" --nodes=1 --ntasks-per-node=$SHARDS --cpus-per-task=1 "${@:2}")
    timeout "$LIMIT" sh -c "while squeue --noheader --jobs $job | grep -q .; do sleep 0.1; done"
    cat "$1.out"
    # The batch script's own.
    return "$(scontrol show job "$job" | sed -n 's/.* ExitCode=\([0-9]*\):.*/\1/p')"
}

# The lines of README.md.
by_srun() {
    mkdir "$1" "$1/shards"
    timeout "$LIMIT" srun --quiet --ntasks=$SHARDS \
        --output="$1/shards/%t.json" --error="$1/shards/%t.err" \
        "$LOADGEN" -q --shard auto --start-at $(($(date +%s) + START_IN)) "${@:2}"
    "$LOADGEN" merge "$1/shards" -o "$1/record.json"
}

by_openmpi() {
    MPIRUN="$mpirun --oversubscribe -n $SHARDS" timeout "$LIMIT" "$deploy/openmpi/loadgen.sh" "$@"
}

by_parallel() {
    SHARDS=$SHARDS timeout "$LIMIT" "$deploy/parallel/loadgen.sh" "$@"
}

by_parallel_over_ssh() {
    HOSTS='a,b c d' PARALLEL_SSH=$tests/stand-ins/ssh timeout "$LIMIT" "$deploy/parallel/loadgen.sh" "$@"
}

by_ssh() {
    HOSTS='a,b c d' SSH=$tests/stand-ins/ssh timeout "$LIMIT" "$deploy/ssh/loadgen.sh" "$@"
}

# Pods are processes with the variables of the manifests, and what they say is their log.
by_kubernetes() {
    mkdir -p "$1/pods"
    printf '%s\n' "TARGET=$url" "LOADGEN_SHARDS=$SHARDS" LOADGEN_QUIET=1 >"$1/plan.env"
    mapfile -t plan < <("$deploy/kubernetes/render.sh" "$1/plan.env" | sed -n 's/^  \([A-Z][A-Z0-9_]*\): "\(.*\)"$/\1=\2/p')
    for ((index = 0; index < SHARDS; index++)); do
        env -i "${plan[@]}" LOADGEN_RUN_ID=6a1f JOB_COMPLETION_INDEX=$index \
            timeout "$LIMIT" "$LOADGEN" --shard auto "${@:2}" >"$1/pods/$index.loadgen-$index-x" 2>&1 &
        pods[index]=$!
    done
    wait "${pods[@]}"
    PATH=$tests/stand-ins:$PATH PODS=$1/pods "$deploy/kubernetes/collect.sh" "$1/shards"
    "$LOADGEN" merge "$1/shards" -o "$1/record.json"
}

# Shards exit with 3, and all but the first write their records only after that one has ended.
a_missed_gate_ends_no_other_shard() {
    local way code
    for way in slurm openmpi; do
        code=0
        FIRST=$PWD/$way-first REAL=$bin/loadgen LOADGEN=$tests/stand-ins/first-ends-first \
            "by_$way" "$way-gate" --rate 400 --duration 1s --min-rate 1000000 "$url" >"$way-gate.log" 2>&1 || code=$?
        [ $code -eq 3 ] || { cat "$way-gate.log" >&2; fail "$way: a missed gate: exit code $code"; }
        python3 "$tests/run.py" "$(scheduler_of "$way")" 400 "$way-gate"/record.json "$way-gate"/shards/*.json >/dev/null ||
            { cat "$way-gate.log" >&2; fail "$way: a missed gate"; }
    done
    echo 'schedulers, a missed gate: four records and exit code 3, of Slurm and of Open MPI'
}

what_does_not_belong_together_is_refused() {
    local run_id
    run_id=$(run_of slurm-closed/shards/2.json)
    shard() {
        "$LOADGEN" -q --shard 2/$SHARDS --run-id "$run_id" -k "$@" "$url"
    }
    among_others twice
    shard -n 1003 -c 8 >twice/again.json
    refuses twice 'twice/2.json.*twice/again.json|twice/again.json.*twice/2.json'

    among_others missing
    rm missing/2.json
    refuses missing '\b2\b.*--allow-missing'
    "$LOADGEN" merge --allow-missing missing -o three.json 2>/dev/null || fail 'merge --allow-missing'
    grep -q '"valid": false' three.json || fail 'merge --allow-missing: the record is to be invalid'

    among_others other-run
    cp srun-closed/shards/2.json other-run
    refuses other-run "other-run/.*$(run_of srun-closed/shards/2.json)"

    among_others other-plan
    shard -n 1003 -c 12 >other-plan/2.json
    refuses other-plan 'other-plan/.*(concurrency|connections)'

    among_others cut-short
    head -c 5000 slurm-closed/shards/2.json >cut-short/2.json
    refuses cut-short 'cut-short/2.json'
}

# What the run is called that the record $1 is of.
run_of() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["shard"]["run_id"])' "$1"
}

# A directory $1 of four shards that belong together.
among_others() {
    cp -r slurm-closed/shards "$1"
}

# Merging what is in $1 ends with 1, a line that matches $2, and no record.
refuses() {
    local code=0
    "$LOADGEN" merge "$1" -o refused.json 2>why || code=$?
    [ $code -eq 1 ] || fail "merge, $1: exit code $code: $(cat why)"
    [ "$(wc -l <why)" -eq 1 ] || fail "merge, $1: not one line: $(cat why)"
    grep -qE "$2" why || fail "merge, $1: not what was expected: $(cat why)"
    [ ! -e refused.json ] || fail "merge, $1: a record was made"
    echo "schedulers, $1: $(cat why)"
}

# The server takes 20 ms for an answer, and the load is far from what either side could make: so the
# rate is what the connections allow unless a shard makes too much or too little, or merging counts
# wrong. (A closed loop, since by a schedule the rate is given, and compare does not judge it.) What a
# request costs is compared too, but not required: this machine may be busy.
shards_and_one_process_are_equivalent() {
    local plan=(-q -k -c 16 --duration 1s --server-pid "$server" "$origin/delay/20")
    mkdir one-process by-shards
    for round in $(seq -w $ROUNDS); do
        if ((10#$round % 2)); then
            in_one_process
            in_shards
        else
            in_shards
            in_one_process
        fi
    done
    "$LOADGEN" compare one-process by-shards || true
    "$LOADGEN" compare --json one-process by-shards >comparison.json || true
    python3 - <<'END' || fail 'the rate by shards is not equivalent to that of one process'
import json
(case,) = json.load(open("comparison.json"))["cases"]
verdicts = {change["metric"]: change["verdict"] for change in case["changes"]}
# Within 5 %, whether or not so many rounds can tell the two apart at all.
assert verdicts["rate_per_second"] in ("equivalent", "small_difference"), verdicts
assert case["interleaved"], case["notes"]
END
}

in_one_process() {
    "$LOADGEN" --threads $SHARDS "${plan[@]}" >"one-process/$round.json"
}

in_shards() {
    mkdir "round-$round"
    shards_of_a_round && return
    tail -n 20 "round-$round"/*.err slurm/*.out slurm/*.log >&2
    fail "round $round by shards"
}

shards_of_a_round() {
    local start_at=$((${EPOCHREALTIME/./} + 500000))
    timeout "$LIMIT" srun --quiet --ntasks=$SHARDS --output="round-$round/%t.json" \
        --error="round-$round/%t.err" \
        "$LOADGEN" --threads 1 --shard auto --start-at "${start_at::-6}.${start_at: -6}" "${plan[@]}" &&
        "$LOADGEN" merge "round-$round" -o "by-shards/$round.json" 2>"round-$round/merge.err"
}

fail() {
    echo "schedulers.sh: $1" >&2
    exit 1
}

main
