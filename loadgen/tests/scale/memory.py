"""What a connection takes of memory: the generator's own, and the kernel's for sockets."""

import subprocess
import threading
import time

from bench import BIN, LIMIT_S, TAKES, loadgen, read, server, spread, table

# The hard limit of descriptors is often 20 000, of which the program takes a few for itself.
COUNTS = [1_000, 10_000, 19_000]
# Memory differs little from take to take, and each takes ten seconds.
MEMORY_TAKES = 3
# Caches of the kernel that a connection has objects in.
SLABS = [
    "TCP",
    "sock_inode_cache",
    "filp",
    "dentry",
    "eventpoll_epi",
    "eventpoll_pwq",
    "ep_head",
    "tcp_bind_bucket",
    "tcp_bind2_bucket",
    "request_sock_TCP",
]


def main():
    with server("--idle-timeout", "120s") as (plain, _), server("--tls", "--idle-timeout", "120s") as (secure, _):
        own(plain[0], secure[0])
    with server("--idle-timeout", "120s") as (plain, _):
        kernel(plain[0])
        buffers(plain[0])


def own(plain, secure):
    """Every connection is open at the same time: each waits for one answer that takes long."""
    kinds = [
        ("kept", ["-k"], plain, "/delay/4000"),
        ("kept, `--driver io-uring`", ["-k", "--driver", "io-uring"], plain, "/delay/4000"),
        ("kept, TLS 1.3", ["-k"], secure, "/delay/9000"),
    ]
    rows = []
    for name, flags, url, path in kinds:
        peak = lambda count: peak_of(*flags, "-c", count, "-n", count, url + (path if count > 1 else "/"))
        rows += of_kind(name, peak)
    idle = lambda count: peak_of("-k", "--idle-connections", count, "-n", 100, plain + "/")
    rows += of_kind("idle (`--idle-connections`)", idle)
    table(
        "The generator's own memory by connections (VmHWM of the process, 1 thread)",
        ["connections", "number", "MiB with one", "MiB in all", "bytes each"],
        rows,
    )


def peak_of(*args):
    record = loadgen("--threads", 1, "-s", 60, *args)
    if record["requests"]["failed"]:
        raise SystemExit(f"{args}: {record['failures']}")
    return record["client"]["rss_bytes_peak"]


def of_kind(name, peak):
    base = min(peak(1) for _ in range(TAKES))
    return [
        [name, count, f"{base / 2**20:.1f}", *of_each([peak(count) for _ in range(MEMORY_TAKES)], base, count)]
        for count in COUNTS
    ]


def of_each(peaks, base, count):
    each = [(peak - base) / count for peak in peaks]
    return [spread([peak / 2**20 for peak in peaks], 1), spread(each, 0)]


def slabs():
    """Bytes in use, by cache."""
    lines = (line.split() for line in read("/proc/slabinfo").splitlines()[2:])
    return {name: int(active) * int(size) for name, active, _, size, *_ in lines}


def kernel(url):
    count = COUNTS[-1]
    before = slabs()
    args = ["-q", "-k", "-c", str(count), "-n", str(count), f"{url}/delay/9000"]
    child = subprocess.Popen([BIN / "loadgen", *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_connections(2 * count)
        after = slabs()
    finally:
        child.terminate()
        child.wait(LIMIT_S)
    each = {name: (after.get(name, 0) - before.get(name, 0)) / count for name in before.keys() | after.keys()}
    known = {name: bytes_ for name, bytes_ in each.items() if name in SLABS}
    others = {n: b for n, b in each.items() if n not in SLABS and b > 50}
    rows = [[f"`{name}`", f"{bytes_:.0f}"] for name, bytes_ in sorted(known.items(), key=lambda it: -it[1]) if bytes_ >= 1]
    rows += [[f"`{n}` (?)", f"{b:.0f}"] for n, b in sorted(others.items(), key=lambda it: -it[1])]
    rows.append(["together, both ends", f"{sum(known.values()):.0f}"])
    rows.append(["one end, taken as half", f"{sum(known.values()) / 2:.0f}"])
    table(
        f"The kernel's memory by connection ({count} open, both ends on this machine, /proc/slabinfo)",
        ["cache", "bytes each"],
        rows,
    )


def sockstat(name):
    """A number of the line TCP of /proc/net/sockstat."""
    words = read("/proc/net/sockstat").split("TCP: ")[1].splitlines()[0].split()
    return int(words[words.index(name) + 1])


def await_connections(least):
    until = time.monotonic() + LIMIT_S
    while sockstat("inuse") < least:
        if time.monotonic() > until:
            raise SystemExit(f"{sockstat('inuse')} of {least} sockets came about")
        time.sleep(0.05)


def buffers(url):
    rows = []
    for flags in [[], ["-b", "65536"], ["-b", "4096"]]:
        args = ["-k", "-c", 500, "-n", 10_000, *flags, f"{url}/bytes/262144"]
        peaks = [most_pages(args) * 4096 / 500 for _ in range(TAKES)]
        rows.append([" ".join(flags[:2]) or "the kernel's", spread([peak / 1024 for peak in peaks], 1)])
    table(
        "Socket buffers while answers of 256 KiB are under way on 500 connections (/proc/net/sockstat, mem, both ends, peak)",
        ["buffers", "KiB each"],
        rows,
    )


def most_pages(args):
    """The most pages that TCP had in buffers while loadgen ran, less what it had before."""
    before, ended, most = sockstat("mem"), threading.Event(), [0]

    def watch():
        while not ended.wait(0.01):
            most[0] = max(most[0], sockstat("mem") - before)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        loadgen(*args)
    finally:
        ended.set()
        watcher.join()
    return most[0]


if __name__ == "__main__":
    main()
