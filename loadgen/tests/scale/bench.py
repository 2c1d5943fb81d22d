"""What the measurements of this directory have in common: the programs, a run, a table."""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager

BIN = pathlib.Path(os.environ.get("BIN", "target/release")).resolve()
# For one command; the longest takes a few seconds.
LIMIT_S = 120
# A measurement is taken this often, and quoted as the median with the least and the most.
TAKES = 5
LOAD_CORE, SERVER_CORE = "0", "1"


@contextmanager
def server(*flags, model="epoll", listen=("127.0.0.1:0",)):
    """The URLs and the process of server-async, which ends with the block."""
    places = [word for place in listen for word in ("--listen", place)]
    command = [BIN / "server-async", "--model", model, *places, *flags]
    child = subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, *command],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = [child.stdout.readline() for _ in listen]
        urls = [word for line in lines for word in line.split() if word.startswith("http")]
        yield [url.rstrip("/") for url in urls], child
    finally:
        child.kill()
        child.wait()


def loadgen(*args, prefix=(), may_fail=False):
    """Runs loadgen to its end, whatever its exit code; its record, of a run in which no request failed
    unless some may."""
    command = [*prefix, BIN / "loadgen", "-q", *map(str, args)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    if not ended.stdout.startswith("{"):
        sys.exit(f"{shown(*args)}: {ended.stderr}")
    record = json.loads(ended.stdout)
    if record["requests"]["failed"] and not may_fail:
        sys.exit(f"{shown(*args)}: {record['requests']['failed']} requests failed: {record['failures']}")
    return record


def shown(*args):
    """The command line as the documentation has it."""
    return "`loadgen " + " ".join(map(str, args)) + "`"


def spread(values, digits=2):
    """Median, least and most: `3.1 (3.0–3.4)`."""
    number = lambda value: f"{value:,.{digits}f}".replace(",", " ")
    return f"{number(statistics.median(values))} ({number(min(values))}–{number(max(values))})"


def table(title, columns, rows):
    """Prints a table in Markdown."""
    print(f"\n{title}\n")
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |", flush=True)


def scratch():
    return tempfile.TemporaryDirectory(prefix="loadgen-scale-")


def read(path):
    return pathlib.Path(path).read_text().strip()
