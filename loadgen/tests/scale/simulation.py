"""Many shards on one machine, at small rates: do their counts add up, do their schedules interleave?"""

import csv
import datetime
import json
import pathlib
import subprocess
import time

from bench import BIN, LIMIT_S, loadgen, scratch, server, table

RATE = 2000
SECONDS = 5
COUNTS = [50, 200]
WINDOW_MS = 10


def main():
    counts, evenness = [], []
    with server() as (urls, _), scratch() as directory:
        here = pathlib.Path(directory)
        whole = alone(here, urls[0])
        evenness.append(["one process", *even(arrivals([whole], here))])
        for count in COUNTS:
            records = shards(here / str(count), urls[0], count)
            merged = merge(here / str(count), count)
            counts.append(row(count, records, merged))
            evenness.append([f"{count} shards", *even(arrivals(records, here / str(count)))])
    table(
        f"Shards on one machine, {RATE * SECONDS} requests at {RATE} per second, merged",
        ["shards", "succeeded, added up", "succeeded, merged", "in the merged histogram", "in the merged seconds", "failed", "first start to last", "overlap"],
        counts,
    )
    table(
        f"Their schedules put together (`--samples`; even is {1e3 / RATE} ms, and {RATE * WINDOW_MS // 1000} in {WINDOW_MS} ms)",
        ["run", "gaps between intended starts, least and most", f"most intended starts within {WINDOW_MS} ms", "the same with each shard's own start of its clock"],
        evenness,
    )


def alone(here, url):
    flags = ["-k", "--rate", RATE, "-n", RATE * SECONDS, "--max-in-flight", 400]
    return {"file": "whole", **loadgen(*flags, "--samples", here / "whole.csv", url + "/")}


def shards(here, url, count):
    here.mkdir()
    moment = f"{time.time() + 5 + count / 20:.3f}"
    flags = ["-q", "-k", "--rate", RATE, "-n", RATE * SECONDS, "--max-in-flight", 400, "--threads", 1]
    children = []
    for index in range(count):
        place = ["--shard", f"{index}/{count}", "--run-id", f"of-{count}", "--start-at", moment]
        kept = ["--samples", here / f"{index}.csv", "-o", here / f"{index}.json"]
        command = [BIN / "loadgen", *flags, *place, *kept, url + "/"]
        children.append(subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL))
    for child in children:
        child.wait(LIMIT_S)
    read = lambda index: json.loads((here / f"{index}.json").read_text())
    return [{"file": str(index), **read(index)} for index in range(count)]


def merge(here, count):
    files = [here / f"{index}.json" for index in range(count)]
    ended = subprocess.run([BIN / "loadgen", "merge", *files], capture_output=True, text=True, timeout=LIMIT_S)
    if not ended.stdout.startswith("{"):
        raise SystemExit(ended.stderr)
    return json.loads(ended.stdout)


def row(count, records, merged):
    requests, made = merged["requests"], merged["merged"]
    return [
        count,
        sum(record["requests"]["succeeded"] for record in records),
        requests["succeeded"],
        merged["latency_ns"]["total"]["count"],
        sum(second["succeeded"] for second in merged["series"]),
        requests["failed"],
        f"{made['start_skew_s'] * 1e3:.0f} ms",
        f"{made['overlap_share'] * 100:.2f} %",
    ]


def arrivals(records, here):
    """Intended starts in milliseconds: since each shard's own start, and by the wall clock."""
    own, wall = [], []
    for record in records:
        began = datetime.datetime.fromisoformat(record["started_at"]).timestamp() * 1e3
        with open(here / f"{record['file']}.csv", newline="") as rows:
            starts = [int(row["intended_ns"]) / 1e6 for row in csv.DictReader(rows)]
        own += starts
        wall += [began + start for start in starts]
    return sorted(own), sorted(wall)


def even(both):
    own, wall = both
    gaps = [later - earlier for earlier, later in zip(own, own[1:])]
    return [f"{min(gaps):.6f} and {max(gaps):.6f} ms", fullest(own), fullest(wall)]


def fullest(starts):
    """Most starts within a window that begins at any of them."""
    most, first = 0, 0
    for last, start in enumerate(starts):
        while start - starts[first] >= WINDOW_MS - 1e-6:
            first += 1
        most = max(most, last - first + 1)
    return most


if __name__ == "__main__":
    main()
