"""Where local ports end, and what multiplies them. Runs in a network of its own, with 1000 ports."""

import itertools
import json
import pathlib
import statistics
import subprocess

import network
from bench import BIN, LIMIT_S, TAKES, loadgen, read, server, spread, table
from machines import CHEAP_PORTS

RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
REUSE = pathlib.Path("/proc/sys/net/ipv4/tcp_tw_reuse")
# Past as many TIME_WAITs the kernel gives ports back at once, and the takes of a minute leave more.
TIME_WAITS = pathlib.Path("/proc/sys/net/ipv4/tcp_max_tw_buckets")
# A fresh network has the kernel's default.
DEFAULT_RANGE = "32768 60999"
FEW_PORTS = "40000 40999"
PORTS = 1000
HELD = "/delay/2000"
PLACES = itertools.count(7001)


def main():
    network.enter()
    first, last = map(int, DEFAULT_RANGE.split())
    print(f"\n`ip_local_port_range` {' '.join(read(RANGE).split())}; the kernel's default, {DEFAULT_RANGE}, are {last - first + 1} ports")
    TIME_WAITS.write_text("1000000")
    filling()
    RANGE.write_text(FEW_PORTS)
    ending()


def places(count):
    """Places to listen at that nothing was connected to before, outside of all ranges here."""
    return [f"127.0.0.1:{next(PLACES)}" for _ in range(count)]


def filling():
    """What one connection costs while ports fill up. All are open before the first has its answer."""
    rows = []
    for count, flags, delay_ms in [
        (1_000, [], 2_000),
        (10_000, [], 2_000),
        (14_000, [], 2_000),
        (16_000, [], 6_000),
        (19_000, [], 9_000),
        (19_000, ["-B", "127.0.0.1-127.0.0.2"], 2_000),
    ]:
        takes = []
        for _ in range(TAKES):
            with server(listen=places(1)) as (urls, _):
                record = loadgen("-k", "-c", count, *flags, "-n", count, f"{urls[0]}/delay/{delay_ms}")
            if record["connections"]["opened"] != count:
                raise SystemExit(f"{count} connections: {record['connections']}")
            takes.append(record["client"]["cpu_us_per_request"])
        if count < CHEAP_PORTS:
            cheap = statistics.median(takes)
        past = "" if flags or count < CHEAP_PORTS else f"{each_past(count, takes, cheap):.0f}"
        rows.append([count, f"`{' '.join(flags)}`" if flags else "one address", spread(takes, 1), past])
    table(
        "What opening a connection and one request costs, by connections open (of 28 232 ports)",
        ["open", "from", "CPU µs each", f"each past {CHEAP_PORTS}"],
        rows,
    )


def each_past(count, takes, cheap):
    """What each costs past the cheap ports, when those before cost what they do by themselves."""
    return (statistics.median(takes) * count - cheap * CHEAP_PORTS) / (count - CHEAP_PORTS)


def ending():
    """Runs that have 1000 ports for each pair of addresses."""
    rows = []

    def run(what, url, *flags):
        rows.append([what, *outcome(loadgen(*flags, url, may_fail=True))])

    kept = lambda count: ["-k", "-c", count, "-n", count]
    two = ["-B", "127.0.0.1-127.0.0.2"]
    with server(listen=places(1)) as (urls, _):
        run("1500 kept", urls[0] + HELD, *kept(1500))
    with server(listen=places(1)) as (urls, _):
        run("1500 kept, `-B 127.0.0.1-127.0.0.2`", urls[0] + HELD, *kept(1500), *two)
    with server(listen=places(2)) as (urls, _):
        rows.append(["1000 kept to each of two ports of a server, at once", *both(urls)])
        # Who ends a kept connection has its TIME_WAIT, and that is the load generator.
        REUSE.write_text("0")
        run("1000 kept after those, `tcp_tw_reuse` 0", urls[0] + HELD, *kept(PORTS))
        run("the same, `-B 127.0.0.3`", urls[0] + HELD, *kept(PORTS), "-B", "127.0.0.3")
    with server(listen=places(1)) as (urls, _):
        news = ["-c", 50, "-n", 20_000]
        run("20 000 new connections, `tcp_tw_reuse` 0; the server closes first", urls[0] + "/", *news)
    table(
        f"Runs with {PORTS} ports (`ip_local_port_range` {FEW_PORTS})",
        ["run", "succeeded", "`no_local_port`", "what the record says of it"],
        rows,
    )


def outcome(record):
    lacking = record["failures"].get("no_local_port", 0)
    reasons = [it for it in record["validity"]["reasons"] if it["code"] == "ports_exhausted"]
    said = "; ".join(f"`{it['code']}`, {it['severity']}: {it['message']}; {it['advice']}" for it in reasons)
    return [record["requests"]["succeeded"], lacking, said or "nothing"]


def both(urls):
    """Two destinations, each with all ports to itself."""
    args = ["-q", "-k", "-c", str(PORTS), "-n", str(PORTS), urls[1] + HELD]
    other = subprocess.Popen([BIN / "loadgen", *args], stdout=subprocess.PIPE, text=True)
    record = loadgen("-k", "-c", PORTS, "-n", PORTS, urls[0] + HELD, may_fail=True)
    ours = outcome(record)
    theirs = json.loads(other.communicate(timeout=LIMIT_S)[0])["requests"]["succeeded"]
    return [f"{ours[0]} and {theirs}", *ours[1:]]


if __name__ == "__main__":
    main()
