"""Packets and bytes that a request takes, both ways, counted by the loopback device of a network of
its own."""

import network
from bench import loadgen, read, server, table

# So many that opening and closing the connections does not show.
MANY = 1_000_000
REQUESTS = 10_000
NEVER_OUT_OF_PORTS = ["-B", "127.0.0.1-127.0.0.20"]


def main():
    network.enter()
    rows = []
    with server() as (plain, _), server("--tls") as (secure, _):
        for name, flags, url, requests in [
            ("kept", ["-k", "-c", 64], plain[0], MANY),
            ("new connection", ["-c", 64, *NEVER_OUT_OF_PORTS], plain[0], REQUESTS),
            ("kept, TLS 1.3", ["-k", "-c", 64], secure[0], MANY),
            ("new, TLS 1.3, `--no-resumption`", ["-c", 64, *NEVER_OUT_OF_PORTS, "--no-resumption"], secure[0], REQUESTS),
        ]:
            before = counted()
            loadgen(*flags, "-n", requests, url + "/")
            packets, sent = (now - then for now, then in zip(counted(), before))
            rows.append([name, f"{packets / requests:.2f}", f"{sent / requests:.0f}", requests])
    table(
        "What a request puts on the wire, both ways (an answer of 50 bytes and its head)",
        ["request", "packets", "bytes, Ethernet header included", "mean of"],
        rows,
    )


def counted():
    """Packets and bytes that the loopback device sent, which are those it received."""
    words = read("/proc/net/dev").split("lo:")[1].split()
    return int(words[9]), int(words[8])


if __name__ == "__main__":
    main()
