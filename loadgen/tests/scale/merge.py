"""How large a shard's record is, and what it costs to merge a thousand of them."""

import itertools
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

from bench import BIN, TAKES, loadgen, scratch, server, spread, table

OF = 1000
COUNTS = [10, 100, OF]
# Of the whole run; a shard has its share of it.
RATES = [100 * OF, 1000 * OF, 10_000 * OF]
SECONDS = [5, 20, 60]
MERGED = (1000 * OF, 60)


def main():
    with server() as (urls, _):
        # All at once: their sizes do not mind.
        kinds = list(itertools.product(RATES, SECONDS))
        with ThreadPoolExecutor(len(kinds)) as pool:
            made = pool.map(lambda kind: shard(urls[0], *kind), kinds)
            records = dict(zip(kinds, made))
    sizes(records)
    with scratch() as directory:
        cost(pathlib.Path(directory), records[MERGED])


def shard(url, rate, seconds):
    place = ["--shard", f"0/{OF}", "--run-id", "scale"]
    flags = ["-k", "--threads", 1, "--rate", rate, "--max-in-flight", 20 * OF, "--duration", f"{seconds}s"]
    return loadgen(*flags, *place, url + "/")


def sizes(records):
    rows = []
    for rate in RATES:
        bytes_ = [len(text(records[rate, seconds])) for seconds in SECONDS]
        each = (bytes_[-1] - bytes_[0]) / (SECONDS[-1] - SECONDS[0])
        rows.append([rate // OF, *bytes_, f"{each:.0f}"])
    columns = ["requests/s of the shard", *(f"bytes, {seconds} s" for seconds in SECONDS), "bytes per second of run"]
    table("A shard's record", columns, rows)


def text(record):
    """As loadgen writes it."""
    return json.dumps(record, indent=2)


def cost(here, record):
    for index in range(OF):
        (here / f"{index}.json").write_text(text(moved(record, index)))
    rows = []
    for count in COUNTS:
        files = [here / f"{index}.json" for index in range(count)]
        takes = [merge(files, here / "merged.json") for _ in range(TAKES)]
        merged = json.loads((here / "merged.json").read_text())
        assert merged["requests"]["succeeded"] == count * record["requests"]["succeeded"]
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        seconds, peaks = zip(*takes)
        rows.append([count, f"{megabytes:.1f}", spread(seconds), spread([peak / 2**20 for peak in peaks], 0)])
    table(
        f"Merging records of {MERGED[1]} s at {MERGED[0] // OF} requests/s each",
        ["records", "MB read", "CPU s", "MiB (VmHWM)"],
        rows,
    )


def moved(record, index):
    """The record as another machine would have written it."""
    place = {**record["shard"], "index": index, "machine": f"{index:016x}", "network_namespace": f"{index:016x}"}
    return {**record, "id": f"{record['id']}-{index}", "shard": place}


def merge(files, into):
    """CPU seconds, user and system, and most bytes in memory of a merge."""
    into.unlink(missing_ok=True)
    # Those that are left out of fewer than all are not there to be merged.
    missing = [] if len(files) == OF else ["--allow-missing"]
    child = subprocess.Popen([BIN / "loadgen", "merge", *missing, "-o", into, *files], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"loadgen merge of {len(files)} records: {status}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


if __name__ == "__main__":
    main()
