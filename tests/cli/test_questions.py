# SPDX-License-Identifier: LGPL-2.1-or-later
"""The questions on a terminal: each answer, the end of the input and a signal at each
question."""

import re
import signal
import termios

from pexpect import EOF

from support import (
    CODE_QUESTION, PROGRAM, QUESTION, Credential, check, equal, finish, run, shown_secret,
    start, step_safely, test, totp,
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
            child = go_to(folder, count, "--ask")
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
    child = start(folder, "--ask")
    child.expect(QUESTION)
    child.sendeof()
    equal(finish(child), 1, "exit status")
    check("nothing was written" in child.before, "it does not say so")


def confirm(folder, *arguments):
    """Enrolls with nothing but a code of the app; returns what was shown."""
    child = start(folder, *arguments)
    equal(child.expect([CODE_QUESTION, QUESTION]), 0, f"the first question of {arguments}")
    shown = child.before
    child.sendline(totp(shown_secret(shown), step_safely()))
    equal(child.expect([EOF, QUESTION, CODE_QUESTION]), 0, f"another question: {child.before}")
    child.wait()
    equal(child.exitstatus, 0, child.before)
    return shown + child.before


@test
def the_code_is_the_only_question_of_a_first_enrollment(folder):
    for arguments in ([], ["enroll"], ["-l", "me@here", "-i", "me"], ["-e", "5"],
                      ["-s", str(folder.file)]):
        shown = confirm(folder, *arguments)
        lines = Credential(folder.file).options
        equal([line.split()[1] for line in lines], ["RATE_LIMIT", "DISALLOW_REUSE", "TOTP_AUTH"],
              "option lines")
        check(re.match('" DISALLOW_REUSE [0-9]+$', lines[1]), "the code is not spent")
        check("--ask" in shown, "it does not say how to be asked")
        folder.file.unlink()


@test
def without_a_code_nothing_is_written(folder):
    for end in ("sendeof", "sendintr"):
        child = start(folder)
        child.expect(CODE_QUESTION)
        getattr(child, end)()
        check(finish(child) in (1, -signal.SIGINT), "exit status")
        folder.check_empty()


@test
def who_is_enrolled_is_asked_first_whether_to_replace_it(folder):
    folder.file.write_text("MZXW6YTB\n", encoding="ascii")
    child = start(folder)
    equal(expect_question(child, "Replace it?"), "[y/N]", "default")
    check("otpauth" not in child.before, "a secret that may never be written")
    child.sendline("")
    equal(finish(child), 0, "exit status")
    equal(folder.file.read_text(encoding="ascii"), "MZXW6YTB\n", "the file")
    child = start(folder)
    expect_question(child, "Replace it?")
    child.sendline("y")
    child.expect(CODE_QUESTION)
    child.sendline("-1")
    equal(finish(child), 0, "exit status")
    Credential(folder.file).check(DEFAULTS)


@test
def the_configuration_decides_what_is_not_asked(folder):
    conf = folder.path / "conf"
    conf.write_text("[enroll]\ndisallow_reuse=no\nrate_limit=2 60\nwindow_size=5\n")
    conf.chmod(0o644)
    confirm(folder, f"--conf={conf}")
    equal(Credential(folder.file).options,
          ['" RATE_LIMIT 2 60', '" WINDOW_SIZE 5', '" TOTP_AUTH'], "option lines")
    folder.file.unlink()
    # Nobody types a code: the secret goes nowhere before somebody has agreed.
    conf.write_text("[enroll]\ntime_based=no\n")
    child = start(folder, f"--conf={conf}")
    expect_question(child, "Write it?")
    child.sendline("n")
    equal(finish(child), 0, "exit status")
    check(not folder.file.exists(), "it was written")


@test
def ask_and_each_flag_that_answers_a_question_ask_the_rest(folder):
    for arguments, first in ((["--ask"], "change with time"), (["-C"], "change with time"),
                             (["-q"], "change with time"), (["-u"], "change with time"),
                             (["-W"], "change with time"), (["-f"], "change with time"),
                             (["-w", "3"], "change with time"),
                             (["-r", "3", "-R", "30"], "change with time"), (["-c"], "Write it")):
        child = start(folder, *arguments)
        expect_question(child, first)
        child.sendintr()
        equal(finish(child), -signal.SIGINT, f"exit status of {arguments}")
    folder.check_empty()


@test
def a_program_that_says_yes_for_ever_comes_to_an_end(folder):
    for arguments in ([], ["--ask"], ["-t"], ["-c"], ["enroll"]):
        for word in ("y", "n", ""):
            done = run(folder, "-c", f'yes {word} | "$@"', "sh", PROGRAM, *arguments,
                       program="sh")
            check(done.status in (0, 1), f"{arguments}, {word!r}: {done.status}")
            check(len(done.output) < 20000, f"{arguments}: {len(done.output)} bytes")
            folder.file.unlink(missing_ok=True)
