# shellcheck shell=bash
# A Slurm of one node, in a directory of its own and on the loopback: no file of the system's is read
# or written. To be sourced.

slurm_pids=()

# Starts munge, controller and node in the directory $1, and sets SLURM_CONF for srun and sbatch.
start_slurm() {
    mkdir "$1" "$1/state" "$1/spool"
    slurm=$1
    (umask 077 && head -c 128 /dev/urandom >"$slurm/munge.key")
    # --force: a directory that only its owner may enter is no socket's place to munge.
    daemon munged --force --foreground --socket="$slurm/munge" --key-file="$slurm/munge.key" \
        --log-file="$slurm/munged.log" --pid-file="$slurm/munged.pid" --seed-file="$slurm/munged.seed"
    await "$slurm/munged.out" test -S "$slurm/munge"
    export SLURM_CONF=$slurm/slurm.conf
    settings >"$SLURM_CONF"
    daemon slurmctld -D
    daemon slurmd -D
    await "$slurm/slurmd.out" is_idle
}

stop_slurm() {
    local pid tries
    # A test that is interrupted leaves a job, whose processes only the daemons end.
    for ((tries = 0; tries < 50 && ${#slurm_pids[@]} == 3; tries++)); do
        scancel --quiet --partition=test 2>/dev/null || true
        [ -n "$(squeue --noheader 2>/dev/null)" ] || break
        sleep 0.1
    done
    for pid in "${slurm_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    slurm_pids=()
}

# In a session of its own: Ctrl-C is for the test, which ends its jobs before the daemons.
daemon() {
    setsid "$@" >"$slurm/$1.out" 2>&1 &
    slurm_pids=("$!" "${slurm_pids[@]}")
}

# No cgroups, no binding, nothing accounted: what a container lets root do. A task that fails ends the
# others, as at some sites: what is started here has to say so if it does not want that.
settings() {
    local node user ports
    node=$(hostname -s)
    user=$(id -un)
    read -ra ports < <(free_ports)
    cat <<END
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$slurm/munge
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
ReturnToService=2
KillOnBadExit=1
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=8 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES State=UP
END
}

free_ports() {
    python3 - <<'END'
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(it.getsockname()[1] for it in sockets))
END
}

is_idle() {
    [ "$(sinfo --noheader --format %t 2>&1)" = idle ]
}

# Waits until the command from $2 succeeds, a minute at most; $1 may tell why it does not.
await() {
    local why=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        ! "$@" || return 0
        sleep 0.1
    done
    tail -n 20 "$why" "$slurm"/*.out >&2
    echo "slurm.sh: $*: not within a minute" >&2
    return 1
}
