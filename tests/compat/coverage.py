#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Prints what gcov counted: a table of lines and branches for the given objects. For
the sources in the first argument, separated by commas, it also prints the lines with
a branch that was never taken."""

import json
import os
import subprocess
import sys


def counted(path):
    """Returns what gcov counted in the source file of an object."""
    folder, name = os.path.split(path)
    data = os.path.join(folder, ".libs", name + ".gcda")
    if not os.path.exists(data):
        sys.exit(f"{data} is missing: the logins ended without writing it")
    output = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", data],
                            check=True, stdout=subprocess.PIPE).stdout
    source = name.split("-", 1)[1] + ".c"
    for file in json.loads(output)["files"]:
        if os.path.basename(file["file"]) == source:
            return source, file
    sys.exit(f"gcov says nothing about {source}")


def share(part, whole):
    return f"{part:4} of {whole:4} {100 * part / whole if whole else 100:6.1f} %"


def row(name, lines, branches):
    print(f"# {name:14} {share(*lines)}   {share(*branches)}")


def untaken(source, file):
    """Yields the lines with a branch that was never taken."""
    with open(file["file"], encoding="utf-8") as stream:
        text = stream.read().splitlines()
    for line in file["lines"]:
        never = sum(branch["count"] == 0 for branch in line["branches"])
        if never:
            number = line["line_number"]
            yield (f"# {source}:{number}: {never} of {len(line['branches'])}: "
                   f"{text[number - 1].strip()}")


def main():
    listed = sys.argv[1].split(",")
    every_line, every_branch = [0, 0], [0, 0]
    never = []
    print(f"# {'file':14} {'lines':>21}   {'branches taken':>21}")
    for path in sys.argv[2:]:
        source, file = counted(path)
        reached = [line["count"] > 0 for line in file["lines"]]
        taken = [branch["count"] > 0 for line in file["lines"] for branch in line["branches"]]
        row(source, (sum(reached), len(reached)), (sum(taken), len(taken)))
        for total, some in ((every_line, reached), (every_branch, taken)):
            total[0] += sum(some)
            total[1] += len(some)
        if source in listed:
            never += untaken(source, file)
    row("in all", every_line, every_branch)
    print(f"# lines of {', '.join(listed)} with branches never taken: {len(never)}")
    print("\n".join(never))


if __name__ == "__main__":
    main()
