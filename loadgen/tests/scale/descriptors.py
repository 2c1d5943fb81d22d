"""Descriptors: what the limit is, how far loadgen raises it, and what it says when it is reached."""

from bench import loadgen, read, server, table


def main():
    print(f"\n`fs.nr_open` {read('/proc/sys/fs/nr_open')}, `fs.file-max` {read('/proc/sys/fs/file-max')}")
    rows = []
    with server() as (urls, _):
        for soft, hard, connections in [(256, 2000, 1000), (256, 2000, 3000)]:
            limited = ["prlimit", f"--nofile={soft}:{hard}"]
            flags = ["-k", "-c", connections, "-n", connections, urls[0] + "/delay/1000"]
            rows.append([f"soft {soft}, hard {hard}", connections, *outcome(loadgen(*flags, prefix=limited, may_fail=True))])
        beside = ["-k", "--idle-connections", 3000, "-n", 10, urls[0] + "/"]
        record = loadgen(*beside, prefix=["prlimit", "--nofile=256:2000"])
        idle = record["background"]["idle"]
        [reason] = [it for it in record["validity"]["reasons"] if it["code"] == "background_missing"]
        rows.append(
            [
                "soft 256, hard 2000",
                "3000 idle",
                record["environment"]["file_limit"],
                idle["held_at_start"],
                idle["failures"].get("no_file_descriptor", 0),
                f"`{reason['code']}`, {reason['severity']}: {reason['message']}",
            ]
        )
    table(
        "Runs with few descriptors",
        ["limits before", "`-c`", "`environment.file_limit`", "succeeded", "`no_file_descriptor`", "what the record says of it"],
        rows,
    )


def outcome(record):
    reasons = [it for it in record["validity"]["reasons"] if it["code"] == "descriptors_exhausted"]
    said = "; ".join(f"`{it['code']}`, {it['severity']}: {it['message']}; {it['advice']}" for it in reasons)
    return [
        record["environment"]["file_limit"],
        record["requests"]["succeeded"],
        record["failures"].get("no_file_descriptor", 0),
        said or "nothing",
    ]


if __name__ == "__main__":
    main()
