"""What the relays have in common: where they listen, which loop they run on, and their rooms."""

import argparse
import asyncio
import socket
from collections import defaultdict

# Connections that may wait to be accepted.
BACKLOG = 4096

# Longest message that is taken, in bytes.
MESSAGE_BYTES_MAX = 16 << 20


class Rooms:
    """Who is in which room: a room is the target of a request as written."""

    def __init__(self):
        self._clients = defaultdict(set)

    def enter(self, room, client):
        self._clients[room].add(client)

    def leave(self, room, client):
        self._clients[room].discard(client)
        if not self._clients[room]:
            del self._clients[room]

    def others(self, room, client):
        """As a list, since somebody may come or go while it is walked."""
        return [other for other in self._clients[room] if other is not client]


def listen():
    """A listening socket on a port that the kernel picks."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def announce(listener):
    print(f"listening on {listener.getsockname()[1]}", flush=True)


def add_loop(parser):
    """Adds `--loop`: what waits for the sockets."""
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")


def run(main, loop):
    """Runs the coroutine `main` on the loop of that name."""
    factory = asyncio.new_event_loop
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)


def serve(start):
    """Runs `start(listener)`, which returns when it serves, and serves until it is killed."""
    parser = argparse.ArgumentParser()
    add_loop(parser)

    async def main():
        listener = listen()
        kept = await start(listener)
        announce(listener)
        await asyncio.Event().wait()
        del kept

    run(main(), parser.parse_args().loop)
