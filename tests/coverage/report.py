#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints how much of common/ and pam/ the tests of a build with gcov's counters reached:

    tests/coverage/report.py BUILD

Fails below 95 % of lines or 90 % of branches, and where the lines that were not reached differ from
those of uncovered.txt. There a reason begins at the left, and the lines that it explains follow,
indented: file, function and text, so that they stay the same when others are added."""

import collections
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LIST = SOURCE / "tests/coverage/uncovered.txt"
FOLDERS = ("common/", "pam/")
LINES, BRANCHES = 95, 90  # in percent
BY_CHANCE = "By chance"  # how the reason of lines begins that may be reached or not


def gcov(build):
    """What gcov says about each object, with or without counters."""
    notes = sorted(str(path) for folder in FOLDERS for path in (build / folder).rglob("*.gcno"))
    for first in range(0, len(notes), 40):
        done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities",
                               *notes[first:first + 40]], cwd=build, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in done.stdout.splitlines():
            yield json.loads(line)


def file_name(path):
    """The name in the tree, or None for a file elsewhere."""
    for root in path.parents:
        if (root / "configure.ac").exists():
            name = str(path.relative_to(root))
            return name if name.startswith(FOLDERS) else None
    return None


class Line:
    """One line, in all objects that have it."""

    def __init__(self):
        self.function, self.count, self.branches = None, 0, []

    def add(self, function, count, branches):
        self.function = self.function or function
        self.count += count
        if len(branches) > len(self.branches):
            self.branches += [0] * (len(branches) - len(self.branches))
        for i, taken in enumerate(branches):
            self.branches[i] += taken


def read(build):
    """Lines by file and number, and the text of each file, as they were when it was built."""
    found, texts = collections.defaultdict(lambda: collections.defaultdict(Line)), {}
    for record in gcov(build):
        for file in record["files"]:
            path = (build / file["file"]).resolve()
            name = file_name(path)
            if name and name not in texts:
                texts[name] = path.read_text(encoding="utf-8").splitlines()
            for line in file["lines"] if name else ():
                found[name][line["line_number"]].add(
                    line.get("function_name", ""), line["count"],
                    [branch["count"] for branch in line["branches"]])
    return found, texts


def names_of(file, lines, text):
    """Pairs of a name that outlives other changes of the file, and the line."""
    seen = collections.Counter()
    for number, line in sorted(lines.items()):
        name = f"{file}: {line.function}(): {text[number - 1].strip()}"
        seen[name] += 1
        yield name + (f" ({seen[name]})" if seen[name] > 1 else ""), line


def read_list():
    """The listed lines, each with its reason."""
    listed, reason, ended = {}, "", True
    for line in LIST.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith(" "):
            listed[line.strip()], ended = reason, True
        else:
            reason, ended = (line if ended else f"{reason} {line}"), False
    return listed


def share(part, whole):
    return f"{part:5} of {whole:5} {100 * part / whole if whole else 100:6.1f} %"


def compare(found, texts):
    """Prints what differs from the list; True where nothing does."""
    listed, good = read_list(), True
    names = {name: line for file in sorted(found)
             for name, line in names_of(file, found[file], texts[file])}
    for name, line in names.items():
        if line.count == 0 and name not in listed:
            print(f"not reached, and not listed:\n    {name}")
            good = False
    for name, reason in listed.items():
        if name not in names:
            print(f"listed, but there is no such line:\n    {name}")
            good = False
        elif names[name].count > 0 and not reason.startswith(BY_CHANCE):
            print(f"listed, but reached:\n    {name}")
            good = False
    return good


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    found, texts = read(build)
    totals = [0, 0, 0, 0]
    print(f"{'file':38} {'lines':>23}   {'branches taken':>23}")
    for file, lines in sorted(found.items()):
        taken = [count > 0 for line in lines.values() for count in line.branches]
        row = [sum(line.count > 0 for line in lines.values()), len(lines), sum(taken), len(taken)]
        totals = [total + one for total, one in zip(totals, row)]
        print(f"{file:38} {share(*row[:2])}   {share(*row[2:])}")
    print(f"{'in all':38} {share(*totals[:2])}   {share(*totals[2:])}")
    good = compare(found, texts)
    for what, aim, part, whole in (("lines", LINES, *totals[:2]),
                                   ("branches", BRANCHES, *totals[2:])):
        if 100 * part < aim * whole:
            print(f"fewer than {aim} % of the {what} were reached")
            good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
