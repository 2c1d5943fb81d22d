"""What must be true of a run by shards: of their records and of the merged one.

Usage: run.py SCHEDULER REQUESTS MERGED RECORDS...
  SCHEDULER  what told the shards their places, or - if a flag did
  REQUESTS   how many all of them were to make
  MERGED     the merged record
  RECORDS    files of the shards' records, one or several in each
"""

import json
import sys

SHARDS = 4


def main(scheduler, requests, merged, *files):
    shards = [record for file in files for record in documents(file)]
    shards.sort(key=lambda record: record["shard"]["index"])
    places = [record["shard"] for record in shards]
    equal([0, 1, 2, 3], [place["index"] for place in places], "indices")
    equal({SHARDS}, {place["of"] for place in places}, "number of shards")
    equal(1, len({place["run_id"] for place in places}), "runs")
    equal(1, len({place["plan_hash"] for place in places}), "plans")
    equal({None if scheduler == "-" else scheduler}, {place.get("scheduler") for place in places}, "scheduler")
    starts = {place.get("start_at") for place in places}
    assert len(starts) == 1 and None not in starts, starts

    # What time ran out for is issued, too, and cancelled.
    issued = [record["requests"]["issued"] for record in shards]
    equal(int(requests), sum(issued), "requests of the shards")
    assert max(issued) - min(issued) <= shards[0]["plan"]["connections"], issued

    (whole,) = documents(merged)
    together = whole["merged"]
    for count in whole["requests"]:
        equal(sum(record["requests"][count] for record in shards), whole["requests"][count], f"merged {count}")
    equal(0, whole["requests"]["failed"], "failures")
    made = [record["requests"]["succeeded"] for record in shards]
    equal(made, [shard["succeeded"] for shard in together["shards"]], "requests by shard in the merged record")
    equal(places[0]["run_id"], together["run_id"], "run")
    equal(1, together["machines"], "machines")
    begun = sorted(record["started_at"][11:] for record in shards)
    print(
        f"shards issued {issued} requests, began {begun[0]} to {begun[-1]}, ran together for "
        f"{together['overlap_s']:.3f} s of {whole['elapsed_s']:.3f} s"
    )


def documents(file):
    """The JSON documents in a file, one after another."""
    text = open(file, encoding="utf-8").read()
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


def equal(expected, found, what):
    assert expected == found, f"{what}: expected {expected}, found {found}"


main(*sys.argv[1:])
