"""The Locust side of `loadgen worker`: a stock Locust master runs this file.

    locust --master -f locustfile.py --host http://127.0.0.1:8080
    loadgen worker --master 127.0.0.1:5557

Locust says how many users there are, shows what comes of them, and begins and ends tests. Beside its
own numbers each worker's report carries a record with whole histograms. They are kept, line by line,
in RESULTS/RUN_ID/reports.jsonl, and at the end of a test `loadgen merge` makes record.json of them.
README.md beside this file says the rest.
"""

from __future__ import annotations

import functools
import json
import logging
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Callable

import gevent
from flask import Blueprint, Response, make_response, send_file
from locust import User, events, task
from locust.exception import StopUser
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

LAST_REPORTS_S = 5.0  # for the last reports, besides the time that users have to stop
MERGE_S = 600.0  # a thousand workers take seconds
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")  # it names a directory, and comes by network
BEFORE = ""  # the connection of a worker that a master before this one heard

log = logging.getLogger("loadgen")


class LoadgenUser(User):
    """A connection of `loadgen worker`. It has no code here: in Python it makes no load."""

    @task
    def made_by_loadgen_worker(self) -> None:
        raise StopUser


@events.init_command_line_parser.add_listener
def declare_options(parser: Any) -> None:
    """All are texts, because the web form may leave any of them empty; workers read them. The form
    shows each help as a label, of which it has room for one line."""

    def option(name: str, default: str, help: str, **more: Any) -> None:
        env_var = "LOCUST_LOADGEN_" + name.upper().replace("-", "_")
        parser.add_argument(f"--loadgen-{name}", default=default, help=help, env_var=env_var, **more)

    option("path", "/", "Path and query; the rest of the URL is the host's")
    option("method", "GET", "Method", choices=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    option("rate", "", "Requests per second of all workers; empty: users wait for their answers")
    option("keep-alive", "yes", "Use connections again", choices=["yes", "no"])
    option("headers", "", "Name: value, with ;; between two")
    option("body-file", "", "A file on each worker, to be sent as the body")
    option("timeout", "30", "Longest wait for an answer, in seconds")
    option("expect-status", "2xx,3xx", "Statuses that are no failure")
    # Not in the web form, because they name what the master writes and starts.
    hidden = {"include_in_web_ui": False}
    option("results", "locust-results", "Directory for records (default: locust-results)", **hidden)
    option("binary", "loadgen", "The program loadgen, which merges (default: loadgen, by PATH)", **hidden)


def guarded(listener: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong in here is said once, and never breaks the master."""
    said: set[str] = set()

    @functools.wraps(listener)
    def call(*args: Any, **kwargs: Any) -> None:
        try:
            listener(*args, **kwargs)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if text not in said and len(said) < 10:
                said.add(text)
                log.error("%s: %s (said once)", listener.__name__, text)

    return call


class Run:
    """One test: what its workers report, and the record that is made of it."""

    def __init__(self, run_id: str, results: Path, binary: str) -> None:
        self.id = run_id
        self.directory = results / run_id
        self.reports = self.directory / "reports.jsonl"
        self.record = self.directory / "record.json"
        self.binary = binary
        self.heard: dict[str, tuple[str, int, bool]] = {}  # worker: connection, newest report, is it the last
        self.had_users: set[str] = set()  # connections that had users when the test was ended
        self.is_merged = False
        self.finisher: gevent.Greenlet | None = None

    def append(self, line: str) -> None:
        """Writes a report as it came, whole or not at all."""
        with open(self.reports, "ab", buffering=0) as file:
            end = file.tell()
            rest = memoryview(line.encode() + b"\n")
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError:
                file.truncate(end)
                raise

    def read_back(self) -> None:
        """What a master before this one heard; a line that it did not write to the end is dropped."""
        self.reports.touch()
        end = 0
        with open(self.reports, "r+b") as file:
            for line in file:
                if line.endswith(b"\n"):
                    end += len(line)
                    part = json.loads(line)["shard"]["part"]
                    self.heard[part["worker"]] = (BEFORE, part["sequence"], part["is_last"])
            file.truncate(end)

    def has(self, part: dict[str, Any]) -> bool:
        """A worker that does not know whether its report came sends it again; they come in order."""
        return part["worker"] in self.heard and part["sequence"] <= self.heard[part["worker"]][1]

    def awaited(self, runner: MasterRunner) -> list[str]:
        """The workers whose last report has not come, and may."""

        def may_come(connection: str) -> bool:
            client = runner.clients.get(connection)
            is_connected = client is not None and client.state != STATE_MISSING
            return is_connected or connection == BEFORE

        heard = self.heard.items()
        late = [name for name, (connection, _, is_last) in heard if not is_last and may_come(connection)]
        silent = self.had_users - {connection for connection, _, _ in self.heard.values()}
        return sorted(late + list(filter(may_come, silent)))

    @guarded
    def finish(self, runner: MasterRunner, stop_timeout: float) -> None:
        """Waits for the last reports, within limits, and merges; again if one came meanwhile."""
        deadline = time.monotonic() + stop_timeout + LAST_REPORTS_S
        while not self.is_merged:
            while (awaited := self.awaited(runner)) and time.monotonic() < deadline:
                gevent.sleep(0.05)
            if awaited:
                log.warning("test %s: no last report of %s", self.id, ", ".join(awaited))
            self.is_merged = True
            if self.heard:
                self.merge()
            else:
                log.warning("test %s: no `loadgen worker` reported, so there is nothing to merge", self.id)

    def merge(self) -> None:
        new = self.directory / "record.json.new"  # `loadgen merge` writes over no file
        new.unlink(missing_ok=True)
        command = [self.binary, "merge", str(self.reports), "-o", str(new)]
        elsewhere = f"where loadgen is, run: loadgen merge {self.reports} -o {self.record}"
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=MERGE_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            return log.warning("test %s is not merged: %s; %s", self.id, error, elsewhere)
        if not new.exists():
            text = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
            return log.error("test %s is not merged: %s", self.id, text)
        new.replace(self.record)
        record = json.loads(self.record.read_bytes())
        log.info("%s: %s", sentence(record), self.record)
        for reason in record["validity"]["reasons"]:
            is_invalid = reason["severity"] == "invalid"
            level, word = (logging.WARNING, "cannot be believed") if is_invalid else (logging.INFO, "note")
            log.log(level, "%s: %s; %s", word, reason["message"], reason["advice"])


def sentence(record: dict[str, Any]) -> str:
    """What a test came to, by its merged record."""
    requests, latency, merged = record["requests"], record["latency_ns"].get("total") or {}, record["merged"]
    names = {"p50": "p50", "p99": "p99", "p99_9": "p99.9"}
    times = [f"{name} {latency[key] / 1e6:.4g} ms" for key, name in names.items() if key in latency]
    return (
        f"{requests['succeeded']} requests at {record['rate_per_second']:.1f} per second, "
        f"{requests['failed']} more failed; {', '.join(times) or 'no latencies'}; "
        f"workers: {len(merged['shards'])}, machines: {merged['machines']}"
    )


class Plugin:
    """What listens to a master's events."""

    def __init__(self, environment: Any, runner: MasterRunner) -> None:
        self.environment = environment
        self.runner = runner
        # Kept from the start: whoever posts to the web interface can set any option later.
        self.results = Path(environment.parsed_options.loadgen_results).resolve()
        self.binary: str = environment.parsed_options.loadgen_binary
        self.results.mkdir(parents=True, exist_ok=True)
        self.runs: dict[str, Run] = {}
        self.now: Run | None = None
        self.ramp: Any = None  # the greenlet that orders users
        self.strangers: set[str] = set()  # workers that count requests and send no record
        environment.parsed_options.loadgen = {}
        environment.dispatcher_class = self.telling(environment.dispatcher_class)
        events.test_start.add_listener(guarded(self.begin))
        events.worker_report.add_listener(guarded(self.report))
        events.test_stopping.add_listener(guarded(self.stopping))
        events.test_stop.add_listener(guarded(self.end))

    def begin(self, environment: Any, **_: Any) -> None:
        """Called before the first users are sent to workers, and the options with them. A worker that
        joins later has to make the same load, whatever the web form has set meanwhile."""
        run_id = time.strftime("%Y%m%dT%H%M%SZ-", time.gmtime()) + secrets.token_hex(4)
        options = environment.parsed_options
        of_test = {name: value for name, value in vars(options).items() if name.startswith("loadgen_")}
        options.loadgen = {**of_test, "loadgen_run_id": run_id, "loadgen_host": environment.host}
        self.now = self.runs[run_id] = Run(run_id, self.results, self.binary)
        self.now.directory.mkdir()

    def telling(self, dispatcher: type) -> type:
        """One that says with each order how many users all workers have: of these a worker has its
        share of the rate. A shape or the keyboard changes them, and Locust's options stay."""
        options, plugin = self.environment.parsed_options, self

        class Telling(dispatcher):
            def new_dispatch(self, target_user_count: int, *args: Any, **more: Any) -> None:
                self.target = target_user_count
                super().new_dispatch(target_user_count, *args, **more)

            def __next__(self) -> dict[str, dict[str, int]]:
                plugin.ramp = gevent.getcurrent()
                users = super().__next__()
                count = sum(sum(of_worker.values()) for of_worker in users.values())
                options.loadgen["num_users"] = max(self.target, count)
                return users

        return Telling

    def report(self, client_id: str, data: dict[str, Any], **_: Any) -> None:
        reports = data.get("loadgen") or []
        for text in [reports] if isinstance(reports, str) else reports:
            for line in filter(None, text.split("\n")):
                self.keep(client_id, line)
        if "loadgen" not in data and data["stats_total"]["num_requests"] and client_id not in self.strangers:
            self.strangers.add(client_id)
            log.warning("worker %s is not `loadgen worker`: only Locust counts its requests", client_id)

    @guarded
    def keep(self, client_id: str, line: str) -> None:
        shard = json.loads(line)["shard"]
        run, part = self.run(shard["run_id"]), shard["part"]
        if run.has(part):
            return
        run.append(line)
        run.heard[part["worker"]] = (client_id, part["sequence"], part["is_last"])
        run.is_merged = False
        if run is not self.now:  # but a test that is over, or another master's before this one
            self.finish(run)

    def run(self, run_id: str) -> Run:
        if run_id not in self.runs:
            if not RUN_ID.fullmatch(run_id) or not (self.results / run_id).is_dir():
                raise ValueError(f"a report of the test {run_id!r}, which did not begin in {self.results}")
            run = Run(run_id, self.results, self.binary)
            run.read_back()
            self.runs[run_id] = run
        return self.runs[run_id]

    def stopping(self, **_: Any) -> None:
        if self.now:
            self.now.had_users = {client.id for client in self.runner.clients.all if client.user_count}
        # When the run time is over Locust lets a longer ramp go on, and runs again at its end.
        is_own = isinstance(self.ramp, gevent.Greenlet) and self.ramp not in self.runner.greenlet
        if is_own and self.ramp is not gevent.getcurrent():
            self.ramp.kill(block=False)

    def end(self, **_: Any) -> None:
        if self.now:
            run, self.now = self.now, None
            self.finish(run)

    def finish(self, run: Run) -> None:
        if run.finisher is None or run.finisher.dead:
            run.finisher = gevent.spawn(run.finish, self.runner, self.environment.stop_timeout)

    def quitting(self) -> None:
        """Locust has told its workers to quit and listens no more; last reports may be on the way."""
        listener = gevent.spawn(self.runner.client_listener)
        gevent.joinall([run.finisher for run in self.runs.values() if run.finisher])
        listener.kill()

    def newest(self, name: str) -> Response:
        """For the web interface: a file of the newest test that has it."""
        for run_id in sorted(self.runs, reverse=True):  # they begin with the time
            run = self.runs[run_id]
            if (path := run.directory / name).exists():
                return send_file(path, as_attachment=True, download_name=f"{run.id}.{name}")
        return make_response(f"there is no {name} yet\n", 404)

    def add_routes(self, web_ui: Any) -> None:
        prefix = self.environment.parsed_options.web_base_path or None
        routes = Blueprint("loadgen", __name__, url_prefix=prefix)
        for name in ("record.json", "reports.jsonl"):
            view = web_ui.auth_required_if_enabled(functools.partial(self.newest, name))
            routes.add_url_rule(f"/loadgen/{name}", endpoint=name.replace(".", "_"), view_func=view)
        web_ui.app.register_blueprint(routes)


plugin: Plugin | None = None


@events.init.add_listener
def start(environment: Any, runner: Any, web_ui: Any = None, **_: Any) -> None:
    global plugin
    if not isinstance(runner, MasterRunner):
        if isinstance(runner, WorkerRunner):
            runner.send_message("quit")
        sys.exit("this locustfile is for a master, `locust --master -f locustfile.py`, and makes no load in "
                 "Python; its workers are `loadgen worker --master HOST:PORT`")
    try:
        plugin = Plugin(environment, runner)
    except OSError as error:
        sys.exit(f"--loadgen-results: {error}; name a directory that can be written")
    if web_ui:
        plugin.add_routes(web_ui)


# These listeners are called from last to first. Locust's own, which tells workers to quit, is added
# when its runner is made, after this file is read: it comes before this one.
@events.quitting.add_listener
@guarded
def quitting(**_: Any) -> None:
    if plugin:
        plugin.quitting()
