# SPDX-License-Identifier: LGPL-2.1-or-later
"""All states of settle.pml, a model of settle() and of fail-over, by spin. Without one of its rules
a property has to fail, so the search would find what is wrong."""

import concurrent.futures
import contextlib
import re
import shutil
import subprocess
import tempfile

import case
from case import check, equal
from fleet_host import HERE, Table

# How many logins the second host makes; the first makes two.
OTHERS = 2 if case.LONG else 1
# The rule that is taken away, and what it is in a sentence. Each is described in the model.
CONTROLS = {
    "ASYNC": "a commit waits for no standby",
    "BEHIND": "the standby that has less is promoted",
    "NO_REQUIRE": "a new primary without standbys settles",
    "BLIND": "settle compares nothing",
    "NUMBER": "settle compares the number of the version alone",
    "AT_ONCE": "a repeated attempt is done without a commit",
    "WARNING": "a wait that was cut short is a success",
    "REACH": "(no code is accepted after a fail-over)",
}


class _Fixture(case.Fixture):
    """A folder that is in use."""

    def missing(self):
        for program, package in (("spin", "spin"), ("gcc", "gcc")):
            if shutil.which(program) is None:
                return f"no {program} (package {package})"
        return None

    @contextlib.contextmanager
    def argument(self):
        with tempfile.TemporaryDirectory() as folder:
            yield folder


test = _Fixture()


def search(folder, *definitions):
    """Looks at all states. Returns how many there were, and the property that failed, or None."""
    folder = tempfile.mkdtemp(dir=folder)
    shutil.copy(HERE / "settle.pml", folder)
    words = [f"-D{word}" for word in definitions]
    for command in (["spin", "-a", *words, "settle.pml"],
                    ["gcc", *compiled(definitions), "-DSAFETY", "-w", "-o", "pan", "pan.c"],
                    # A state without a next one is no fault: not everybody gets an answer.
                    ["./pan", "-E", "-m10000"]):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"{command}: {done.stdout}{done.stderr}")
    check("max search depth too small" not in done.stdout, done.stdout)
    failed = re.search(r"assertion violated \((.*?)\) \(at", done.stdout)
    errors, = re.findall(r"errors: (\d+)", done.stdout)
    equal(errors == "0", failed is None, done.stdout)
    states, = re.findall(r"(\d+) states, stored", done.stdout)
    if failed is None:
        unreached = re.findall(r'"(.*)"', done.stdout.split("unreached in proctype")[-1])
        equal(unreached, ["-end-"], "what the search did not reach")
    shutil.rmtree(folder)
    return int(states), failed and failed[1]


def compiled(definitions):
    """How gcc compiles a search: a short one is over before the compiler would have made it faster, and
    a long one needs its states packed."""
    if case.LONG:
        return "-O2", "-DCOLLAPSE"
    return ("-O0",) if set(definitions) & set(CONTROLS) else ("-O1",)


@test
def no_code_is_accepted_twice_and_no_limit_exceeded(folder):
    table = Table("model", "states", "property that fails")
    others = f"OTHERS={OTHERS}"
    with concurrent.futures.ThreadPoolExecutor(1 if case.LONG else 2) as pool:
        whole = pool.submit(search, folder, others)
        parts = {name: pool.submit(search, folder, others, name) for name in CONTROLS}
    states, failed = whole.result()
    table.row("as it is", f"{states:,}", failed or "none")
    equal(failed, None, "a property")
    for name, rule in CONTROLS.items():
        states, failed = parts[name].result()
        table.row(rule, f"{states:,}", failed or "none")
        check(failed, f"{rule}: nothing failed")
