# SPDX-License-Identifier: LGPL-2.1-or-later
"""The code from the app that confirms an enrollment."""

import re
import time

from support import (
    CODE_QUESTION, Credential, check, equal, finish, run, shown_secret, start,
    step_now, step_safely, test, totp,
)

REST = ["-f", "-W", "-u"]
OPTIONS = ['" WINDOW_SIZE 3', '" TOTP_AUTH']

# How many steps the program searches for a code of another time.
SEARCHED = 1500


def begin(folder, *arguments):
    """Goes on to the question for a code; returns the secret, too."""
    child = start(folder, "-t", *(arguments or ("-d",)), *REST)
    child.expect(CODE_QUESTION)
    return child, shown_secret(child.before)


def wrong_code(secret):
    """A code of none of the steps that the program searches."""
    now = step_now()
    near = {totp(secret, now + i) for i in range(-SEARCHED - 10, SEARCHED + 11)}
    return next(code for code in map("{:06d}".format, range(1000000)) if code not in near)


def send_and_expect_again(child, code):
    child.sendline(code)
    child.expect(CODE_QUESTION)
    return child.before


def right_now(child, secret):
    """Gives the right code and waits for the end; returns its step."""
    step = step_safely()
    child.sendline(totp(secret, step))
    equal(finish(child), 0, "exit status")
    check("Right" in child.before, "it does not say that the code is right")
    return step


@test
def a_right_code_is_spent(folder):
    for distance in (-1, 0, 1):
        child, secret = begin(folder)
        step = step_safely() + distance
        child.sendline(totp(secret, step))
        equal(finish(child), 0, f"exit status at step {distance:+d}")
        credential = Credential(folder.file)
        equal(credential.secret, secret, "secret")
        # Two of the three codes are the same once in 300,000 runs.
        steps = [i for i in (step, step - distance, step - 1, step + 1)
                 if totp(secret, i) == totp(secret, step)]
        check(credential.options in [
            ['" WINDOW_SIZE 3', f'" DISALLOW_REUSE {i}', '" TOTP_AUTH'] for i in steps],
            f"{credential.options} at step {distance:+d}")


@test
def a_right_code_of_another_step_size_is_spent(folder):
    child, secret = begin(folder, "-d", "-S", "60")
    step = step_safely(60)
    child.sendline(totp(secret, step))
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', '" STEP_SIZE 60', f'" DISALLOW_REUSE {step}', '" TOTP_AUTH'])


@test
def a_right_code_is_not_spent_where_reuse_is_allowed(folder):
    child, secret = begin(folder, "-D")
    right_now(child, secret)
    Credential(folder.file).check(OPTIONS)


@test
def the_code_is_spent_if_the_answer_about_reuse_comes_after_it(folder):
    child = start(folder, "-t", *REST)
    child.expect(CODE_QUESTION)
    secret = shown_secret(child.before)
    step = step_safely()
    child.sendline(totp(secret, step))
    child.expect(r"\[Y/n\] ")
    child.sendline("")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', f'" DISALLOW_REUSE {step}', '" TOTP_AUTH'])


@test
def blanks_in_the_code_do_not_matter(folder):
    for pattern in ("{0} {1}", " {0}{1} ", "{0}\u0020\u0020{1}"):
        child, secret = begin(folder)
        code = totp(secret, step_safely())
        child.sendline(pattern.format(code[:3], code[3:]))
        equal(finish(child), 0, f"exit status with {pattern!r}")
        folder.file.unlink()


@test
def after_a_wrong_code_another_is_asked_for(folder):
    child, secret = begin(folder)
    for _ in range(5):
        answer = send_and_expect_again(child, wrong_code(secret))
        check("wrong" in answer, f"{answer!r} does not say so")
        check("clock" not in answer, f"{answer!r} speaks of the clock")
        folder.check_empty()
    step = right_now(child, secret)
    Credential(folder.file).check(
        ['" WINDOW_SIZE 3', f'" DISALLOW_REUSE {step}', '" TOTP_AUTH'])


@test
def the_right_code_is_never_printed(folder):
    child, secret = begin(folder, "-d", "-e", "0")
    step = step_safely()
    shown = child.before.replace(secret, "")
    for code in (wrong_code(secret), totp(secret, step + 20), "1", "1234567", ""):
        shown += send_and_expect_again(child, code).replace(code, "", 1)
    child.sendline("-1")
    equal(finish(child), 0, "exit status")
    shown += child.before
    for near in range(-3, 4):
        check(totp(secret, step + near) not in shown, f"the code of step {near:+d} is shown")


def offset_of(text):
    match = re.search(r"clock is (\d+) (s|min) (ahead|behind)", text)
    check(match, f"{text!r} says nothing of the clock")
    check("automatic" in text, f"{text!r} does not say what to do")
    return int(match.group(1)), match.group(2), match.group(3)


def least_offset(step, now):
    """By how many seconds a clock must be wrong to be in that step."""
    return step * 30 - now if step * 30 > now else step * 30 + 29 - now


@test
def a_code_of_another_time_tells_how_wrong_the_clock_is(folder):
    child, secret = begin(folder)
    for distance in (2, -2, 3, -3, 4, -4, 100, -100, SEARCHED - 1, 1 - SEARCHED):
        step = step_safely() + distance
        # time(2) may lag a little behind.
        before = int(time.time()) - 1
        code = totp(secret, step)
        answer = send_and_expect_again(child, code)
        after = int(time.time())
        # The program takes the nearest step with this code.
        nearest = min(
            (i for i in range(step - distance - SEARCHED, step - distance + SEARCHED + 1)
             if totp(secret, i) == code),
            key=lambda i: abs(i - step + distance))
        possible = set()
        for now in range(before, after + 1):
            offset = least_offset(nearest, now)
            size = abs(offset)
            possible.add((
                size if size < 120 else size // 60, "s" if size < 120 else "min",
                "ahead" if offset > 0 else "behind"))
        seen = offset_of(answer)
        check(seen in possible, f"{seen} at {distance:+d} steps, expected {possible}")
        folder.check_empty()
    child.sendline("-1")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])


@test
def a_code_of_a_time_far_away_is_a_wrong_code(folder):
    child, secret = begin(folder)
    step = step_now()
    near = {totp(secret, step + i) for i in range(-SEARCHED - 5, SEARCHED + 6)}
    far = next(totp(secret, step + i) for i in range(SEARCHED + 10, SEARCHED + 5000)
               if totp(secret, step + i) not in near)
    check("wrong" in send_and_expect_again(child, far), "it is not called wrong")
    child.sendeof()
    equal(finish(child), 1, "exit status")


NO_CODE = ["", " ", "1", "12345", "1234567", "12345678", "12345a", "abcdef", "+12345",
           "12.456", "123-456", "0x1234", "--1", "-", "-x", "9" * 200]


@test
def input_that_is_not_a_code_gets_a_hint(folder):
    child, _ = begin(folder)
    for text in NO_CODE:
        answer = send_and_expect_again(child, text)
        check("six digits" in answer, f"{answer!r} after {text!r}")
    folder.check_empty()
    child.sendeof()
    equal(finish(child), 1, "exit status")


@test
def a_negative_number_skips_the_question(folder):
    for number in ("-1", "-2", "-123456", " -1", "- 1"):
        child, _ = begin(folder)
        child.sendline(number)
        equal(finish(child), 0, f"exit status after {number!r}")
        check("Right" not in child.before, "an unconfirmed code is called right")
        Credential(folder.file).check(
            ['" WINDOW_SIZE 3', '" DISALLOW_REUSE', '" TOTP_AUTH'])
        folder.file.unlink()


@test
def the_end_of_input_after_a_wrong_code_writes_nothing(folder):
    child, secret = begin(folder)
    send_and_expect_again(child, wrong_code(secret))
    child.sendeof()
    equal(finish(child), 1, "exit status")
    check("nothing was written" in child.before, "it does not say so")
    folder.check_empty()


@test
def no_code_is_asked_for_with_no_confirm_quiet_or_a_counter(folder):
    for arguments in (["-t", "-d", "-C"], ["-t", "-d", "-q"], ["-c"]):
        result = run(folder, *arguments, *REST)
        equal(result.status, 0, " ".join(arguments))
        check("to skip" not in result.output, f"{' '.join(arguments)}: a code is asked for")


@test
def emergency_codes_are_shown_after_the_code(folder):
    child, secret = begin(folder)
    check("mergency" not in child.before, "emergency codes before the confirmation")
    right_now(child, secret)
    for code in Credential(folder.file).codes:
        check(code in child.before, "an emergency code is not shown")
