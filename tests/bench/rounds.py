# SPDX-License-Identifier: LGPL-2.1-or-later
"""What measuring programs in Python share. README.md of this folder describes their output."""

import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ISOLATED = HERE.parent / "e2e" / "isolated"
BUILD = pathlib.Path(os.environ.get("top_builddir", HERE.parent.parent)).resolve()
ROUNDS_MIN = 3


def seconds(work, *arguments):
    """How long work(*arguments) takes."""
    begun = time.monotonic()
    work(*arguments)
    return time.monotonic() - begun


def measure(row, ours, peer, rounds=None):
    """Lets ours() and peer() take turns, which return seconds or another number each.

    Prints a line for each round: so many, or as many as fit in BENCH_SECONDS, and at least 3.
    """
    measure_beside({row: peer}, ours, rounds)


def measure_beside(peers, ours, rounds=None):
    """Lets ours() and the peers take turns. `peers` has the peer of each row: a round of ours
    counts for all of these rows. Prints rounds as measure() does."""
    limit = float(os.environ.get("BENCH_SECONDS", "1")) * len(peers)
    begun, done = time.monotonic(), 0
    while done < (rounds or ROUNDS_MIN) or (
            not rounds and time.monotonic() - begun < limit):
        works = [ours, *peers.values()]
        numbers = {work: work() for work in (works if done % 2 == 0 else reversed(works))}
        for row, peer in peers.items():
            report(row, numbers[ours], numbers[peer])
        done += 1


def report(row, ours, peer):
    """Prints a round."""
    print(f"{row} {ours:.9f} {peer:.9f}", flush=True)


def note(text):
    """Prints a line that stands below the table."""
    print(f"note {text}", flush=True)


def skip(rows, reason):
    """Prints why rows cannot be measured here."""
    for row in rows:
        print(f"{row} skip {reason}", flush=True)


def wanted(rows):
    """The names of rows that the caller wants, in the order of rows."""
    if any(name not in rows for name in sys.argv[1:]):
        sys.exit(f"{sys.argv[0]}: a row that it does not measure")
    return [row for row in rows if row in sys.argv[1:] or len(sys.argv) == 1]


def program(name):
    """The path of a program of the build that runs without libtool's script."""
    path = BUILD / name
    built = path.parent / ".libs" / path.name
    return str(built if built.exists() else path)


def need_private_machine(rows):
    """Starts the program again in namespaces of its own, or skips the rows and exits."""
    if os.getpid() == 1:
        return
    if os.geteuid() != 0:
        skip(rows, "this needs root, for namespaces")
        sys.exit(0)
    os.environ["top_builddir"] = str(BUILD)
    os.execv(ISOLATED, [str(ISOLATED), sys.executable, "-B", *sys.argv])
