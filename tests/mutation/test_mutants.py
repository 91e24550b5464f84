# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each small change of what decides who gets in must make a test fail. A mutant that no test
finds is a hole in the tests, or changes nothing: then it stands in equivalent.txt, with the
argument. The short mode tries some mutants of a login's result and of the store's transaction,
TOTPGROUP_LONG=1 all of them, and TOTPGROUP_MUTATE=PATTERN,... those of some files or lines. Prints
the score of each file."""

import collections
import concurrent.futures
import fnmatch
import os
import random
import shutil
import tempfile

from case import BUILD, LONG, SOURCE, Fixture, check
from bench import Bench
from files import DIFFERENTIAL, FILES, QUICK
from mutants import Mutant, apply, mutants

SHORT = 12
MODULE = "pam_totpgroup.la"


class Mutation(Fixture):
    """Needs a build in which the test programs are linked."""

    def missing(self):
        if os.geteuid() != 0:
            return "some of the tests need root"
        if not (BUILD / "tests/differential/decide_worker").exists():
            return "the test programs are missing: make check TESTS= builds them"
        return None if shutil.which("ar") else "ar is missing"


test = Mutation()


def targets(name):
    """What a test runs."""
    if name == DIFFERENTIAL:
        return ["tests/differential/decide_worker"]
    if name.startswith("tests/cli/"):
        return ["totp-enroll"]
    return [name, MODULE] if name.startswith("tests/stack/") else [name]


def fails_with_sanitizers(bench, text, tests):
    """The tests of units, of these, that an access beyond what is there ends."""
    assert bench.compile(text, targets(tests[0])[-1], sanitized=True)
    for name in tests:
        if name.startswith("tests/unit/"):
            bench.link(name, sanitized=True)
            if not bench.passes(name):
                yield name


def find_with_sanitizers(bench, text, mutant, tests):
    """A test that passes with sanitizers where nothing is changed and fails now, or None."""
    if bench.unsanitized is None:
        bench.unsanitized = set(fails_with_sanitizers(bench, text, tests))
    usable = [name for name in tests if name not in bench.unsanitized]
    return next(fails_with_sanitizers(bench, apply(text, mutant), usable), None) if usable else None


def find(bench, text, mutant, tests):
    """What finds the mutant, or None."""
    if not bench.compile(apply(text, mutant), targets(tests[0])[-1]):
        return "the compiler"
    linked = set()
    for name in tests:
        for target in targets(name):
            if target not in linked:
                bench.link(target)
                linked.add(target)
        if not bench.passes(name):
            return name
    if mutant.before == mutant.after:
        return None
    return find_with_sanitizers(bench, text, mutant, tests)


def try_some(file, chosen):
    """Pairs of a mutant and what found it. Runs in a process of its own."""
    text = (SOURCE / file).read_text(encoding="utf-8")
    folder = tempfile.mkdtemp(prefix="totpgroup-mutant.", dir="/dev/shm")
    try:
        os.chmod(folder, 0o755)
        bench = Bench(folder, file)
        return [(mutant, find(bench, text, mutant, FILES[file])) for mutant in chosen]
    finally:
        shutil.rmtree(folder)


def try_unchanged(file):
    """Where nothing is changed, nothing is found: otherwise a test fails by itself."""
    same = Mutant(file, 1, *2 * (SOURCE / file).read_text(encoding="utf-8").splitlines()[:1])
    finder = try_some(file, [same])[0][1]
    check(finder is None, f"{finder} fails without a change of {file}")


def read_equivalent():
    """Names of mutants that change nothing; each stands before its argument, which is indented."""
    lines = (SOURCE / "tests/mutation/equivalent.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", " "))]


def all_mutants():
    return [mutant for file in FILES
            for mutant in mutants(file, (SOURCE / file).read_text(encoding="utf-8"))]


def is_wanted(mutant):
    """TOTPGROUP_MUTATE has patterns of files, or of files with the number of a line."""
    names = mutant.file, f"{mutant.file}:{mutant.number}"
    return any(fnmatch.fnmatch(name, pattern) for name in names
               for pattern in os.environ.get("TOTPGROUP_MUTATE", "*").split(","))


def choose(every):
    if LONG or os.environ.get("TOTPGROUP_MUTATE"):
        return [mutant for mutant in every if is_wanted(mutant)]
    # The same mutants are tried each time, so that a change of the tests is what makes this fail.
    return random.Random(1).sample([mutant for mutant in every if mutant.file in QUICK], SHORT)


def parts(chosen):
    """A file's mutants in parts, so that all processors have work."""
    by_file = collections.defaultdict(list)
    for mutant in chosen:
        by_file[mutant.file].append(mutant)
    for file, some in by_file.items():
        for first in range(0, len(some), 12):
            yield file, some[first:first + 12]


@test
def each_mutant_is_found_or_changes_nothing(_):
    """Prints a survivor as soon as it is known."""
    every = all_mutants()
    equivalent = read_equivalent()
    wanted = choose(every)
    chosen = [mutant for mutant in wanted if mutant.name() not in equivalent]
    total, found, survivors = collections.Counter(), collections.Counter(), []
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for done in [pool.submit(try_unchanged, file) for file in {one.file for one in chosen}]:
            done.result()
        jobs = [pool.submit(try_some, *part) for part in parts(chosen)]
        for job in concurrent.futures.as_completed(jobs):
            total.update(mutant.file for mutant, _ in job.result())
            for mutant, finder in job.result():
                found[mutant.file] += finder is not None
                if finder is None:
                    survivors.append(mutant)
                    print(f"# line {mutant.number} survives: {mutant.name()}", flush=True)
            if LONG:
                print(f"# tried so far: {dict(total)}", flush=True)
    for file in total:
        print(f"# {file}: {found[file]} of {total[file]} found")
    print(f"# {sum(found.values())} of {len(chosen)} mutants found, {len(wanted) - len(chosen)} "
          f"more are equivalent; {len(every)} in all, {len(equivalent)} listed as equivalent")
    check(not survivors, f"{len(survivors)} mutants survive")


@test
def each_equivalent_mutant_is_one(_):
    """What is listed exists, and has an argument."""
    names = {mutant.name() for mutant in all_mutants()}
    for name in read_equivalent():
        check(name in names, f"no such mutant: {name}")
