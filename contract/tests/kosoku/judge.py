"""Holds kosoku's report against what is expected of an endpoint of ours.

Usage: judge.py WHOSE INDEX.json; prints one line, and before it each case that is not as expected.
"""

import json
import sys
from collections import Counter
from fnmatch import fnmatchcase

# All cases that there are: none may be left out.
CASES = 517

# Where all is wrong, that many cases tell it.
SHOWN_MAX = 20

# What is expected of a case's messages and of its close, unless it is OK.
NOT_OK = {
    # Compression (permessage-deflate) is not spoken. It is offered, not agreed on, and the case
    # ends there, with a close in order: 90 and 126 cases.
    "12.*": ("UNIMPLEMENTED", "OK"),
    "13.*": ("UNIMPLEMENTED", "OK"),
    # A byte that ends all hope of UTF-8, in the middle of a frame whose rest comes seconds later:
    # a frame is looked at when it is whole, where the strictest would close at that byte. Between
    # frames of one message (6.4.1, 6.4.2) it is seen at once.
    "6.4.[34]": ("NON-STRICT", "OK"),
    # What follows a close after a large message, and close codes that nobody has given a meaning:
    # the RFC leaves it open, and nothing could be wrong.
    "7.1.6": ("INFORMATIONAL", "INFORMATIONAL"),
    "7.13.[12]": ("INFORMATIONAL", "INFORMATIONAL"),
}


def main():
    whose, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        # One agent, by whatever name.
        (cases,) = json.load(file).values()
    wrong = [name for name, case in cases.items() if verdict(case) != expected(name)]
    for name in wrong[:SHOWN_MAX]:
        print(f"kosoku, {whose}: case {name} is {' / '.join(verdict(cases[name]))}", file=sys.stderr)
    print(f"kosoku, {whose}: {summary(cases)}", flush=True)
    if wrong or len(cases) != CASES:
        sys.exit(f"kosoku, {whose}: {len(cases)} of {CASES} cases, {len(wrong)} not as expected")


def verdict(case):
    return case["behavior"], case["behaviorClose"]


def expected(name):
    fitting = (verdict for pattern, verdict in NOT_OK.items() if fnmatchcase(name, pattern))
    return next(fitting, ("OK", "OK"))


def summary(cases):
    counts = Counter(case["behavior"] for case in cases.values())
    return f"{len(cases)} cases, " + ", ".join(f"{n} {word}" for word, n in counts.most_common())


main()
