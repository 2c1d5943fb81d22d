"""What a connection takes of memory: the generator's own, and the kernel's for sockets."""

import os
import re
import subprocess
import time

from bench import BIN, LIMIT_S, TAKES, loadgen, read, server, spread, table

# The hard limit of descriptors is often 20 000, of which the program takes a few for itself.
COUNTS = [1_000, 10_000, 19_000]
# For connections that wait longer than a server usually bears.
PATIENT = ["--idle-timeout", "120s", "--read-timeout", "120s"]
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
    with server(*PATIENT) as (plain, _), server("--tls", *PATIENT) as (secure, _):
        own(plain[0], secure[0])
    with server(*PATIENT) as (plain, _):
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
    return loadgen("--threads", 1, "-s", 60, *args)["client"]["rss_bytes_peak"]


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
    # Each waits for one answer, and stays open until all have theirs.
    args = ["-q", "-k", "-c", str(count), "-n", str(count), "-B", "127.0.0.1-127.0.0.2", f"{url}/delay/9000"]
    child = subprocess.Popen([BIN / "loadgen", *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await_connections(child, count)
        # The last ones have yet to be accepted.
        time.sleep(2)
        after = slabs()
    finally:
        child.terminate()
        child.wait(LIMIT_S)
    each = {name: (after[name] - before[name]) / count for name in SLABS if name in before}
    rows = [[f"`{name}`", f"{bytes_:.0f}"] for name, bytes_ in each.items() if bytes_ >= 1]
    rows.append(["together, both ends", f"{sum(each.values()):.0f}"])
    rows.append(["one end, taken as half", f"{sum(each.values()) / 2:.0f}"])
    table(
        f"The kernel's memory by connection ({count} open, both ends on this machine, /proc/slabinfo)",
        ["cache", "bytes each"],
        rows,
    )


def await_connections(child, least):
    """Until loadgen has as many descriptors; /proc/net/sockstat has everybody's sockets."""
    until = time.monotonic() + LIMIT_S
    while (open_files := len(os.listdir(f"/proc/{child.pid}/fd"))) < least:
        if child.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"{open_files} of {least} connections came about")
        time.sleep(0.05)


def buffers(url):
    rows = []
    for flags in [[], ["-b", "65536"], ["-b", "4096"]]:
        args = ["-k", "-c", 500, "-n", 20_000, *flags, f"{url}/bytes/262144"]
        takes = [most_buffered(args, url.rsplit(":", 1)[1]) for _ in range(MEMORY_TAKES)]
        held, allowed = zip(*takes)
        rows.append([f"`{' '.join(flags)}`" if flags else "the kernel's", spread(held, 1), spread(allowed, 1)])
    table(
        "Receive buffers of the generator's sockets while answers of 256 KiB come on 500 connections (ss -tm, the most that was seen, mean of the sockets)",
        ["buffers", "KiB held", "KiB that they may hold (rb)"],
        rows,
    )


def most_buffered(args, port):
    """The most that loadgen's sockets held, and might have, in KiB each, while it ran."""
    child = subprocess.Popen([BIN / "loadgen", "-q", *map(str, args)], stdout=subprocess.DEVNULL)
    most = [0.0, 0.0]
    while child.poll() is None:
        shown = subprocess.run(["ss", "-tmnH", "dport", "=", f":{port}"], capture_output=True, text=True, check=True)
        sockets = [tuple(map(int, pair)) for pair in re.findall(r"skmem:\(r(\d+),rb(\d+)", shown.stdout)]
        if len(sockets) > 400:
            means = [sum(column) / len(sockets) / 1024 for column in zip(*sockets)]
            most = list(map(max, most, means))
        time.sleep(0.02)
    return most


if __name__ == "__main__":
    main()
