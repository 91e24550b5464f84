# SPDX-License-Identifier: LGPL-2.1-or-later
"""The questions on a terminal: each answer, the end of the input and a signal at each
question."""

import signal
import termios

from support import (
    CODE_QUESTION, QUESTION, Credential, check, equal, finish, run, start,
    test,
)

# A word of each of the five questions with -C, in their order.
ORDER = ["change with time", "Write it", "one login only", "more codes", "Limit"]

# The lines of the file with every default.
DEFAULTS = ['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH']

GARBAGE = ["x", "maybe", "1", "?", " y", "-", "jein", "\t", "0" * 300, "\u00e4"]


def expect_question(child, word):
    child.expect(QUESTION)
    check(word in child.before, f"{child.before[-80:]!r} is not the question for {word!r}")
    return child.after.strip()


def answer(folder, answers):
    """Gives the answers, and Enter to all other questions; returns the exit status and
    the mark of the default of each question."""
    child = start(folder, "-C")
    marks = []
    for word in ORDER:
        if word == "one login only" and "n" in answers.get("change with time", "").lower():
            continue
        marks.append(expect_question(child, word))
        child.sendline(answers.get(word, ""))
    return finish(child), marks


@test
def enter_takes_every_default(folder):
    status, marks = answer(folder, {})
    equal(status, 0, "exit status")
    equal(marks, ["[Y/n]", "[Y/n]", "[Y/n]", "[y/N]", "[Y/n]"], "marked defaults")
    Credential(folder.file).check(DEFAULTS)


YES = ["y", "Y", "yes", "Yes please", "y "]
NO = ["n", "N", "no", "Never", "n "]

# The lines of the file after yes and after no.
EFFECTS = {
    "change with time": (DEFAULTS, ['" RATE_LIMIT 3 30', '" HOTP_COUNTER 1']),
    "one login only": (DEFAULTS, ['" RATE_LIMIT 3 30', '" TOTP_AUTH']),
    "more codes": (
        ['" RATE_LIMIT 3 30', '" WINDOW_SIZE 17', '" DISALLOW_REUSE', '" TOTP_AUTH'],
        DEFAULTS,
    ),
    "Limit": (DEFAULTS, ['" DISALLOW_REUSE', '" TOTP_AUTH']),
}


@test
def yes_and_no_change_what_each_question_says(folder):
    for word, (after_yes, after_no) in EFFECTS.items():
        for replies, options in ((YES, after_yes), (NO, after_no)):
            for reply in replies:
                status, _ = answer(folder, {word: reply})
                equal(status, 0, f"exit status after {reply!r} to {word!r}")
                Credential(folder.file).check(options)
                folder.file.unlink()


@test
def no_to_writing_writes_nothing(folder):
    for reply in NO:
        child = start(folder, "-C")
        expect_question(child, "change with time")
        child.sendline("")
        expect_question(child, "Write it")
        child.sendline(reply)
        equal(finish(child), 0, f"exit status after {reply!r}")
        check("Nothing was written" in child.before, "it does not say so")
        folder.check_empty()


@test
def garbage_is_asked_again(folder):
    child = start(folder, "-C")
    for word in ORDER:
        for garbage in GARBAGE:
            expect_question(child, word)
            child.sendline(garbage)
        expect_question(child, word)
        child.sendline("")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(DEFAULTS)


@test
def lines_may_end_in_carriage_returns(folder):
    # A script from another system may pipe such lines. A terminal would change them.
    equal(run(folder, "-C", answers="\r\nn\r\n").status, 0, "exit status")
    folder.check_empty()
    equal(run(folder, "-C", answers="\r\n" * 5).status, 0, "exit status")
    Credential(folder.file).check(DEFAULTS)


@test
def the_last_line_needs_no_newline(folder):
    equal(run(folder, "-C", answers="\n\n\ny\nn").status, 0, "exit status")
    Credential(folder.file).check(
        ['" WINDOW_SIZE 17', '" DISALLOW_REUSE', '" TOTP_AUTH'])


@test
def a_counter_has_fewer_questions(folder):
    child = start(folder, "-c")
    for word in ("Write it", "more codes", "Limit"):
        expect_question(child, word)
        child.sendline("y")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(
        ['" RATE_LIMIT 3 30', '" WINDOW_SIZE 17', '" HOTP_COUNTER 1'])


@test
def an_existing_file_is_kept_by_default(folder):
    folder.file.write_text("MZXW6YTB\n", encoding="ascii")
    for reply in ("", *NO):
        child = start(folder, "-t", "-C")
        equal(expect_question(child, "exists already"), "[y/N]", "default")
        child.sendline(reply)
        equal(finish(child), 0, f"exit status after {reply!r}")
        equal(folder.file.read_text(encoding="ascii"), "MZXW6YTB\n", "the file")
        equal(folder.names(), [folder.file.name], "files")


@test
def an_existing_file_is_replaced_after_yes(folder):
    folder.file.write_text("MZXW6YTB\n", encoding="ascii")
    child = start(folder, "-t", "-C")
    expect_question(child, "Replace it?")
    child.sendline("y")
    for word in ORDER[2:]:
        expect_question(child, word)
        child.sendline("")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(DEFAULTS)


# Every prompt at which the program waits.
PROMPTS = [QUESTION, CODE_QUESTION, QUESTION, QUESTION, QUESTION, QUESTION]


def go_to(folder, count, *arguments):
    """Answers that many questions, including that for the code, and waits for the next."""
    child = start(folder, *arguments)
    for prompt in PROMPTS[:count]:
        child.expect(prompt)
        child.sendline("-1" if prompt == CODE_QUESTION else "y")
    child.expect(PROMPTS[count])
    return child


def interrupt(folder, before):
    """Ends the program at every prompt in every way; no file must change."""
    ways = {
        "end of input": (lambda child: child.sendeof(), 1),
        "SIGINT from the keyboard": (lambda child: child.sendintr(), -signal.SIGINT),
        "SIGTERM": (lambda child: child.kill(signal.SIGTERM), -signal.SIGTERM),
        "SIGHUP": (lambda child: child.kill(signal.SIGHUP), -signal.SIGHUP),
    }
    for count in range(len(PROMPTS)):
        for name, (end, status) in ways.items():
            child = go_to(folder, count)
            end(child)
            equal(finish(child), status, f"exit status of {name} at question {count + 1}")
            equal(folder.names(), before, f"files after {name} at question {count + 1}")


@test
def an_end_at_any_question_writes_nothing(folder):
    interrupt(folder, [])


@test
def an_end_at_any_question_leaves_the_old_file(folder):
    folder.file.write_text("MZXW6YTB\n", encoding="ascii")
    interrupt(folder, [folder.file.name])
    equal(folder.file.read_text(encoding="ascii"), "MZXW6YTB\n", "the file")


@test
def terminal_modes_are_left_alone(folder):
    child = start(folder, "-C")
    before = termios.tcgetattr(child.child_fd)
    for word in ORDER:
        expect_question(child, word)
        equal(termios.tcgetattr(child.child_fd), before, f"terminal modes at {word!r}")
        child.sendline("")
    equal(finish(child), 0, "exit status")


@test
def colors_are_reset_before_every_question(folder):
    child = start(folder, "-t", "--qr=ansi256")
    child.expect(CODE_QUESTION)
    check("\033[38;5;231" in child.before, "no QR code was shown")
    equal(child.before.rsplit("\033[", 1)[1][:2], "0m", "the last sequence")
    child.sendintr()
    equal(finish(child), -signal.SIGINT, "exit status")


@test
def the_end_of_input_is_reported(folder):
    child = start(folder)
    child.expect(QUESTION)
    child.sendeof()
    equal(finish(child), 1, "exit status")
    check("nothing was written" in child.before, "it does not say so")
