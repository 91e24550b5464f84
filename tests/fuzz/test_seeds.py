# SPDX-License-Identifier: LGPL-2.1-or-later
"""The targets of fuzzing take their seeds, and the seeds with random changes. Inputs that a fuzzer
has found to break something are seeds, too."""

import os
import subprocess

from case import BUILD, LONG, SOURCE, Fixture, check, equal, seed

HERE = SOURCE / "tests/fuzz"
CHANGES = 20000 if LONG else 200

test = Fixture()


def targets():
    """The names that the program has: it prints them where it gets none."""
    done = subprocess.run([BUILD / "tests/fuzz/replay"], env=dict(os.environ, FUZZ_TARGET=""),
                          capture_output=True, text=True, check=False, timeout=60)
    equal(done.returncode, 2, "exit status without a target")
    return done.stderr.strip().rpartition(":")[2].split()


@test
def every_target_has_seeds_and_a_dictionary(_):
    """Without them a fuzzer finds little. One target needs a library."""
    for target in targets():
        check(any((HERE / "seeds" / target).iterdir()), f"{target} has no seed")
        check((HERE / f"dictionaries/{target}.dict").exists(), f"{target} has no dictionary")
    left = {path.name for path in (HERE / "seeds").iterdir()} - set(targets())
    check(left <= {"pskc"}, f"seeds without a target: {left}")


@test
def every_target_takes_its_seeds_and_what_becomes_of_them(_):
    """A sanitizer, or a check of the target, ends the program."""
    number = seed()
    for target in targets():
        environment = dict(os.environ, FUZZ_TARGET=target, TOTPGROUP_TEST_SEED=str(number))
        done = subprocess.run(
            [BUILD / "tests/fuzz/replay", "-m", str(CHANGES), HERE / "seeds" / target],
            env=environment, capture_output=True, text=True, errors="replace", check=False,
            timeout=3600)
        equal(done.returncode, 0, f"{target}, seed {number}: {done.stderr[-2000:]}")
