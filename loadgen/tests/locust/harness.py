"""What the tests under Locust are made of: processes, conditions with limits, and a master."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request

LIMIT_S = 30.0  # for what takes a second or two
LOCUSTFILE = pathlib.Path(__file__).resolve().parents[3] / "deploy/locust/locustfile.py"


class Failed(Exception):
    """What was expected, and what was there."""


def same(what, expected, found):
    if expected != found:
        raise Failed(f"{what}: expected {expected!r}, found {found!r}")


def until(what, condition, limit_s=LIMIT_S):
    """Waits until the condition holds, and gives what it gave."""
    deadline = time.monotonic() + limit_s
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise Failed(f"not within {limit_s:.0f} s: {what}")
        time.sleep(0.05)
    return found


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Process:
    """A program that writes to a log, and does not outlive the test."""

    all = []

    def __init__(self, name, argv, directory):
        self.name = name
        self.log = directory / f"{name}.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=directory,
            )
        Process.all.append(self)

    def text(self):
        return self.log.read_text(errors="replace")

    def says(self, words, limit_s=LIMIT_S):
        until(f"{self.name} says {words!r}", lambda: self.has_said(words), limit_s)

    def has_said(self, words):
        if words in self.text():
            return True
        if self.child.poll() is not None:
            raise Failed(
                f"{self.name} ended with {self.child.returncode}, and did not say {words!r}"
            )
        return False

    def ends(self, code, limit_s=LIMIT_S):
        try:
            same(f"{self.name}, exit code", code, self.child.wait(limit_s))
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.name} still runs after {limit_s:.0f} s") from None

    def signal(self, number):
        os.kill(self.child.pid, number)

    def lose(self):
        self.signal(signal.SIGKILL)
        self.child.wait()

    @classmethod
    def logs(cls):
        return "\n".join(f"--- {process.log}\n{process.text()[-8000:]}" for process in cls.all)

    @classmethod
    def end_all(cls):
        for process in cls.all:
            if process.child.poll() is None:
                process.lose()
        cls.all.clear()


class Master(Process):
    """A stock Locust master with our locustfile; with a web interface unless it is headless."""

    def __init__(self, name, directory, host, port, binary, flags=(), locustfile=LOCUSTFILE):
        self.port = port
        self.web = f"http://127.0.0.1:{free_port()}"
        self.results = directory / "locust-results"
        bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        web = ["--web-host", "127.0.0.1", "--web-port", self.web.rsplit(":", 1)[1]]
        locust = [sys.executable, "-m", "locust", "--master", "-f", locustfile, "--host", host]
        super().__init__(
            name, [*locust, *bound, *web, "--loadgen-binary", binary, *flags], directory
        )

    def has_web(self):
        with contextlib.suppress(OSError):
            return bool(self.get("/worker-count"))
        return False

    def get(self, path):
        with urllib.request.urlopen(self.web + path, timeout=LIMIT_S) as answer:
            return answer.read()

    def post(self, path, **form):
        data = urllib.parse.urlencode(form).encode()
        with urllib.request.urlopen(self.web + path, data, timeout=LIMIT_S) as answer:
            answer = json.loads(answer.read())
        same(f"POST {path}: {answer}", True, answer["success"])

    def workers(self):
        return json.loads(self.get("/worker-count"))["worker_count"]

    def stats(self):
        return json.loads(self.get("/stats/requests"))

    def requests(self):
        """Requests of the test by Locust's own count."""
        return next(
            row["num_requests"] for row in self.stats()["stats"] if row["name"] == "Aggregated"
        )

    def runs(self):
        """The directories of the tests, the oldest first."""
        found = self.results.iterdir() if self.results.exists() else []
        return sorted(found, key=lambda run: run.name)


def reports(run):
    """What workers have reported in a test."""
    path = run / "reports.jsonl"
    whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
    return [json.loads(line) for line in whole.split(b"\n") if line]
