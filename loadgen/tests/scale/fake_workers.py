"""Workers of a Locust master that make no load: each says what a busy one says, at the same times.

Usage: fake_workers.py PORT COUNT [RECORD]
    RECORD  the file of the record that each report carries for the plug-in
"""

import json
import pathlib
import sys
import time

import gevent
import zmq.green as zmq
from locust.rpc import Message

HEARTBEAT_EVERY_S = 1
REPORT_EVERY_S = 3
# What 1000 requests a second leave of a histogram with three digits, in milliseconds.
TIMES = {round(0.1 * 1.01**step, 4): 30 for step in range(100)}


class Worker:
    def __init__(self, context, port, index, record):
        self.name = f"worker-{index}"
        self.socket = context.socket(zmq.DEALER)
        self.socket.setsockopt_string(zmq.IDENTITY, self.name)
        self.socket.connect(f"tcp://127.0.0.1:{port}")
        self.index, self.record = index, record
        self.users, self.run_id, self.sequence = {}, "", 0

    def send(self, kind, data=None):
        self.socket.send(Message(kind, data, self.name).serialize())

    def report(self):
        """Three thousand requests of one kind."""
        now = int(time.time())
        seconds = {now - past: 1000 for past in range(REPORT_EVERY_S)}
        entry = {
            "name": "/", "method": "GET", "start_time": now, "last_request_timestamp": now,
            "num_requests": 3000, "num_none_requests": 0, "num_failures": 0, "total_response_time": 900,
            "max_response_time": 1, "min_response_time": 1, "total_content_length": 150_000,
            "response_times": TIMES, "num_reqs_per_sec": seconds, "num_fail_per_sec": {},
        }
        total = {**entry, "name": "Aggregated", "method": ""}
        users = {"user_classes_count": self.users, "user_count": sum(self.users.values())}
        return {"stats": [entry], "stats_total": total, "errors": {}, **users, **self.part()}

    def part(self):
        if self.record is None:
            return {}
        part = {"worker": self.name, "sequence": self.sequence, "is_last": False}
        self.sequence += 1
        shard = {**self.record.get("shard", {}), "run_id": self.run_id, "part": part}
        return {"loadgen": json.dumps({**self.record, "shard": shard}, separators=(",", ":"))}

    def beat(self):
        while True:
            state = "running" if self.users else "ready"
            self.send("heartbeat", {"state": state, "current_cpu_usage": 1, "current_memory_usage": 1})
            gevent.sleep(HEARTBEAT_EVERY_S)

    def work(self):
        while True:
            gevent.sleep(REPORT_EVERY_S)
            if self.users:
                self.send("stats", self.report())

    def listen(self):
        self.send("client_ready", -1)
        gevent.spawn(self.beat)
        # Not all at the same moment.
        gevent.spawn_later(REPORT_EVERY_S * (self.index % 100) / 100, self.work)
        while True:
            message = Message.unserialize(self.socket.recv())
            if message.type == "spawn":
                self.run_id = message.data["parsed_options"].get("loadgen_run_id", "")
                self.users = message.data["user_classes_count"]
                self.send("spawning")
                self.send(
                    "spawning_complete",
                    {"user_classes_count": self.users, "user_count": sum(self.users.values())},
                )


def main():
    port, count, *record = sys.argv[1:]
    record = json.loads(pathlib.Path(record[0]).read_text()) if record else None
    context = zmq.Context()
    context.set(zmq.MAX_SOCKETS, 2000)
    workers = [Worker(context, int(port), index, record) for index in range(int(count))]
    first = workers[0]
    print(len(Message("stats", first.report(), first.name).serialize()), flush=True)
    # That was for its size, and is not sent.
    first.sequence = 0
    gevent.joinall([gevent.spawn(worker.listen) for worker in workers])


if __name__ == "__main__":
    main()
