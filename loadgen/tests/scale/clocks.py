"""How far apart shards begin: four processes of one machine, with a moment agreed upon and without."""

import datetime
import json
import subprocess
import time

from bench import BIN, LIMIT_S, TAKES, server, spread, table

SHARDS = 4


def main():
    with server() as (urls, _):
        together = [begin(urls[0], f"at-{take}", start_at=True) for take in range(TAKES)]
        alone = [begin(urls[0], f"by-itself-{take}", start_at=False) for take in range(TAKES)]
    rows = [
        ["`--start-at`, 3 s ahead", spread([skew(records) for records in together], 0)],
        ["started one after another without it", spread([skew(records) for records in alone], 0)],
    ]
    table(f"First start to last start of {SHARDS} processes on one machine", ["how", "ms"], rows)
    clock = together[0][0]["shard"]["clock"]
    print(f"\nThis machine's clock by its own account: {json.dumps(clock)}")


def begin(url, run_id, start_at):
    moment = ["--start-at", f"{time.time() + 3:.3f}"] if start_at else []
    children = [
        subprocess.Popen(
            [BIN / "loadgen", "-q", "-k", "-c", str(SHARDS), "--duration", "1s", "--rate", "400"]
            + ["--shard", f"{index}/{SHARDS}", "--run-id", run_id, *moment, url + "/"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for index in range(SHARDS)
    ]
    return [json.loads(child.communicate(timeout=LIMIT_S)[0]) for child in children]


def skew(records):
    """First start to last start, in milliseconds, of which records have whole ones."""
    starts = [datetime.datetime.fromisoformat(record["started_at"]) for record in records]
    return (max(starts) - min(starts)).total_seconds() * 1e3


if __name__ == "__main__":
    main()
