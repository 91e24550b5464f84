# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a test in Python is made of. A file of tests has functions like this one:

    from support import equal, test

    @test
    def a_second_code_is_refused(folder):
        equal(..., ..., "what was compared")

`test` is a Fixture: it makes what the function is called with, here a home folder. tests/run
runs the functions.
"""

import collections
import contextlib
import os
import pathlib
import random
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ["top_builddir"])

# Whether random and repeated tests are to run for minutes.
LONG = bool(os.environ.get("TOTPGROUP_LONG"))

Case = collections.namedtuple("Case", "function fixture")

# Every test that was defined so far, in the order of the files.
CASES = []


class Skip(Exception):
    """Raised by a test that cannot run on this machine, with the reason."""


class Fixture:
    """What the tests of one kind need. An instance is their decorator."""

    # Whether the tests run as process 1 in namespaces of their own, which takes root.
    isolated = False

    def missing(self):
        """Why no test of this kind can run on this machine; None where they can."""
        return None

    def begin(self):
        """Called once, before the first test of a file."""

    def argument(self):
        """Called for each test: a context manager that gives the function's argument."""
        return contextlib.nullcontext()

    def __call__(self, function):
        CASES.append(Case(function, self))
        return function


def check(condition, why):
    """Fails with that reason unless the condition holds."""
    if not condition:
        raise AssertionError(why)


def equal(seen, expected, what):
    """Fails unless both are equal, and says what differs."""
    check(seen == expected, f"{what}: {seen!r}, expected {expected!r}")


def seed(default=None):
    """The seed of a random test: the one in TOTPGROUP_TEST_SEED, or that one, or a fresh one. Prints
    it."""
    value = os.environ.get("TOTPGROUP_TEST_SEED") or default
    value = int(value if value is not None else random.SystemRandom().randrange(1 << 32))
    print(f"# TOTPGROUP_TEST_SEED={value}", file=sys.stderr)
    return value


def read_program(path):
    """A program that was built, or a module: its bytes."""
    # libtool writes a script in the place of a program that is not installed yet.
    built = os.path.join(os.path.dirname(path), ".libs", os.path.basename(path))
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"#!") and os.path.exists(built):
        with open(built, "rb") as file:
            content = file.read()
    return content
