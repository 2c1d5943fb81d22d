"""How many machines a large load takes, by the figures of a page with the other parts' tables.

Usage: machines.py DOCUMENT
"""

import math
import pathlib
import sys

from bench import table

# Assumptions, which the page names.
WORKER_CORES = 6
BUSY_SHARE = 0.7
PACKETS_PER_SECOND = 2e6
MEMORY_BYTES = 8 * 2**30

REQUESTS_PER_SECOND = 1e6
CONNECTIONS = 10e6
# Those of one parity are cheap: connect(2) tries them first.
PORTS, CHEAP_PORTS = 28_232, 14_116
PER_PROCESS = 20_000
# Of the table of requests, with the row of the table of packets that has as many.
KINDS = [
    ("kept, closed loop", "kept"),
    ("kept, `--rate 100000` constant", "kept"),
    ("kept, TLS 1.3", "kept, TLS 1.3"),
    ("new connection", "new connection"),
    ("new, TLS 1.3, `--no-resumption`", "new, TLS 1.3, `--no-resumption`"),
]


def main():
    show(pathlib.Path(sys.argv[1]).read_text())


def show(page):
    rows = []
    for kind, wire in KINDS:
        cores = cell(page, "cpu", kind, 1) * REQUESTS_PER_SECOND / 1e6 / BUSY_SHARE
        packets = cell(page, "packets", wire, 1) * REQUESTS_PER_SECOND
        by_cpu, by_packets = math.ceil(cores / WORKER_CORES), math.ceil(packets / PACKETS_PER_SECOND)
        rows.append([kind, f"{cores:.1f}", by_cpu, f"{packets / 1e6:.2f}", by_packets, f"**{max(by_cpu, by_packets)}**"])
    columns = ["request", "cores", "machines by CPU", "million packets/s", "machines by packets", "machines"]
    table("1 000 000 requests per second", columns, rows)

    rows = []
    kernel = cell(page, "memory", "one end, taken as half", 1)
    for kind in ("kept", "kept, TLS 1.3", "idle (`--idle-connections`)"):
        # The most connections of each kind come last.
        each = cell(page, "memory", kind, 4, last=True) + kernel
        gigabytes = each * CONNECTIONS / 1e9
        rows.append([kind, f"{each:.0f}", f"{gigabytes:.0f}", f"**{math.ceil(gigabytes * 1e9 / MEMORY_BYTES)}**"])
    table("10 000 000 connections, by memory", ["connections", "bytes each", "GB in all", "machines"], rows)

    rows = [
        ["processes with `-c 20000`", math.ceil(CONNECTIONS / PER_PROCESS)],
        [f"source addresses toward one destination, {PORTS} ports each", math.ceil(CONNECTIONS / PORTS)],
        [f"the same, the cheap {CHEAP_PORTS} of them", math.ceil(CONNECTIONS / CHEAP_PORTS)],
        ["CPU seconds to open them all", f"{cell(page, 'ports', '14000', 2) * CONNECTIONS / 1e6:.0f}"],
    ]
    table("10 000 000 connections, what else they take", ["what", "number"], rows)


def cell(page, part, name, column, last=False):
    """The number that a cell begins with, in the row with this name."""
    tables = page.split(f"<!-- {part} -->")[1].split(f"<!-- /{part} -->")[0]
    rows = [line.strip("| ").split(" | ") for line in tables.splitlines() if line.startswith("| ")]
    found = [row for row in rows if row[0] == name]
    text = found[-1 if last else 0][column].split(" (")[0]
    return float(text.replace(" ", ""))


if __name__ == "__main__":
    main()
