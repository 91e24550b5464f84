# SPDX-License-Identifier: LGPL-2.1-or-later
"""The decision beside a second one in Python (model.py), which shares nothing with it: random
credentials, attempts and times. Both must give the same verdict, before the prompt and behind it,
and the same text."""

import collections
import concurrent.futures
import random
import re
import subprocess

from case import BUILD, LONG, Fixture, Skip, check, seed
from model import Damaged, GENERATORS, Answer, Decision, option
from attempts import Scenario

SCENARIOS, PART = (100_000, 500) if LONG else (400, 100)
SHORT_SEED = 1
WORKER = BUILD / "tests/differential/decide_worker"
LETTERS = {"password": "p", "front_end": "f", "disallow_reuse": "d", "noskewadj": "k",
           "no_increment_hotp": "i", "resync_hotp": "r", "strict": "s"}

EXPECTED = ("accepted totp none", "accepted hotp none", "accepted emergency none",
            "refused none reused", "refused none rate-limited", "refused none wrong-code",
            "refused none bad-file", "refused none pending-expired", "refused none conversation",
            "before the prompt: accepted grace", "a skew was learned")


class Differential(Fixture):
    """Needs the worker."""

    def missing(self):
        return None if WORKER.exists() else f"{WORKER} is missing: make check TESTS= builds it"


test = Differential()


class Worker:
    """The decision that is shipped."""

    def __init__(self):
        self.process = subprocess.Popen([WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, text, attempt, flags):
        typed = "-" if attempt.typed is None else attempt.typed.hex() or "."
        flags += "".join(LETTERS[name] for name in LETTERS if getattr(attempt, name)) + "_"
        words = (attempt.now, typed, flags, attempt.grace_period, attempt.host or "-",
                 attempt.service or "-", len(text))
        self.process.stdin.write(" ".join(map(str, words)).encode() + b"\n" + text)
        self.process.stdin.flush()
        found = self.process.stdout.readline().decode().split()
        check(len(found) == 13, f"the worker ended with {self.process.poll()}")
        check(found[0] == "0" and found[5] == "0", f"an error: {found}")
        device = b"" if found[11] == "." else bytes.fromhex(found[11])
        return (Answer(*found[1:4], int(found[4])),
                Answer(*found[6:9], int(found[9]), int(found[10]), device),
                self.process.stdout.read(int(found[12])))

    def close(self):
        self.process.stdin.close()
        check(self.process.wait() == 0, f"the worker ended with {self.process.returncode}")


def ask_model(text, attempt):
    """The same of the model."""
    decision = Decision(text, attempt)
    before = Decision(text, attempt).before_prompt()
    answer = decision.decide()
    return before, answer, decision.text


def explain(number, scenario, attempt, seen, expected, text):
    return (f"scenario {number}{' with its state apart' if scenario.is_apart else ''}: {attempt}\n"
            f"gives     {seen}\nthe model {expected}\non {text!r}")


def without_equal_codes(before, after):
    """The text after an emergency code was spent, without other lines of the same code: a state that
    is kept apart knows the code and not the line."""
    lines = collections.Counter(before.split(b"\n"))
    lines.subtract(after.split(b"\n"))
    gone = {line for line, count in lines.items()
            if count > 0 and (line.isdigit() or b" SCRATCH_HASH " in line)}
    return b"\n".join(line for line in after.split(b"\n") if line not in gone)


def keeps_no_state(text, attempt):
    """A state that is kept apart is keyed with the secret. Where that is damaged, no code is right,
    and nothing is counted."""
    try:
        Decision(text, attempt).first_secret()
    except Damaged:
        return True
    return False


# Blanks behind the times of front ends are damage, which a state that is kept apart does not keep.
FRONT_END_BLANKS = re.compile(rb'^(" FRONT_END_ATTEMPTS\b[^\r\n]*?)[ \t]+(?=\r?$)', re.M)


def compare(worker, number, scenario, counts):
    text = scenario.text
    first = "n"
    for attempt in scenario.attempts():
        expected = ask_model(text, attempt)
        seen = worker.ask(text if not scenario.is_apart else scenario.text, attempt,
                          first + ("a" if scenario.is_apart else ""))
        if scenario.is_apart:
            # The joined texts have the lines of the state in another order.
            seen = (*seen[:2], expected[2])
        check(seen == expected, explain(number, scenario, attempt, seen, expected, text))
        counts["a skew was learned"] += option(text, b"TIME_SKEW") != option(
            expected[2], b"TIME_SKEW")
        if scenario.is_apart and expected[1].method == "emergency":
            expected = (*expected[:2], without_equal_codes(text, expected[2]))
        if scenario.is_apart and keeps_no_state(scenario.text, attempt):
            expected = (*expected[:2], scenario.text)
        if scenario.is_apart and expected[2] != text:
            expected = (*expected[:2], FRONT_END_BLANKS.sub(rb"\1", expected[2]))
        text, first = expected[2], ""
        counts[f"{expected[1].verdict} {expected[1].method} {expected[1].reason}"] += 1
        if expected[0].method == "grace":
            counts["before the prompt: accepted grace"] += 1
    GENERATORS.clear()


def compare_some(start, first, count):
    """Compares scenarios, and counts the answers. Runs in a process of its own."""
    worker = Worker()
    counts = collections.Counter()
    for number in range(first, first + count):
        compare(worker, number, Scenario(random.Random(start * 1_000_003 + number)), counts)
    worker.close()
    return counts


@test
def random_attempts_are_decided_as_by_an_independent_model(_):
    """Says how many of each kind there were, and fails where there were none."""
    # The long mode looks for what is wrong with any credential, the short one for what was broken.
    start = seed(None if LONG else SHORT_SEED)
    counts = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor() as pool:
        parts = [pool.submit(compare_some, start, first, PART)
                 for first in range(0, SCENARIOS, PART)]
        for part in concurrent.futures.as_completed(parts):
            counts += part.result()
    attempts = sum(counts[what] for what in counts if what.startswith(("accepted", "refused")))
    print(f"# {SCENARIOS} scenarios, {attempts} attempts, no difference")
    for what, count in sorted(counts.items()):
        print(f"#   {what}: {count}")
    for what in EXPECTED:
        check(counts[what] > 0, f"there was no attempt that is {what}")
