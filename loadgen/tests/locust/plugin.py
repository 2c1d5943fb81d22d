"""Tries deploy/locust/locustfile.py with workers and a `loadgen` that only pretend.

Usage: plugin.py, with the Python of a virtual environment that has Locust
"""

from __future__ import annotations

import json
import pathlib
import signal
import stat
import sys
import tempfile

from harness import LOCUSTFILE, Master, Process, free_port, reports, same, until

HERE = pathlib.Path(__file__).resolve().parent
HOST = "http://127.0.0.1:9"  # nobody calls there
SHAPE = """
from locust import LoadTestShape


class Shape(LoadTestShape):
    def tick(self):
        return 6, 6
"""
MERGE = f"""#!{sys.executable}
import json, sys
_, command, reports, _, record = sys.argv
assert command == "merge"
parts = [json.loads(line)["shard"]["part"] for line in open(reports, newline="\\n")]
json.dump({{
    "requests": {{"succeeded": 3 * len(parts), "failed": 0}}, "rate_per_second": 12.34,
    "latency_ns": {{"total": {{"p50": 1_000_000, "p99": 2_500_000, "p99_9": 3_000_000}}}},
    "merged": {{"machines": 1, "shards": sorted({{part["worker"] for part in parts}})}},
    "validity": {{"valid": False, "reasons": [
        {{"severity": "invalid", "message": "a message", "advice": "an advice"}},
    ]}},
}}, open(record, "x"))
"""


def main():
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        binary = directory / "loadgen"
        binary.write_text(MERGE)
        binary.chmod(binary.stat().st_mode | stat.S_IXUSR)
        try:
            for case in CASES:
                (directory / case.__name__).mkdir()
                case(directory / case.__name__, binary)
                Process.end_all()
        except Exception as failure:
            print(Process.logs(), file=sys.stderr)
            sys.exit(f"plug-in, {case.__name__}: {failure!r}")
        finally:
            Process.end_all()
    print(f"the plug-in: {len(CASES)} passed")


def worker(name, directory, port, *flags):
    return Process(name, [sys.executable, HERE / "fake_worker.py", port, name, *flags], directory)


def a_headless_master_waits_for_the_last_reports(directory, binary):
    port = free_port()
    flags = [
        "--headless",
        "--expect-workers",
        2,
        "-u",
        4,
        "-r",
        4,
        "-t",
        "2s",
        "--loadgen-rate",
        "200",
    ]
    master = Master("master", directory, HOST, port, binary, [*flags, "--json-file", "stats"])
    # Locust itself waits for half a second.
    workers = [worker("prompt", directory, port), worker("slow", directory, port, "--late", 1.5)]
    master.ends(0)
    for each in workers:
        each.ends(0)
        options = json.loads(each.text())
        same("rate", "200", options["loadgen_rate"])
        same("keep-alive", "yes", options["loadgen_keep_alive"])
    [run] = master.runs()
    parts = [report["shard"]["part"] for report in reports(run)]
    same("last reports", {"prompt", "slow"}, {part["worker"] for part in parts if part["is_last"]})
    # Two in a message, and so twice as many as Locust counted.
    count = 3 * len(parts)
    same(
        "Locust's count",
        count,
        2 * json.loads((directory / "stats.json").read_text())[0]["num_requests"],
    )
    said = f"{count} requests at 12.3 per second, 0 more failed; p50 1 ms, p99 2.5 ms, p99.9 3 ms; workers: 2"
    same("the log has the sentence", True, said in master.text())
    verdict = "cannot be believed: a message; an advice"
    same("the log has the verdict", True, verdict in master.text())
    same(
        "lines as they came",
        len(parts),
        (run / "reports.jsonl").read_bytes().count("\u2028".encode()),
    )


def the_web_interface_begins_tests_with_settings_of_their_own(directory, binary):
    port = free_port()
    master = Master("master", directory, HOST, port, binary)
    one = worker("one", directory, port)
    until("web interface", master.has_web)
    until("the worker", lambda: master.workers() == 1)
    for path, rate in (("/first", ""), ("/second", "200")):
        # The last is one that whoever posts may not set.
        master.post(
            "/swarm",
            user_count=2,
            spawn_rate=2,
            loadgen_path=path,
            loadgen_rate=rate,
            loadgen_binary="/bin/false",
        )
        until("requests", master.requests)
        record = master.runs()[-1] / "record.json"
        master.post("/stop")
        until("a record", record.exists)
    first, second = (json.loads(line) for line in one.text().splitlines())
    same(
        "settings",
        ["/first", "", "/second", "200"],
        [
            first["loadgen_path"],
            first["loadgen_rate"],
            second["loadgen_path"],
            second["loadgen_rate"],
        ],
    )
    same(
        "tests",
        [first["loadgen_run_id"], second["loadgen_run_id"]],
        [run.name for run in master.runs()],
    )
    newest = master.runs()[1]
    same(
        "record over the web",
        (newest / "record.json").read_bytes(),
        master.get("/loadgen/record.json"),
    )
    same(
        "reports there",
        (newest / "reports.jsonl").read_bytes(),
        master.get("/loadgen/reports.jsonl"),
    )
    master.signal(signal.SIGTERM)
    master.ends(0)
    one.ends(0)


def a_worker_that_joins_later_makes_the_same_load(directory, binary):
    port = free_port()
    master = Master("master", directory, HOST, port, binary)
    one = worker("one", directory, port)
    until("web interface", master.has_web)
    until("the worker", lambda: master.workers() == 1)
    master.post("/swarm", user_count=2, spawn_rate=2, loadgen_path="/first")
    until("requests", master.requests)
    other = {"host": "http://127.0.0.1:10", "loadgen_path": "/second"}
    master.post("/swarm", user_count=4, spawn_rate=4, **other)
    late = worker("late", directory, port)
    first, second = (json.loads(until("orders", each.text)) for each in (one, late))
    same("users of all", (2, 4), (first.pop("num_users"), second.pop("num_users")))
    same("settings", first, second)
    same("path", "/first", second["loadgen_path"])
    same("host", HOST, second["loadgen_host"])


def a_shape_says_how_many_users_all_have(directory, binary):
    port = free_port()
    shape = directory / "shape.py"
    shape.write_text(SHAPE)
    both = f"{LOCUSTFILE},{shape}"
    Master("master", directory, HOST, port, binary, ["--headless"], both)
    one = worker("one", directory, port)
    same("users of all", 6, json.loads(until("an order", one.text))["num_users"])


def a_report_that_makes_no_sense_harms_nobody(directory, binary):
    # What another master left, killed while it wrote.
    earlier = directory / "locust-results" / "earlier"
    earlier.mkdir(parents=True)
    (earlier / "reports.jsonl").write_text(
        '{"shard": {"part": {"worker": "other", "sequence": 4, "is_last": false}}}\n{"shard": {"pa'
    )
    port = free_port()
    master = Master("master", directory, HOST, port, binary)
    worker("odd", directory, port, "--odd")
    until("web interface", master.has_web)
    until("the worker", lambda: master.workers() == 1)
    master.post("/swarm", user_count=1, spawn_rate=1)
    for words in ("'../outside'", "'unheard-of'", "KeyError: 'shard'", "JSONDecodeError"):
        master.says(words)
    until("requests", lambda: master.requests() > 6)
    until("the earlier test's record", (earlier / "record.json").exists)
    workers = [report["shard"]["part"]["worker"] for report in reports(earlier)]
    same("the earlier test's whole lines", ["other", "odd"], workers[:2])
    again = [report["shard"]["part"]["sequence"] for report in reports(earlier)[1:]]
    same("reports that were sent again", sorted(set(again)), again)
    same("nothing is outside", False, (directory / "outside").exists())
    master.post("/stop")
    until(
        "a record",
        lambda: any((run / "record.json").exists() for run in master.runs() if run != earlier),
    )


def without_the_program_the_log_says_what_to_run(directory, _):
    port = free_port()
    flags = ["--headless", "--expect-workers", 1, "-u", 1, "-r", 1, "-t", "1s"]
    master = Master("master", directory, HOST, port, directory / "nowhere", flags)
    worker("one", directory, port)
    master.ends(0)
    [run] = master.runs()
    same(
        "the log",
        True,
        f"run: loadgen merge {run}/reports.jsonl -o {run}/record.json" in master.text(),
    )


def a_worker_in_python_is_told_so(directory, binary):
    port = free_port()
    master = Master("master", directory, HOST, port, binary)
    until("web interface", master.has_web)
    locust = [sys.executable, "-m", "locust", "-f", HERE.parents[2] / "deploy/locust/locustfile.py"]
    python = Process("python", [*locust, "--worker", "--master-port", port], directory)
    python.ends(1)
    same("what it says", True, "makes no load in Python" in python.text())
    until("it has left", lambda: "quit. 0 workers ready" in master.text())
    alone = Process("alone", [*locust, "--headless"], directory)
    alone.ends(1)


CASES = [
    a_headless_master_waits_for_the_last_reports,
    the_web_interface_begins_tests_with_settings_of_their_own,
    a_worker_that_joins_later_makes_the_same_load,
    a_shape_says_how_many_users_all_have,
    a_report_that_makes_no_sense_harms_nobody,
    without_the_program_the_log_says_what_to_run,
    a_worker_in_python_is_told_so,
]

main()
