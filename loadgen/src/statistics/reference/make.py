#!/usr/bin/env python3
"""Makes vectors.json: what scipy says about the signed-rank statistics.

Run with scipy 1.13 or later:  python3 make.py > vectors.json

The p-value is scipy's: its exact distribution without ties, its exhaustive
permutation test with ties. The interval is found without Walsh averages, by
asking scipy's exact test which shifts of the differences it does not reject,
so that it checks the idea as well as the arithmetic.
"""

import json

import numpy as np
from scipy.stats import PermutationMethod, wilcoxon

CONFIDENCE = 0.95


def p_value(differences):
    nonzero = differences[differences != 0]
    tied = len(np.unique(np.abs(nonzero))) < len(nonzero)
    method = PermutationMethod(n_resamples=np.inf) if tied else "exact"
    return float(wilcoxon(nonzero, method=method).pvalue)


def estimate(differences):
    n = len(differences)
    pairs = [(differences[i] + differences[j]) / 2 for i in range(n) for j in range(i, n)]
    return float(np.median(pairs))


def interval(differences):
    """The shifts that the exact test does not reject, by bisection."""

    def rejected(shift):
        return wilcoxon(differences - shift, method="exact").pvalue <= 1 - CONFIDENCE

    def boundary(inside, outside):
        for _ in range(60):
            middle = (inside + outside) / 2
            if rejected(middle):
                outside = middle
            else:
                inside = middle
        return float(inside)

    centre = estimate(differences)
    # The estimate itself ties two differences; beside it there is no tie.
    centre += 1e-9
    reach = 10 * np.ptp(differences)
    return [boundary(centre, centre - reach), boundary(centre, centre + reach)]


def case(name, differences):
    differences = np.array(differences, dtype=float)
    result = {
        "name": name,
        "differences": differences.tolist(),
        "p_value": p_value(differences),
        "estimate": estimate(differences),
    }
    if len(np.unique(differences)) == len(differences) >= 6:
        result["interval"] = interval(differences)
    return result


def cases():
    random = np.random.default_rng(20260301)
    for n in (3, 6, 7, 10, 15, 20, 30, 50):
        for shift in (0.0, 0.4):
            values = np.round(random.normal(shift, 1.0, n), 6)
            yield case(f"normal {shift:+.1f}, n {n}", values)
    for n in (6, 10, 20):
        yield case(f"Cauchy, n {n}", np.round(random.standard_cauchy(n), 6))
    for n in (6, 8, 10, 12):
        yield case(f"ties, n {n}", random.integers(1, 5, n) * random.choice([-1, 1], n))
        yield case(f"ties and zeros, n {n}", random.integers(-2, 4, n))


if __name__ == "__main__":
    print(json.dumps({"cases": list(cases())}, indent=1))
