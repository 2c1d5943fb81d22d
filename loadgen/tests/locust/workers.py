"""Two workers of a real Locust master against server-async: what Locust counts, what the server
counted and what the merged record has must be the same.

Usage: workers.py BIN, with the Python of a virtual environment that has Locust and HdrHistogram
    BIN   the directory of the programs loadgen and server-async
"""

from __future__ import annotations

import base64
import csv
import json
import math
import pathlib
import re
import signal
import struct
import sys
import tempfile
import zlib

from harness import Failed, Master, Process, free_port, reports, same, until
from hdrh.histogram import HdrHistogram

BIN = pathlib.Path(sys.argv[1]).resolve()
LOADGEN = BIN / "loadgen"
COMPRESSED_V2 = 0x1C849304  # what such a histogram begins with
RATE = "1500"  # requests per second, so that a test has thousands and the log stays small


def main():
    with tempfile.TemporaryDirectory() as directory:
        try:
            for case in CASES:
                place = pathlib.Path(directory) / case.__name__
                place.mkdir()
                print(case.__name__.replace("_", " "), flush=True)
                print("   ", case(Place(place)), flush=True)
                Process.end_all()
        except Exception as failure:
            print(Process.logs(), file=sys.stderr)
            sys.exit(f"workers, {case.__name__}: {failure}")
        finally:
            Process.end_all()
    print(f"{len(CASES)} passed, 0 failed")


class Server(Process):
    """server-async, which writes a line for each answer."""

    def __init__(self, directory):
        argv = [BIN / "server-async", "--listen", "127.0.0.1:0", "--access-log"]
        super().__init__("server", argv, directory)
        self.says("listening")
        self.url = re.search(r"http://[0-9.:]+", self.text())[0]

    def served(self, path):
        """How often it has answered a request for this path."""
        lines = self.text().splitlines()
        return sum(f'"GET {path} HTTP/1.1" 200 ' in line for line in lines)


class Place:
    """A server, workers and a master by the names that a test gives them."""

    def __init__(self, directory):
        self.directory = directory
        self.server = Server(directory)
        self.port = free_port()

    def worker(self, name):
        argv = [LOADGEN, "worker", "--master", f"127.0.0.1:{self.port}", "--samples", name]
        return Process(name, argv, self.directory)

    def samples(self, run):
        """The latency of each request of a test that succeeded, by all workers."""
        files = self.directory.glob(f"*/*.{run.name}.csv")
        rows = [row for file in files for row in csv.DictReader(file.read_text().splitlines())]
        return sorted(int(row["total_ns"]) for row in rows if row["outcome"] == "succeeded")

    def master(self, name="master", *flags):
        # Time for what is under way, so that on a busy machine it is not cut off.
        flags = [*flags, "--stop-timeout", "10"]
        return Master(name, self.directory, self.server.url, self.port, LOADGEN, flags)

    def web_master(self, workers, name="master"):
        master = self.master(name)
        until("the web interface", master.has_web)
        until(f"{workers} workers", lambda: master.workers() == workers)
        return master


def headless(place):
    """Start, ramp, stop: every number is the same, whoever counted."""
    path = "/delay/1?headless"
    workers = [place.worker(name) for name in ("one", "two")]
    flags = "--headless --expect-workers 2 -u 20 -r 10 -t 5s --json-file stats"
    master = place.master("master", *flags.split(), "--loadgen-path", path)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    [run] = master.runs()
    record = until("a record", lambda: record_of(run), 1)
    [row] = json.loads((place.directory / "stats.json").read_text())
    count = place.server.served(path)
    same("Locust's count", count, row["num_requests"])
    adds_up(place, run, record, count)
    same("workers", 2, len(record["merged"]["shards"]))
    same("lost", [], lost(record))
    same("the log has the sentence", True, f"{count} requests at " in master.text())
    return f"{count} requests by Locust, the server and the record; p99.9 {p99_9(record)} ns"


def web(place):
    """Start, a worker that joins late, stop, and another test with other settings."""
    workers = [place.worker(name) for name in ("one", "two")]
    master = place.web_master(2)
    first, second = "/?first", "/bytes/100?second"
    run = begin(master, first, users=9)
    until("reports of two workers", lambda: len(heard(run)) == 2)
    workers.append(place.worker("late"))
    until("users for the late worker", lambda: all_have_users(master, 3))
    until("reports of three workers", lambda: len(heard(run)) == 3)
    count, record = stop(place, master, run, first)
    same("workers of the first test", 3, len(record["merged"]["shards"]))

    run = begin(master, second, users=3, rate="200", headers="X-Test: yes;;X-More: too")
    until("300 requests in reports", lambda: reported(run) > 300)
    again, record = stop(place, master, run, second)
    same("the first test has ended", count, place.server.served(first))
    same("path", True, record["target"]["url"].endswith(second))
    same("rate", 200, record["plan"]["rate_per_second"])
    same("headers", ["X-Test: yes", "X-More: too"], record["plan"]["headers"][-2:])
    master.signal(signal.SIGTERM)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    return f"{count} requests, then {again} at 200 per second"


def ends(place):
    """A ramp that outlasts its test makes no load, and at a quit what is under way has its time."""
    workers = [place.worker(name) for name in ("one", "two")]
    master = place.web_master(2)
    ramp, at_quit = "/delay/300?ramp", "/delay/1000?quit"
    run = begin(master, ramp, users=12, rate="", spawn_rate=1.9, run_time="2s")
    record = until("a record", lambda: record_of(run))
    count = place.server.served(ramp)
    adds_up(place, run, record, count)

    run = begin(master, at_quit, users=4, rate="")
    until("reports of both", lambda: len(heard(run)) == 2)
    master.signal(signal.SIGTERM)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
        same("tests begun", 2, worker.text().count("a test begins"))
    again = place.server.served(at_quit)
    adds_up(place, run, record_of(run), again)
    return f"{count} requests until the test ended, {again} until Locust quit"


def a_worker_is_killed(place):
    """The master notices, and the record says which worker it was and has what it had reported."""
    path = "/?killed"
    place.worker("one")
    doomed = place.worker("two")
    master = place.web_master(2)
    run = begin(master, path, users=8)
    until("reports of both", lambda: len(heard(run)) == 2)
    doomed.lose()
    until("the master misses it", lambda: "missing" in states(master))
    master.post("/stop")
    record = until("a record", lambda: record_of(run))
    not_ended = [worker for worker, is_last in heard(run).items() if not is_last]
    same("who was lost", not_ended, lost(record))
    same("how many were lost", 1, len(not_ended))
    count = record["requests"]["succeeded"]
    until("Locust's count is the record's", lambda: master.requests() == count)
    same("histogram", count, all_samples(run).get_total_count())
    served = place.server.served(path)
    same("the server answered these, and perhaps more", True, count <= served)
    return f"{count} requests in the record; {served - count} more were not reported"


def the_master_is_killed_and_comes_back(place):
    """Its workers come back with what they had not reported, and a second test is whole."""
    before, after = "/?before", "/?after"
    workers = [place.worker(name) for name in ("one", "two")]
    master = place.web_master(2)
    first = begin(master, before, users=4)
    until("reports of both", lambda: len(heard(first)) == 2)
    master.lose()
    master = place.web_master(2, "master-again")
    run = begin(master, after, users=4)
    until("reports of both", lambda: len(heard(run)) == 2)
    over = place.server.served(before)
    count, record = stop(place, master, run, after)
    same("workers", 2, len(record["merged"]["shards"]))
    same("the first test is over", over, place.server.served(before))
    master.signal(signal.SIGINT)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    until("the first test's record", lambda: record_of(first) and not lost(record_of(first)))
    same("the first test's requests", over, record_of(first)["requests"]["succeeded"])
    return f"{over} requests before, {count} after it came back"


def a_master_that_is_none(place):
    """One line, and no hang."""
    place.port = int(place.server.url.rsplit(":", 1)[1])
    worker = place.worker("one")
    worker.ends(1)
    same("lines", 1, len(worker.text().splitlines()))
    return worker.text().strip()


CASES = [
    headless,
    web,
    ends,
    a_worker_is_killed,
    the_master_is_killed_and_comes_back,
    a_master_that_is_none,
]


def begin(master, path, users, rate=RATE, headers="", **more):
    """Begins a test over the web interface, and gives the place of its records."""
    before = master.runs()
    settings = {"loadgen_path": path, "loadgen_rate": rate, "loadgen_headers": headers}
    settings = {"spawn_rate": users, **settings, **more}
    master.post("/swarm", user_count=users, **settings)
    return until("a test", lambda: [run for run in master.runs() if run not in before])[0]


def stop(place, master, run, path):
    """Ends the test, and holds everybody's numbers against each other."""
    master.post("/stop")
    record = until("a record", lambda: record_of(run))
    count = place.server.served(path)
    adds_up(place, run, record, count)
    same("lost", [], lost(record))
    until("Locust's count is the server's", lambda: master.requests() == count)
    return count, record


def adds_up(place, run, record, count):
    """The record has as many requests as the server answered, and their p99.9."""
    same("the record's requests", count, record["requests"]["succeeded"])
    # In open loop what had come due at the end and waited for a connection was never sent.
    unsent = (record.get("schedule") or {"unsent": 0})["unsent"]
    same("failed", 0, record["requests"]["failed"])
    same("cancelled", unsent, record["requests"]["cancelled"])
    same("the merged histogram's count", count, histogram(record).get_total_count())
    of_all = all_samples(run)
    same("the workers' histograms' count", count, of_all.get_total_count())
    samples = place.samples(run)
    same("samples", count, len(samples))
    expected, found = samples[math.ceil(0.999 * count) - 1], p99_9(record)
    if not math.isclose(expected, found, rel_tol=1e-3):
        raise Failed(f"p99.9 of all samples: {expected} ns, of the record: {found} ns")


def all_samples(run):
    """Every worker's latencies in one histogram, added up by another program than loadgen."""
    whole = HdrHistogram(1, 3_600_000_000_000, 3)
    for report in reports(run):
        if report["requests"]["succeeded"]:
            whole.add(histogram(report))
    return whole


def histogram(record):
    """The latencies of a record. Its text is not compressed, and the reader takes no other."""
    packed = zlib.compress(base64.b64decode(record["histograms"]["total"]))
    head = struct.pack(">ii", COMPRESSED_V2, len(packed))
    return HdrHistogram.decode(base64.b64encode(head + packed))


def record_of(run):
    path = run / "record.json"
    return json.loads(path.read_bytes()) if path.exists() else None


def p99_9(record):
    return record["latency_ns"]["total"]["p99_9"]


def lost(record):
    return [shard["worker"] for shard in record["merged"]["shards"] if shard.get("lost")]


def heard(run):
    """Who has reported, and whether that was the last report."""
    parts = [report["shard"]["part"] for report in reports(run)]
    return {part["worker"]: part["is_last"] for part in parts}


def reported(run):
    return sum(report["requests"]["succeeded"] for report in reports(run))


def states(master):
    return [worker["state"] for worker in master.stats()["workers"]]


def all_have_users(master, workers):
    found = master.stats()["workers"]
    return len(found) == workers and all(worker["user_count"] for worker in found)


main()
