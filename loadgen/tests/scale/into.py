"""Puts what measure.sh printed into a page, each part between its two marks, and after them what
follows by arithmetic. Parts that were not measured stay, with the machine and the day that they say.

Usage: into.py MEASURED PAGE
"""

import contextlib
import io
import pathlib
import re
import sys

import machines


def main():
    measured, path = map(pathlib.Path, sys.argv[1:])
    page = path.read_text()
    _, *parts = re.split(r"^## (\w+)\n", measured.read_text(), flags=re.M)
    for name, tables in zip(parts[::2], parts[1::2]):
        page = put(page, name, tables)
    arithmetic = io.StringIO()
    with contextlib.redirect_stdout(arithmetic):
        machines.show(page)
    path.write_text(put(page, "machines", arithmetic.getvalue()))


def put(page, name, tables):
    marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
    if not marks.search(page):
        sys.exit(f"the page has no <!-- {name} -->")
    return marks.sub(lambda found: f"{found[1]}\n{tables.strip()}\n\n{found[2]}", page)


if __name__ == "__main__":
    main()
