"""Reads the exports out.* with the libraries whose formats they are, and holds them against the
records in the directory that is named."""

import csv
import io
import json
import math
import pathlib
import sys

from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from prometheus_client.openmetrics.parser import text_string_to_metric_families

records = {
    path.stem: json.loads(path.read_text()) for path in pathlib.Path(sys.argv[1]).glob("*.json")
}


def text(name):
    return pathlib.Path(f"out.{name}").read_bytes().decode()


def same(what, expected, found):
    if expected != found:
        sys.exit(f"exports, {what}: expected {expected}, found {found}")


def near(what, expected, found):
    """A number that was read and written on the way may differ in its last digit."""
    if not math.isclose(expected, found, rel_tol=1e-12, abs_tol=2e-12):
        same(what, expected, found)


def rows():
    found = list(csv.DictReader(io.StringIO(text("csv"), newline=""), strict=True))
    same("csv, scenarios", set(records), {row["scenario"] for row in found})
    for row in found:
        record = records[row["scenario"]]
        same("csv, columns", False, None in row)
        same("csv, succeeded", record["requests"]["succeeded"], int(row["succeeded"]))
        near("csv, rate", record["rate_per_second"], float(row["rate_per_second"]))
        same("csv, valid", str(record["validity"]["valid"]).lower(), row["valid"])
    return f"{len(found)} rows"


def metrics():
    families = {family.name: family for family in text_string_to_metric_families(text("openmetrics"))}
    for sample in families["loadgen_requests"].samples:
        record = records[sample.labels["scenario"]]
        same("openmetrics, run", record["id"], sample.labels["run"])
        same("openmetrics, valid", str(record["validity"]["valid"]).lower(), sample.labels["valid"])
        same("openmetrics, requests", record["requests"][sample.labels["outcome"]], sample.value)
    same("openmetrics, unit", "seconds", families["loadgen_latency_seconds"].unit)
    for sample in families["loadgen_latency_seconds"].samples:
        if sample.labels.get("quantile") == "0.99":
            latency = records[sample.labels["scenario"]]["latency_ns"][sample.labels["phase"]]
            near("openmetrics, p99", latency["p99"] / 1e9, sample.value)
    same("openmetrics, runs", len(records), len(families["loadgen_run"].samples))
    return f"{sum(len(family.samples) for family in families.values())} samples"


def intervals():
    """Those of all runs, by the tag of their line, and the one of the run that is alone."""
    reference = HdrHistogram(1, 3_600_000_000_000, 3)
    log = HistogramLogReader("out.hdr-log", reference)
    counts = []
    while (histogram := log.get_next_interval_histogram()) is not None:
        counts.append(histogram.get_total_count())
    believed = [record["requests"]["succeeded"] for record in records.values() if record["validity"]["valid"]]
    same("hdr-log, samples", sorted(believed), sorted(counts))
    log = HistogramLogReader("out.kept.hdr-log", reference)
    alone = log.get_next_interval_histogram()
    latency = records["kept"]["latency_ns"]["total"]
    same("hdr-log, longest", latency["max"], alone.get_max_value())
    return f"{len(counts)} intervals", alone


def rows_of_the_reference(histogram):
    """What HistogramIterator and PercentileIterator of the Java library give with five steps to a
    half; the port to Python takes steps of another size."""
    total, count, level = histogram.get_total_count(), 0, 0.0
    for step in histogram.get_recorded_iterator():
        count += step.count_added_in_this_iter_step
        while level <= 100.0 * count / total:
            inverse = 1 / (1 - level / 100.0)
            value = step.value_iterated_to / 1e6
            yield round(value, 3), level / 100.0, count, round(inverse, 2)
            level += 100.0 / (5 * 2 ** (int(math.log(100.0 / (100.0 - level)) / math.log(2)) + 1))
            if count == total:
                yield round(value, 3), 1.0, count
                return


def percentiles(histogram):
    expected = list(rows_of_the_reference(histogram))
    head, blank, *found = [line for line in text("hgrm").splitlines() if not line.startswith("#")]
    same("hgrm, head", ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"], head.split())
    same("hgrm, line below the head", "", blank)
    same("hgrm, number of rows", len(expected), len(found))
    for numbers, row in zip(expected, found):
        for number, field in zip(numbers, row.split(), strict=True):
            near(f"hgrm, row {row}", number, float(field))
    return f"{len(found)} percentiles"


def points():
    found = []
    for direction in ("bigger", "smaller"):
        found += json.loads(text(f"{direction}.json"))
    same("github-action-benchmark, a run that cannot be believed", [], [it for it in found if "down" in it["name"]])
    same("bencher, benchmarks", len(records) - 1, len(json.loads(text("bencher"))))
    return f"{len(found)} points"


read_intervals, alone = intervals()
print("exports:", ", ".join([rows(), metrics(), read_intervals, percentiles(alone), points()]))
