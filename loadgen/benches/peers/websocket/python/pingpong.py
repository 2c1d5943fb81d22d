"""Ping-pong, whatever the library: in each pair client 1 sends, the relay passes it on, client 2
sends it back, the relay passes that on, and client 1 has it: one round trip.

CLIENT.py URL [--pairs N] [--size BYTES] [--duration S] [--warmup S] [--loop asyncio|uvloop]
[--server-pid PID] prints one line of JSON.
"""

import argparse
import asyncio
import json
import math
import os
from pathlib import Path
from time import perf_counter_ns

import relay

# Pairs that connect at a time, so that it is no test of accept queues.
CONNECTING_MAX = 64

# Of /proc/PID/stat: USER_HZ is 100 on Linux.
TICK_US = 10_000


class Clock:
    """Round trips that ended in the part that counts."""

    def __init__(self):
        self.is_running = False
        self.latencies_ns = []


def run(connect):
    """Measures with `connect(url)`, a coroutine that gives how to send and how to receive."""
    arguments = parse()
    relay.run(measure(arguments, connect), arguments.loop)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--size", type=int, default=32, help="bytes")
    parser.add_argument("--duration", type=float, default=10, help="seconds")
    parser.add_argument("--warmup", type=float, default=0, help="seconds before those that count")
    parser.add_argument("--server-pid", type=int, help="whose CPU time is read")
    relay.add_loop(parser)
    return parser.parse_args()


async def measure(arguments, connect):
    clock = Clock()
    message = b"x" * arguments.size
    pairs = await connect_all(arguments, connect)
    players = [play(pair, message, clock) for pair in pairs]
    playing = asyncio.gather(*players)
    await play_for(arguments.warmup, playing)
    cpu_us, began_ns = server_cpu_us(arguments.server_pid), perf_counter_ns()
    clock.is_running = True
    await play_for(arguments.duration, playing)
    clock.is_running = False
    elapsed_ns = perf_counter_ns() - began_ns
    if cpu_us is not None:
        cpu_us = server_cpu_us(arguments.server_pid) - cpu_us
    show(sorted(clock.latencies_ns), elapsed_ns, cpu_us)
    # Nobody waits until thousands of connections are closed one by one.
    os._exit(0)


async def connect_all(arguments, connect):
    async def pair(index):
        url = arguments.url if arguments.pairs == 1 else f"{arguments.url}?pair={index}"
        return await connect(url), await connect(url)

    pairs = []
    for start in range(0, arguments.pairs, CONNECTING_MAX):
        indices = range(start, min(start + CONNECTING_MAX, arguments.pairs))
        pairs += await asyncio.gather(*map(pair, indices))
    return pairs


async def play_for(seconds, playing):
    """Ends with the error of the first pair that fails."""
    await asyncio.wait([playing], timeout=seconds)
    if playing.done():
        playing.result()


async def play(pair, message, clock):
    first, second = pair
    await asyncio.gather(ask(*first, message, clock), answer(*second))


async def ask(send, receive, message, clock):
    while True:
        began_ns = perf_counter_ns()
        await send(message)
        if len(await receive()) != len(message):
            raise ValueError("another message than the one sent")
        if clock.is_running:
            clock.latencies_ns.append(perf_counter_ns() - began_ns)


async def answer(send, receive):
    while True:
        await send(await receive())


def server_cpu_us(pid):
    """User and system time of the process so far: proc_pid_stat(5)."""
    if pid is None:
        return None
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def show(latencies_ns, elapsed_ns, cpu_us):
    def percentile_us(p):
        """By nearest rank."""
        rank = max(0, math.ceil(p / 100 * len(latencies_ns)) - 1)
        return latencies_ns[rank] / 1e3 if latencies_ns else None

    done = {
        "round_trips": len(latencies_ns),
        "elapsed_s": elapsed_ns / 1e9,
        "latency_us": {"p50": percentile_us(50), "p99": percentile_us(99)},
        "server_cpu_us": cpu_us,
    }
    print(json.dumps(done), flush=True)
