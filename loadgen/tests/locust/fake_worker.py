"""A worker that makes no requests: it says to a master what a test of the plug-in wants said.

Usage: fake_worker.py PORT NAME [--late SECONDS] [--odd]
    --late SECONDS  wait for so long with the last report when the master quits
    --odd           send reports that make no sense too
"""

import argparse
import json
import time

import gevent
from locust.rpc import Message, zmqrpc

REPORT_EVERY_S = 0.3

flags = argparse.ArgumentParser()
flags.add_argument("port", type=int)
flags.add_argument("name")
flags.add_argument("--late", type=float, default=0.0)
flags.add_argument("--odd", action="store_true")
ARGS = flags.parse_args()


class Worker:
    def __init__(self, port: int, name: str) -> None:
        self.name = name
        self.client = zmqrpc.Client("127.0.0.1", port, name)
        self.state = "ready"
        self.users: dict[str, int] = {}
        self.run_id = ""
        self.sequence = 0

    def send(self, kind: str, data: object = None) -> None:
        self.client.send(Message(kind, data, self.name))

    def beat(self) -> None:
        while True:
            self.send(
                "heartbeat",
                {"state": self.state, "current_cpu_usage": 1, "current_memory_usage": 1},
            )
            gevent.sleep(1)

    def report(self, is_last: bool) -> None:
        """Three requests, of which Locust gets the counts and the plug-in the text."""
        now = int(time.time())
        entry = {
            "name": "/",
            "method": "GET",
            "start_time": now,
            "last_request_timestamp": now,
            "num_requests": 3,
            "num_none_requests": 0,
            "num_failures": 0,
            "total_response_time": 3,
            "max_response_time": 1,
            "min_response_time": 1,
            "total_content_length": 3,
            "response_times": {1: 3},
            "num_reqs_per_sec": {now: 3},
            "num_fail_per_sec": {},
        }
        # Two in one message, as when one could not be sent before.
        reports = [self.record(self.run_id, False), self.record(self.run_id, is_last)]
        if ARGS.odd:
            reports += [self.record(run, False) for run in ("../outside", "unheard-of", "earlier")]
            reports += [reports[0], reports[4], "{}", "{", 7]
        total = {**entry, "name": "Aggregated", "method": ""}
        self.send(
            "stats",
            {
                "stats": [entry],
                "stats_total": total,
                "errors": {},
                "loadgen": reports,
                "user_classes_count": self.users,
                "user_count": sum(self.users.values()),
            },
        )

    def record(self, run_id: str, is_last: bool) -> str:
        """A text with a character that some take for a line's end."""
        part = {"worker": self.name, "sequence": self.sequence, "is_last": is_last}
        self.sequence += 1
        record = {"shard": {"run_id": run_id, "part": part}, "text": "\u2028"}
        return json.dumps(record, ensure_ascii=False)

    def work(self) -> None:
        while True:
            gevent.sleep(REPORT_EVERY_S)
            if self.state == "running":
                self.report(is_last=False)

    def end(self) -> None:
        if self.state == "running":
            self.state, self.users = "ready", {}
            self.report(is_last=True)

    def listen(self) -> None:
        self.send("client_ready", -1)
        gevent.spawn(self.beat)
        gevent.spawn(self.work)
        while True:
            message = self.client.recv()
            if message.type == "spawn":
                options = message.data["parsed_options"]["loadgen"]
                if self.state != "running":
                    self.run_id, self.sequence = options["loadgen_run_id"], 0
                    print(json.dumps(options), flush=True)
                self.send("spawning")
                self.users = message.data["user_classes_count"]
                self.state = "running"
                self.send(
                    "spawning_complete",
                    {"user_classes_count": self.users, "user_count": sum(self.users.values())},
                )
            elif message.type == "stop":
                self.end()
                self.send("client_stopped")
                self.send("client_ready", -1)
            elif message.type == "quit":
                gevent.sleep(ARGS.late)
                self.end()
                gevent.sleep(0.3)
                return


Worker(ARGS.port, ARGS.name).listen()
