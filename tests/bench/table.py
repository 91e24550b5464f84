# SPDX-License-Identifier: LGPL-2.1-or-later
"""The program behind scripts/bench: runs measuring programs and prints the table."""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

from rows import ROWS

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE = 280

HELP = """\
Builds a copy of the tree in a temporary folder, and measures what things cost on this machine.
Each row is a work of this project beside a peer or a floor, which take turns. Compare the ratios,
not the times: the median of all rounds, and between which values the middle half of them is.
"""
EPILOG = """\
environment:
  top_builddir    a build to measure, instead of a new one
  BENCH_SECONDS   how long a row is measured, where its rounds are short (default: 1)

exit status: 0 all rows were measured or skipped; 1 one failed; 2 a wrong call or no build
"""


class Result:
    """The rounds of a row, or why there are none."""

    def __init__(self, row):
        self.row, self.rounds, self.skipped, self.failed = row, [], None, None

    def ours(self):
        """The median of our work."""
        return statistics.median(ours for ours, _ in self.rounds)

    def peer(self):
        """The median of the peer's."""
        return statistics.median(peer for _, peer in self.rounds)

    def ratios(self):
        """The lower quartile, the median and the upper quartile of the rounds' ratios."""
        ratios = [ours / peer for ours, peer in self.rounds]
        if len(ratios) == 1:
            return ratios * 3
        return statistics.quantiles(ratios, n=4, method="inclusive")

    def met(self):
        """Whether the aim is reached; None where there is none."""
        kind, limit = self.row.aim.kind, self.row.aim.limit
        low, middle, _ = self.ratios()
        if kind == "seconds":
            return self.ours() <= limit
        if kind == "more":
            return statistics.median(o - p for o, p in self.rounds) <= limit
        if kind == "noise":
            return low <= 1
        return None if kind == "stated" else middle <= limit

    def as_json(self):
        """All that is known, for --json."""
        row = self.row
        known = {"row": row.name, "work": row.work, "beside": row.beside, "unit": row.unit,
                 "aim": {"kind": row.aim.kind, "limit": row.aim.limit}}
        if self.rounds:
            low, middle, high = self.ratios()
            known |= {"ours": self.ours(), "peer": self.peer(), "ratio": middle,
                      "quartiles": [low, high], "rounds": len(self.rounds), "met": self.met()}
        else:
            known |= {"skipped": self.skipped, "failed": self.failed}
        return known


def main():
    """Returns the exit status."""
    arguments = parse_arguments()
    chosen = [row for row in ROWS if row.name in arguments.rows or not arguments.rows]
    if arguments.list:
        for row in chosen:
            print(f"{row.name}\t{row.work}, beside {row.beside}")
        return 0
    results, notes = {row.name: Result(row) for row in chosen}, []
    for program in dict.fromkeys(row.program for row in chosen):
        run(program, [row.name for row in chosen if row.program == program], results, notes)
    for result in results.values():
        if not result.rounds and not result.skipped:
            result.failed = result.failed or "no round was printed"
    if arguments.json:
        print(json.dumps({"rows": [result.as_json() for result in results.values()],
                          "notes": notes}, indent=2))
    else:
        print_table(results.values(), notes)
    return int(any(result.failed for result in results.values()))


def parse_arguments():
    """What the caller wants."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=HELP, epilog=EPILOG, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", metavar="ROW", nargs="*", help="measure only these rows")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    names = [row.name for row in ROWS]
    for name in arguments.rows:
        if name not in names:
            parser.error(f"no row is called {name}: see --list")
    return arguments


def run(program, names, results, notes):
    """Runs a measuring program and keeps the lines that it prints."""
    build = pathlib.Path(os.environ.get("top_builddir", HERE.parent.parent))
    path = HERE / program if "." in program else build / "tests" / "bench" / program
    command = [sys.executable, "-B", path] if program.endswith(".py") else [path]
    print(f"measuring {' '.join(names)}", end="", file=sys.stderr, flush=True)
    begun = time.monotonic()
    try:
        done = subprocess.run([*command, *names], stdout=subprocess.PIPE, text=True, check=False,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)
        output, failed = done.stdout, done.returncode and f"exit status {done.returncode}"
    except subprocess.TimeoutExpired as error:
        output, failed = (error.stdout or b"").decode(), f"no end after {PATIENCE} s"
    except OSError as error:
        output, failed = "", str(error)
    print(f": {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    take(output, results, notes)
    for name in names:
        # What was measured before the time was up is good.
        if failed and not (output and "no end" in failed and results[name].rounds):
            results[name].failed = f"{program}: {failed}"


def take(output, results, notes):
    """Takes the lines of a measuring program."""
    lines = output.splitlines(keepends=True)
    for line in (line.rstrip("\n") for line in lines if line.endswith("\n")):
        first, _, rest = line.partition(" ")
        if first == "note":
            notes.append(rest)
        elif rest.startswith("skip "):
            results[first].skipped = rest.removeprefix("skip ")
        else:
            ours, peer = rest.split()
            results[first].rounds.append((float(ours), float(peer)))


def amount(number, unit):
    """The number with three digits and its unit."""
    if unit != "s":
        return f"{number:,.0f} {unit}"
    for factor, word in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
        if number * factor >= 1:
            break
    return f"{number * factor:.{0 if number * factor >= 100 else 2}f} {word}"


def aim_words(aim):
    """The aim in words of the table."""
    return {"ratio": f"≤ {aim.limit:g}", "seconds": f"≤ {amount(aim.limit, 's')}",
            "more": f"≤ +{amount(aim.limit, 's')}", "noise": "within the noise",
            "stated": "stated"}[aim.kind]


def print_table(results, notes):
    """A table in Markdown, and the notes."""
    print("| row | work | beside | ours | peer | ratio | middle half | aim | met |\n"
          "| --- | --- | --- | ---: | ---: | ---: | --- | --- | --- |")
    for result in results:
        row = result.row
        cells = [row.name, row.work, row.beside]
        if result.rounds and not result.failed:
            low, middle, high = result.ratios()
            cells += [amount(result.ours(), row.unit), amount(result.peer(), row.unit),
                      f"{middle:.2f}", f"{low:.2f}–{high:.2f}", aim_words(row.aim),
                      {True: "yes", False: "no", None: ""}[result.met()]]
        else:
            why = f"failed: {result.failed}" if result.failed else f"skipped: {result.skipped}"
            cells += ["", "", "", why, aim_words(row.aim), ""]
        print(f"| {' | '.join(cells)} |")
    if notes:
        print()
    for text in notes:
        print(text)


if __name__ == "__main__":
    sys.exit(main())
