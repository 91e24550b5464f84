#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logs in through pam_google_authenticator.so and through pam_totpgroup.so with the
same random secret file, options, clock and answers, and expects the same result and
the same number of prompts: each module on its own copy of the file, and both in turns
on one file, beginning with either.

If the two differ on purpose, a random scenario is left out
(Scenario.expects_difference) or the difference is accepted (Bench.is_meant,
Bench.is_spent), and differences.py has a case for it.
"""

import argparse
import collections
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import differences
from scenario import Scenario

RESULTS = {0: "in", 16: "ignored"}
MODES = ("ours", "ours first", "theirs first")


def time_skew(path):
    """Returns the TIME_SKEW line of a secret file, or None."""
    try:
        with open(path, "rb") as stream:
            return next((line for line in stream if line.startswith(b'" TIME_SKEW')), None)
    except FileNotFoundError:
        return None


class Worker:
    """A process of login_worker."""

    def __init__(self, program, folder, faketime):
        environment = {"TZ": "UTC", "FAKETIME_NO_CACHE": "1", "LD_PRELOAD": faketime,
                       "FAKETIME": "2020-01-01 00:00:00", "PATH": os.environ["PATH"]}
        self.process = subprocess.Popen([program, folder], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=environment)

    def log_in(self, service, user, attempt):
        fields = (str(attempt.time), service, user, attempt.host or "-", attempt.answer)
        self.process.stdin.write(("\t".join(fields) + "\n").encode("latin-1"))
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode("latin-1").rstrip("\n")
        if not line:
            raise RuntimeError("the worker died")
        result, prompts, token = line.split(" ", 2)
        return RESULTS.get(int(result), "refused"), int(prompts), token

    def close(self):
        """Waits for the end of the process, which writes the counters of a module that
        was built to measure coverage."""
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError(f"the worker ended with {self.process.returncode}")


class Bench:
    """Runs scenarios and compares the results."""

    def __init__(self, arguments, folder):
        self.modules = {"ours": arguments.module, "theirs": arguments.peer}
        self.token_module = arguments.token_module
        self.folder = folder
        self.confdir = os.path.join(folder, "pam.d")
        os.mkdir(self.confdir)
        self.worker = Worker(arguments.worker, self.confdir, arguments.faketime)
        self.counts = collections.Counter()

    def write_service(self, name, module, secret, scenario, attempt):
        first_pass = f"set={attempt.first_pass}" if attempt.first_pass is not None else ""
        # An ignored login reaches the last line, which gives a result that no other
        # module here gives.
        lines = (f"auth optional {self.token_module} {first_pass}",
                 f"auth [success=ok ignore=2 default=die] {self.modules[module]} "
                 f"secret={secret} {' '.join(scenario.options)}",
                 f"auth optional {self.token_module} show",
                 "auth [default=done] pam_permit.so",
                 "auth [default=die] pam_debug.so auth=cred_expired")
        with open(os.path.join(self.confdir, name), "w", encoding="latin-1") as stream:
            stream.write("\n".join(lines) + "\n")

    def run(self, scenario, mode):
        """Returns the result, prompts and token of each attempt. self.learned has the
        numbers of the attempts that completed the learning of a time skew."""
        secret = os.path.join(self.folder, "secret")
        scenario.write_secret(secret)
        outcomes = []
        self.learned = set()
        skew = time_skew(secret)
        for number, attempt in enumerate(scenario.attempts):
            if mode in self.modules:
                module = mode
            else:
                module = ("ours", "theirs")[(number + (mode == "theirs first")) % 2]
            self.write_service("t", module, secret, scenario, attempt)
            outcomes.append(self.worker.log_in("t", scenario.user, attempt))
            if time_skew(secret) != skew:
                skew = time_skew(secret)
                self.learned.add(number)
        return outcomes

    def compare(self, scenario):
        """Returns None, or what differs."""
        reference = self.run(scenario, "theirs")
        learned = self.learned
        for attempt, expected in zip(scenario.attempts, reference):
            self.counts[expected[0]] += 1
            self.counts[attempt.kind, expected[0]] += 1
        self.counts["a time skew was learned"] += len(learned)
        for mode in MODES:
            for number, pair in enumerate(zip(self.run(scenario, mode), reference)):
                if pair[0] == pair[1] or self.is_meant(scenario, number, *pair):
                    continue
                if (self.is_spent(scenario, number, learned, *pair) or
                        self.is_left_for_others(scenario, number, *pair)):
                    break  # the two files differ from here on
                return (f"{mode}: attempt {number + 1} gives {pair[0]}, "
                        f"pam_google_authenticator {pair[1]}\n{scenario.describe()}")
        return None

    def is_spent(self, scenario, number, learned, outcome, expected):
        """Whether this is the code that completed the learning of a skew, or the same
        code again. The other module neither records it nor looks whether it is spent."""
        if outcome[0] != "refused" or expected[0] != "in":
            return False
        code = scenario.attempts[number].answer[-6:]
        if number in learned or any(n < number and scenario.attempts[n].answer[-6:] == code
                                    for n in learned):
            self.counts["the third code of a new skew is spent like any other"] += 1
            return True
        return False

    def is_left_for_others(self, scenario, number, outcome, expected):
        """Whether no code is asked for, but forward_pass leaves a password all the same,
        without a code that was not needed. The other module leaves none."""
        options, attempt = scenario.options, scenario.attempts[number]
        if ("forward_pass" not in options or expected[0] not in ("in", "ignored") or
                expected[1] != 0):
            return False
        earlier = "use_first_pass" in options or (
            "try_first_pass" in options and attempt.first_pass is not None)
        typed = attempt.first_pass if earlier else attempt.answer
        if outcome[1] != (0 if earlier else 1):
            return False
        if (outcome[0] == "refused" and attempt.answer == "!" and not earlier) or (
                outcome[0] == expected[0] and (
                    outcome[0] == "ignored" or (typed or "").startswith(outcome[2]))):
            self.counts["forward_pass leaves a password where no code is asked for"] += 1
            return True
        return False

    def is_meant(self, scenario, number, outcome, expected):
        """Whether the number of prompts differs on purpose. The result is the same then."""
        attempt = scenario.attempts[number]
        if outcome[0] != expected[0] or outcome[2] != expected[2] or outcome[1] != 1:
            return False
        if attempt.answer == "!" and expected[1] == 2:
            self.counts["a failed conversation is not tried twice"] += 1
            return True
        if ("try_first_pass" in scenario.options and expected[1] == 0 and
                re.search("[0-9]{6}$", attempt.first_pass or "") and scenario.is_unusable()):
            self.counts["a code in the password is handled the same without a secret"] += 1
            return True
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--worker", required=True)
    parser.add_argument("--token-module", required=True)
    parser.add_argument("--faketime", required=True)
    parser.add_argument("--scenarios", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument("--keep-going", type=int, default=1, metavar="N",
                        help="stop after N differences")
    parser.add_argument("--random-only", action="store_true",
                        help="leave out the cases in which the two differ on purpose")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)

    folder = tempfile.mkdtemp(prefix="side-by-side.")
    os.chmod(folder, 0o755)
    different = excluded = compared = 0
    try:
        bench = Bench(arguments, folder)
        for name, wrong in () if arguments.random_only else differences.run(bench):
            different += wrong is not None
            print(f"not ok {name}: {wrong}" if wrong else f"ok {name}", flush=True)
        number = 0
        while compared < arguments.scenarios and different < arguments.keep_going:
            number += 1
            scenario = Scenario(random.Random(arguments.seed * 1000003 + number), number, folder)
            if scenario.expects_difference():
                excluded += 1
                continue
            compared += 1
            difference = bench.compare(scenario)
            if difference:
                different += 1
                print(f"not ok scenario {number} of seed {arguments.seed}: {difference}", flush=True)
            elif compared % 1000 == 0:
                print(f"# {compared} scenarios", flush=True)
        bench.worker.close()
    finally:
        shutil.rmtree(folder)
    print(f"# {compared} scenarios compared four ways, {excluded} left out")
    for what, count in sorted(bench.counts.items(), key=str):
        print(f"#   {' '.join(what) if isinstance(what, tuple) else what}: {count}")
    if different == 0:
        print(f"ok side by side with pam_google_authenticator: {compared} scenarios")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
