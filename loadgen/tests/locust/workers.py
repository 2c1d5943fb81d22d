"""Two workers of a real Locust master against server-async: what Locust counts, what the server
counted and what the merged record has must be the same.

Usage: workers.py BIN, with the Python of a virtual environment that has Locust and HdrHistogram
    BIN   the directory of the programs loadgen and server-async
"""

from __future__ import annotations

import base64
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
            logs = "".join(
                f"--- {process.log}\n{process.text()[-8000:]}" for process in Process.all
            )
            sys.exit(f"{logs}workers, {case.__name__}: {failure}")
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
        lines = self.log.read_text(errors="replace").splitlines()
        return sum(f'"GET {path} HTTP/1.1" 200 ' in line for line in lines)


class Place:
    """A server, workers and a master by the names that a test gives them."""

    def __init__(self, directory):
        self.directory = directory
        self.server = Server(directory)
        self.port = free_port()

    def worker(self, name, *flags):
        argv = [LOADGEN, "worker", "--master", f"127.0.0.1:{self.port}", *flags]
        return Process(name, argv, self.directory)

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
    flags = [
        "--headless",
        "--expect-workers",
        2,
        "-u",
        20,
        "-r",
        10,
        "-t",
        "5s",
        "--json-file",
        "stats",
    ]
    master = place.master("master", *flags, "--loadgen-path", path)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    [run] = master.runs()
    record = until("a record", lambda: record_of(run), 1)
    [row] = json.loads((place.directory / "stats.json").read_text())
    count = place.server.served(path)
    same("Locust's count", count, row["num_requests"])
    adds_up(run, record, count)
    same("workers", 2, len(record["merged"]["shards"]))
    same("lost", [], lost(record))
    same("the log has the sentence", True, f"{count} requests at " in master.text())
    return f"{count} requests by Locust, the server and the record; p99.9 {p99_9(record)} ns"


def web(place):
    """Start, a worker that joins late, stop, and another test with other settings."""
    workers = [place.worker(name) for name in ("one", "two")]
    master = place.web_master(2)
    first, second = "/?first", "/bytes/100?second"
    master.post("/swarm", user_count=9, spawn_rate=9, loadgen_path=first, loadgen_rate=RATE)
    until("requests", master.requests)
    workers.append(place.worker("late"))
    until("users for the late worker", lambda: all_have_users(master, 3))
    until("reports of three workers", lambda: heard(master.runs()[0]) == 3)
    count, record = stop(place, master, first)
    same("workers of the first test", 3, len(record["merged"]["shards"]))

    settings = {
        "loadgen_path": second,
        "loadgen_rate": "200",
        "loadgen_headers": "X-Test: yes;;X-More: too",
    }
    master.post("/swarm", user_count=3, spawn_rate=3, **settings)
    until("requests", lambda: master.requests() > 300)
    again, record = stop(place, master, second)
    same("the first test has ended", count, place.server.served(first))
    same("path", True, record["target"]["url"].endswith(second))
    same("rate", 200, record["plan"]["rate_per_second"])
    same("headers", {"x-more", "x-test"}, {"x-more", "x-test"} & headers(record))
    master.signal(signal.SIGTERM)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    return f"{count} requests, then {again} at 200 per second"


def a_worker_is_killed(place):
    """The master notices, and the record says which worker it was and has what it had reported."""
    path = "/?killed"
    place.worker("one")
    doomed = place.worker("two")
    master = place.web_master(2)
    master.post("/swarm", user_count=8, spawn_rate=8, loadgen_path=path, loadgen_rate=RATE)
    run = until("a test", master.runs)[0]
    until("reports of both", lambda: heard(run) == 2)
    doomed.lose()
    until("the master misses it", lambda: "missing" in states(master))
    master.post("/stop")
    record = until("a record", lambda: record_of(run))
    [name_of_lost] = lost(record)
    last = {name(report): report["shard"]["part"]["is_last"] for report in reports(run)}
    same(
        "who was lost", [worker for worker, is_last in last.items() if not is_last], [name_of_lost]
    )
    count = record["requests"]["succeeded"]
    until("Locust's count is the record's", lambda: master.requests() == count)
    same("histogram", count, all_samples(run).get_total_count())
    served = place.server.served(path)
    same("what the server answered is as much, or what was lost more", True, count <= served)
    return f"{count} requests in the record, {served - count} more were lost with the worker"


def the_master_is_killed_and_comes_back(place):
    """Its workers come back, and a second test is whole."""
    before, after = "/?before", "/?after"
    workers = [place.worker(name) for name in ("one", "two")]
    master = place.web_master(2)
    master.post("/swarm", user_count=4, spawn_rate=4, loadgen_path=before, loadgen_rate=RATE)
    until("requests", master.requests)
    master.lose()
    master = place.web_master(2, "master-again")
    [first] = master.runs()
    master.post("/swarm", user_count=4, spawn_rate=4, loadgen_path=after, loadgen_rate=RATE)
    until("requests", master.requests)
    over = place.server.served(before)
    count, record = stop(place, master, after)
    same("workers", 2, len(record["merged"]["shards"]))
    same("the first test is over", over, place.server.served(before))
    master.signal(signal.SIGINT)
    master.ends(0)
    for worker in workers:
        worker.ends(0)
    kept = sum(report["requests"]["succeeded"] for report in reports(first))
    return f"{count} requests after it came back; of {over} before it had {kept}"


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
    a_worker_is_killed,
    the_master_is_killed_and_comes_back,
    a_master_that_is_none,
]


def stop(place, master, path):
    """Ends the test, and holds everybody's numbers against each other."""
    run = master.runs()[-1]
    master.post("/stop")
    record = until("a record", lambda: record_of(run))
    count = place.server.served(path)
    adds_up(run, record, count)
    same("lost", [], lost(record))
    until("Locust's count is the server's", lambda: master.requests() == count)
    return count, record


def adds_up(run, record, count):
    """The record has as many requests as the server answered, and their p99.9."""
    same("the record's requests", count, record["requests"]["succeeded"])
    same("failed and cancelled", [0, 0], [record["requests"][k] for k in ("failed", "cancelled")])
    same("the merged histogram's count", count, histogram(record).get_total_count())
    of_all = all_samples(run)
    same("the workers' histograms' count", count, of_all.get_total_count())
    expected, found = of_all.get_value_at_percentile(99.9), p99_9(record)
    if not math.isclose(expected, found, rel_tol=1e-3):
        raise Failed(f"p99.9 of all: {expected} ns, of the record: {found} ns")


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


def name(report):
    return report["shard"]["part"]["worker"]


def heard(run):
    """How many workers have reported."""
    return len({name(report) for report in reports(run)})


def states(master):
    return [worker["state"] for worker in master.stats()["workers"]]


def headers(record):
    return {header["name"].lower() for header in record["plan"]["headers"]}


def all_have_users(master, workers):
    found = master.stats()["workers"]
    return len(found) == workers and all(worker["user_count"] for worker in found)


main()
