"""What a request costs the generator, by CPU time and by instructions, and what says that it was the
limit."""

import re
import statistics
import subprocess

from bench import BIN, LIMIT_S, LOAD_CORE, TAKES, loadgen, server, spread, table

PINNED = ["--threads", "1", "--cpu-list", LOAD_CORE, "-c", "64"]
NEVER_OUT_OF_PORTS = ["-B", "127.0.0.1-127.0.0.20"]
# Name, flags, which server, requests.
KINDS = [
    ("kept, closed loop", ["-k"], "plain", 200_000),
    ("kept, `--driver io-uring`", ["-k", "--driver", "io-uring"], "plain", 200_000),
    ("kept, `--pipeline 8`", ["-k", "--pipeline", "8"], "plain", 400_000),
    ("kept, `--rate 20000` constant", ["-k", "--rate", "20000"], "plain", 100_000),
    ("kept, `--rate 100000` constant", ["-k", "--rate", "100000"], "plain", 200_000),
    ("kept, `--rate 20000` poisson", ["-k", "--rate", "20000", "--arrival", "poisson"], "plain", 100_000),
    ("kept, TLS 1.3", ["-k"], "tls", 200_000),
    ("new connection", NEVER_OUT_OF_PORTS, "plain", 50_000),
    ("new, TLS 1.3, with tickets", NEVER_OUT_OF_PORTS, "tls", 5_000),
    ("new, TLS 1.3, `--no-resumption`", [*NEVER_OUT_OF_PORTS, "--no-resumption"], "tls", 5_000),
    ("HTTP/2, `--streams 1`", ["--http2"], "hyper", 50_000),
    ("HTTP/2, `--streams 16`", ["--http2", "--streams", "16"], "hyper", 50_000),
]


def main():
    # Only the models on hyper speak HTTP/2.
    with server() as (plain, _), server("--tls") as (tls, _), server(model="tokio-current-thread") as (hyper, _):
        urls = {"plain": plain[0] + "/", "tls": tls[0] + "/", "hyper": hyper[0] + "/"}
        requests(urls)
        handshakes = loadgen("-c", 64, "-n", 5000, urls["tls"])["connections"]
        resumed, opened = handshakes["resumed"], handshakes["opened"]
        print(f"\nBy tickets: {resumed} of {opened} handshakes (`connections.resumed` of `loadgen -c 64 -n 5000` over TLS)")
        threads(urls["plain"])
        limits(urls["plain"])


def requests(urls):
    commands = [[*PINNED, *flags, "-n", count, urls[place]] for _, flags, place, count in KINDS]
    rows = []
    for (name, _, _, count), args, costs in zip(KINDS, commands, in_turns(commands)):
        core = f"{round(1e6 / statistics.median(costs), -2):,.0f}".replace(",", " ")
        rows.append([name, spread(costs), *instructions(args, count), core])
    table(
        "A request's cost to the generator (1 thread, 64 connections, loopback)",
        ["request", "CPU µs", "instructions, user", "instructions, kernel", "requests/s of a core"],
        rows,
    )


def in_turns(commands):
    """CPU microseconds per request, for each command its takes. All have their turn before one has its
    next: a machine changes its pace from minute to minute, and then it does for all of them."""
    takes = [[loadgen(*args)["client"]["cpu_us_per_request"] for args in commands] for _ in range(TAKES)]
    return list(zip(*takes))


def instructions(args, requests):
    """Instructions a request in user mode and in the kernel; the start of the program is in them."""
    perf = ["perf", "stat", "-x", ";", "-e", "instructions:u,instructions:k"]
    command = [*perf, BIN / "loadgen", "-q", *map(str, args)]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    except FileNotFoundError:
        return ["no perf"] * 2
    counts = re.findall(r"^(\d+);;instructions", ended.stderr, re.M)
    return [f"{int(count) / requests:,.0f}".replace(",", " ") for count in counts] or ["no PMU"] * 2


def threads(url):
    counts = (1, 2, 4, 8)
    commands = [["-k", "-c", "64", "--threads", count, "-n", "200000", url] for count in counts]
    rows = []
    for count, args, costs in zip(counts, commands, in_turns(commands)):
        rows.append([count, spread(costs), *instructions(args, 200_000)])
    table(
        "The same by threads (kept, 64 connections, no cores named)",
        ["`--threads`", "CPU µs", "instructions, user", "instructions, kernel"],
        rows,
    )


def limits(url):
    """The generator, asked for more than a core can do."""
    rows = []
    for name, flags in [
        ("a new connection each, as fast as it goes", NEVER_OUT_OF_PORTS),
        ("kept, `--rate 1000000`", ["-k", "--rate", "1000000", "--max-in-flight", "5000"]),
    ]:
        pinned = PINNED if "--rate" not in flags else PINNED[:4]
        record = loadgen(*pinned, *flags, "--duration", "2s", url, may_fail=True)
        reasons = [it for it in record["validity"]["reasons"] if it["severity"] == "limits_rate"]
        said = [[name, f"`{it['code']}`", f"{it['message']}; {it['advice']}"] for it in reasons]
        rows += said or [[name, "none", "something else was the limit"]]
    table("When the record says that the generator was the limit", ["run", "code", "what it says"], rows)


if __name__ == "__main__":
    main()
