"""What workers cost a Locust master: its CPU time by their number, without our plug-in and with it.

Run it by the Python that locust is installed for.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

from bench import LIMIT_S, loadgen, scratch, server, table

LOCUST_TESTS = pathlib.Path(__file__).resolve().parents[1] / "locust"
sys.path.append(str(LOCUST_TESTS))

from harness import LOCUSTFILE, free_port  # noqa: E402: its directory has to be known first

PLUG_IN = pathlib.Path(os.environ.get("LOCUSTFILE", LOCUSTFILE))
FAKE_WORKERS = pathlib.Path(__file__).with_name("fake_workers.py")
# What a locustfile has at least.
STOCK = "from locust import User\n\n\nclass Idle(User):\n    pass\n"
COUNTS = [50, 200, 1000]
# Of each report.
REQUESTS = 3000
# Four reports of each worker.
WINDOW_S = 12


def main():
    rows, costs = [], {}
    with scratch() as directory:
        here = pathlib.Path(directory)
        (here / "stock.py").write_text(STOCK)
        with server() as (urls, _):
            record = loadgen("-k", "-c", 8, "--rate", 1000, "--duration", "3s", urls[0] + "/")
        (here / "record.json").write_text(json.dumps(record))
        for name, file, carried in [
            ("stock", here / "stock.py", []),
            ("with the plug-in", PLUG_IN, [here / "record.json"]),
        ]:
            shares = []
            for count in COUNTS:
                report_bytes, share, rss, heard = cost(here, file, count, carried)
                shares.append(share)
                per_second = count * report_bytes / 3
                rows.append(
                    [name, count, report_bytes, f"{per_second / 1e3:.0f} kB", heard, f"{share * 100:.1f} %", f"{rss / 2**20:.0f} MiB"]
                )
            slope = (shares[-1] - shares[0]) / (COUNTS[-1] - COUNTS[0])
            costs[name] = slope
    table(
        f"A Locust master's CPU by workers (locust {version()}, a report each 3 s and a heartbeat each second, {WINDOW_S} s)",
        ["master", "workers", "bytes of a report", "sent per second", "reports heard", "of one core", "RSS"],
        rows,
    )
    for name, slope in costs.items():
        print(f"\n{name}: {slope * 1e3:.2f} ms of CPU per worker and second, so one core is full at {1 / slope:.0f} workers")


def version():
    from importlib.metadata import version

    return version("locust")


def cost(here, file, count, carried):
    """Bytes of a report, the master's share of a core, and its memory, with `count` workers."""
    port = free_port()
    flags = ["--headless", "--expect-workers", count, "-u", count, "-r", count, "--only-summary", "-L", "ERROR"]
    bound = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    master = start(here, "-m", "locust", "--master", "-f", file, "--host", "http://127.0.0.1", *bound, *flags)
    workers = start(here, FAKE_WORKERS, port, count, *carried)
    try:
        report_bytes = int(workers.stdout.readline())
        # Connected, spawned, and reporting.
        time.sleep(6 + count / 50)
        used_s, began = cpu_s(master.pid), time.monotonic()
        time.sleep(WINDOW_S)
        share = (cpu_s(master.pid) - used_s) / (time.monotonic() - began)
        rss = rss_bytes(master.pid)
        master.terminate()
        summary = master.communicate(timeout=LIMIT_S)[0]
        return report_bytes, share, rss, int(re.findall(r"Aggregated\s+(\d+)", summary)[0]) // REQUESTS
    finally:
        for child in (workers, master):
            child.kill()
            child.wait(LIMIT_S)


def start(here, *words):
    command = [sys.executable, *map(str, words)]
    return subprocess.Popen(command, cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def cpu_s(pid):
    """User and system time of a process, in seconds."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_bytes(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


if __name__ == "__main__":
    main()
