# SPDX-License-Identifier: LGPL-2.1-or-later
"""What totp-enroll doctor says of a stack is what libpam does with it. The module's line is put,
with every control and set of options, at every place of the stacks of distributions, and of
random ones. Copies of one module answer for the other modules, each answer of each one in turn.
The module itself takes part in every third stack, with right codes and wrong ones, users who are
not asked or have no secret, and a file that it refuses; elsewhere a copy answers for it, too.

No mend lets in anybody who was kept out before and has not a right password with a right code, or
is not asked for one. Where doctor finds no problem, right passwords and codes let in, wrong ones
do not, and a user who is not asked gets in by the password alone."""

import collections
import contextlib
import itertools
import json
import math
import os
import pathlib
import random
import sys
import tempfile
import traceback

from case import LONG, check, seed
from doctor_host import MY_GROUP
from pam_logins import (
    AUTH_ERR, IGNORE, INFO_UNAVAIL, MODULE, SUCCESS, SYSTEM_ERR, USER_UNKNOWN, Stack)
from pam_stacks import CONTROLS, DISTRIBUTIONS, FACTORS, GATES, OTHERS, PASSWORDS
from support import test

STACKS = 20000 if LONG else 60
SHORT_SEED = 1
COMBINATIONS = 300
# A login with the module itself takes longer.
REAL_COMBINATIONS = 48

PASSWORD_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, INFO_UNAVAIL)
ALL_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, IGNORE, SYSTEM_ERR)
CODE_ANSWERS = (SUCCESS, AUTH_ERR, USER_UNKNOWN, SYSTEM_ERR)
OPTIONS = ("", f"group={MY_GROUP}", "nullok", "enroll", f"group={MY_GROUP} enroll",
           "forward_pass", "noskewadj")


def modules_in(files, names):
    text = "\n".join(itertools.chain(*files.values()))
    return [name for name in names if name in text]


def random_combinations(random_numbers, files, exempt, most):
    """Tables of answers: all, or a sample of them."""
    choices = {name: PASSWORD_ANSWERS for name in modules_in(files, PASSWORDS)}
    choices.update({name: (SUCCESS, AUTH_ERR, IGNORE)
                    for name in modules_in(files, GATES + FACTORS)})
    choices[MODULE] = CODE_ANSWERS + ((IGNORE,) if exempt else ())
    count = math.prod(len(answers) for answers in choices.values())
    numbers = range(count) if count <= most else random_numbers.sample(range(count), most)
    return [choose(choices, number) for number in numbers]


def choose(choices, number):
    """The table of answers with that number."""
    table = {}
    for name, answers in choices.items():
        number, at = divmod(number, len(answers))
        table[name] = answers[at]
    return table


def right_password(combination, asked=PASSWORDS):
    return any(combination.get(name) == SUCCESS for name in PASSWORDS if name in asked)


def other_factor(combination):
    return any(combination.get(name) == SUCCESS for name in FACTORS)


class Verdict:
    """What doctor says, and what libpam does."""

    def __init__(self, stack, combinations):
        self.stack = stack
        self.files = stack.read()
        self.findings = stack.findings()
        self.combinations = combinations
        self.logins = stack.answers(combinations)
        self.problems = {finding["check"] for finding in self.findings
                         if finding["level"] == "problem"}
        self.warnings = {finding["check"] for finding in self.findings
                         if finding["level"] == "warning"}

    def say(self, what, combination=None):
        files = "\n".join(f"{name}:\n  " + "\n  ".join(lines)
                          for name, lines in self.files.items())
        findings = "\n".join(f"{finding}" for finding in self.findings)
        return f"{what}: {combination}\n{files}\n{findings}"

    def lets_in(self, code):
        """Whether it answers that in a login that succeeds with a right password."""
        return self.can_let_in(code, self.combinations, self.logins, False)

    def can_let_in(self, code, combinations, logins, unasked):
        """Whether one of these logins succeeds with that code and a right password, which with
        unasked need not be asked for. A user who needs no code does not see the module itself."""
        unseen = self.stack.real and code == IGNORE
        return any(let_in and (unseen or MODULE in asked) and combination[MODULE] == code and
                   right_password(combination, PASSWORDS if unasked else asked)
                   for combination, (let_in, asked) in zip(combinations, logins))

    def has_other_twice(self):
        """Whether a module that does something by the way stands in several lines, each of which may
        get another answer. Here a module answers all of them alike."""
        lines = list(itertools.chain(*self.files.values()))
        return any(sum(name in line for line in lines) > 1 for name in OTHERS
                   if name != "pam_permit.so")

    def could_let_in(self, code):
        """The same with every answer that modules can give, other than to fail where they only
        do something by the way."""
        if self.lets_in(code) or self.has_other_twice():
            return True
        choices = {name: (SUCCESS, AUTH_ERR) for name in modules_in(self.files, PASSWORDS)}
        choices.update({name: ALL_ANSWERS for name in modules_in(self.files, GATES + FACTORS)})
        choices.update({name: (SUCCESS, IGNORE) for name in modules_in(self.files, OTHERS)
                        if name != "pam_permit.so"})
        choices[MODULE] = (code,)
        count = math.prod(len(answers) for answers in choices.values())
        for start in range(0, count, COMBINATIONS):
            some = [choose(choices, number)
                    for number in range(start, min(start + COMBINATIONS, count))]
            if self.can_let_in(code, some, self.stack.answers(some), True):
                return True
        return False

    def must_hold(self, exempt, enroll):
        has_password = bool(modules_in(self.files, PASSWORDS))
        if "good-code" in self.problems:
            check(not self.lets_in(SUCCESS), self.say("a right code lets in after all"))
        if self.problems or not has_password:
            return
        check(self.could_let_in(SUCCESS), self.say("no right password and code let in"))
        check(not exempt or self.could_let_in(IGNORE), self.say("no exempt user gets in"))
        for combination, (let_in, asked) in zip(self.combinations, self.logins):
            self.must_keep_out(combination, let_in)
            check(not (enroll and MODULE in asked) or right_password(combination) or
                  other_factor(combination) or "password" in self.warnings,
                  self.say("a stranger is offered a secret", combination))

    def must_keep_out(self, combination, let_in):
        if not let_in:
            return
        check(right_password(combination) or other_factor(combination) or
              "password" in self.warnings, self.say("a wrong password lets in", combination))
        check(combination[MODULE] in (SUCCESS, IGNORE) or "skipped" in self.warnings,
              self.say("a wrong code lets in", combination))


def mend_step_by_step(stack, combinations, exempt, enroll):
    """Returns how many mends there were, and whether a problem is left."""
    verdict = Verdict(stack, combinations)
    verdict.must_hold(exempt, enroll)
    for step in range(10):
        mends = [finding for finding in verdict.findings if "mend" in finding
                 and finding["mend"]["action"] != "run"]
        if not mends:
            return step, bool(verdict.problems)
        base = [one or other for one, other in zip(
            stack.without_module(combinations, False), stack.without_module(combinations, True))]
        stack.mend(mends[0]["mend"])
        after = Verdict(stack, combinations)
        for combination, (was, _), (let_in, _), rightly in zip(
                combinations, verdict.logins, after.logins, base):
            rightly = rightly and right_password(combination) and \
                combination[MODULE] in (SUCCESS, IGNORE)
            check(was or rightly or not let_in,
                  verdict.say(f"{mends[0]} lets in", combination))
            check(let_in or not was or not rightly,
                  verdict.say(f"{mends[0]} keeps out", combination))
        check(len(after.problems - verdict.problems) == 0,
              verdict.say(f"{mends[0]} has a new problem: {after.findings}"))
        after.must_hold(exempt, enroll)
        verdict = after
    check(False, verdict.say("the mends do not end"))
    return None


def random_stack(numbers):
    modules = PASSWORDS * 3 + GATES + FACTORS + ("pam_deny.so", "pam_permit.so") * 3 + OTHERS
    line = lambda: f"auth {numbers.choice(CONTROLS)} {numbers.choice(modules)}"
    files = {"login": [line() for _ in range(numbers.randrange(1, 6))]}
    if numbers.random() < 0.3:
        files["inner"] = [line() for _ in range(numbers.randrange(1, 4))]
        files["login"].insert(numbers.randrange(len(files["login"]) + 1),
                              f"auth {numbers.choice(('include', 'substack'))} @/inner")
    return files


LIKELY_MISTAKES = (
    ("optional pam_unix.so", "required MODULE group=GROUP", "required pam_permit.so"),
    ("[success=ok default=ignore] pam_unix.so", "requisite MODULE group=GROUP",
     "required pam_permit.so"),
    ("[success=2 default=ignore] pam_unix.so nullok",
     "[success=1 default=ignore] pam_sss.so use_first_pass", "sufficient MODULE",
     "requisite pam_deny.so", "required pam_permit.so"),
    ("[success=done default=die] MODULE", "[success=2 default=ignore] pam_unix.so nullok",
     "[success=1 default=ignore] pam_sss.so use_first_pass", "requisite pam_deny.so",
     "required pam_permit.so"),
    ("[success=1 default=ignore] pam_unix.so nullok", "required MODULE group=GROUP",
     "requisite pam_deny.so", "required pam_permit.so"),
    ("substack @/common-auth", "required MODULE enroll"))


def put_line(numbers, files, control, options):
    """Puts the module's line anywhere."""
    name = numbers.choice(sorted(files))
    lines = files[name]
    lines.insert(numbers.randrange(len(lines) + 1),
                 f"auth {control} {MODULE} {options}".rstrip())


def try_stack(stack, numbers, files, control, options):
    stack.options = f"{options} {stack.secrets.option()}" if stack.real else options
    put_line(numbers, files, control, stack.options)
    if numbers.random() < 0.05:
        put_line(numbers, files, numbers.choice(CONTROLS), stack.options)
    stack.write(files)
    exempt = "group=" in options or "nullok" in options
    combinations = random_combinations(
        numbers, files, exempt, REAL_COMBINATIONS if stack.real else COMBINATIONS)
    return mend_step_by_step(stack, combinations, exempt, "enroll" in options)


def try_stacks(folder, chosen_seed, rounds):
    """Returns how many were mended, have a problem that nothing mends, and had the module
    itself."""
    with contextlib.closing(Stack(folder)) as stack:
        return try_stacks_in(stack, chosen_seed, rounds)


def try_stacks_in(stack, chosen_seed, rounds):
    tables = list(DISTRIBUTIONS.values())
    counts = collections.Counter()
    for number in rounds:
        numbers = random.Random(f"{chosen_seed}/{number}")
        stack.real = number // 3 % 3 == 0
        if number % 3 == 2:
            files = random_stack(numbers)
        else:
            files = {name: text.splitlines() for name, text in numbers.choice(tables).items()}
        steps, left = try_stack(stack, numbers, files, numbers.choice(CONTROLS),
                                numbers.choice(OPTIONS))
        counts["stacks"] += 1
        counts["mended"] += steps > 0
        counts["problems"] += left
        counts["real"] += stack.real
    return counts


def begin_worker(chosen_seed, rounds):
    """Tries these stacks in another process. Returns its id, and the file with its counts."""
    results = tempfile.TemporaryFile("w+")
    child = os.fork()
    if child != 0:
        return child, results
    status = 1
    try:
        with tempfile.TemporaryDirectory(prefix="totp-enroll-test.") as path:
            folder = collections.namedtuple("Folder", "path")(pathlib.Path(path))
            json.dump(try_stacks(folder, chosen_seed, rounds), results)
            results.flush()
            status = 0
    except BaseException:  # pylint: disable=broad-exception-caught
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)
    return None


@test
def likely_mistakes_have_a_mend_that_libpam_confirms(folder):
    with contextlib.closing(Stack(folder)) as stack:
        for lines, real in itertools.product(LIKELY_MISTAKES, (False, True)):
            stack.real = real
            mend_likely_mistake(stack, lines)


def mend_likely_mistake(stack, lines):
    own = next(line for line in lines if "MODULE" in line)
    stack.options = f"{own} {stack.secrets.option()}" if stack.real else own
    files = {"login": [f"auth {stack.options if line == own else line}".replace(
        "MODULE", MODULE).replace("GROUP", MY_GROUP) for line in lines],
             "common-auth": DISTRIBUTIONS["Debian"]["common-auth"].splitlines()}
    stack.write(files)
    exempt = "group=" in own
    combinations = random_combinations(random.Random(0), files, exempt, COMBINATIONS)
    steps, left = mend_step_by_step(stack, combinations, exempt, "enroll" in own)
    check(steps == 1 and not left, f"{lines}: {steps} steps, {left} problems are left")


@test
def doctor_says_what_libpam_does(folder):
    # The long mode looks for what is wrong with any stack, and the short one for what was broken.
    chosen_seed = seed(None if LONG else SHORT_SEED)
    if LONG:
        jobs = os.cpu_count() or 1
        workers = [begin_worker(chosen_seed, range(i, STACKS, jobs)) for i in range(jobs)]
        ends = [os.waitpid(child, 0)[1] for child, _ in workers]
        check(not any(ends), "a worker has failed, as it says above")
        counts = collections.Counter()
        for _, results in workers:
            results.seek(0)
            counts.update(json.load(results))
    else:
        counts = try_stacks(folder, chosen_seed, range(STACKS))
    print(f"# {counts['stacks']} stacks, {counts['real']} with the module itself: "
          f"{counts['mended']} mended, {counts['problems']} with a problem that nothing mends")
    check(counts["mended"] > 0, "no stack was mended")
