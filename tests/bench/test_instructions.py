# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many instructions of its own the core takes for a work, beside a committed baseline.

Instructions of libraries do not count, because these choose them by the processor."""

import re
import shutil
import subprocess
import tempfile

import baseline
from case import BUILD, Fixture, check

PROGRAM = BUILD / "tests" / "bench" / "core_steps"
WORKS = ("parse", "verify", "wrong-code", "decide", "state")
TOLERANCE = 0.03


class Callgrind(Fixture):
    """Runs the program under callgrind."""

    def missing(self):
        for program, package in (("valgrind", "valgrind"), ("readelf", "binutils")):
            if shutil.which(program) is None:
                return f"{program} is missing (package {package})"
        if b"__asan" in PROGRAM.read_bytes():
            return "built with a sanitizer, which adds instructions"
        return None


test = Callgrind()


def own_instructions(path):
    """The instructions of the program itself in callgrind's file, without those of libraries."""
    names, total, is_own, is_call = {}, 0, False, False
    with open(path, encoding="utf-8") as file:
        for line in file:
            found = re.match(r"ob=\((\d+)\)(?: (.*))?", line)
            if found:
                if found[2]:
                    names[found[1]] = found[2].strip()
                is_own = names[found[1]] == str(PROGRAM)
            elif line.startswith("cob="):
                found = re.match(r"cob=\((\d+)\) (.*)", line)
                if found:
                    names[found[1]] = found[2].strip()
            elif line.startswith("calls="):
                is_call = True
            elif re.match(r"[+\-*\d]", line):
                if is_own and not is_call:
                    total += int(line.split()[1])
                is_call = False
    return total


def count(work):
    """Counts one work."""
    with tempfile.NamedTemporaryFile() as out:
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", PROGRAM, work],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, capture_output=True, text=True,
            check=False)
        check(done.returncode == 0, done.stderr)
        return own_instructions(out.name)


def judge(numbers, known):
    """Fails where a work takes more than the baseline, or so much less that it is out of date."""
    for work, number in numbers.items():
        print(f"# {work}: {number} instructions, baseline {known[work]}")
        check(abs(number - known[work]) <= TOLERANCE * known[work],
              f"{work} takes {number} instructions, and the baseline is {known[work]}")


@test
def the_core_takes_the_instructions_of_the_baseline(_):
    facts = {"compiler": baseline.compiler(PROGRAM), "flags": baseline.flags(),
             "machine": baseline.machine()}
    baseline.compare("instructions", facts, lambda: {work: count(work) for work in WORKS}, judge)
