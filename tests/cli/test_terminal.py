# SPDX-License-Identifier: LGPL-2.1-or-later
"""What people see on terminals of several widths: whole words and numbers, links that can be
copied, and a way to the QR code where there is no room for one."""

import os
import pathlib
import pwd
import re
import subprocess

import screen
from test_qr_code import Tmux
from support import (
    CODE_QUESTION, PROGRAM, QUESTION, Skip, check, equal, finish, need, need_root, run,
    shown_uri, start, test,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NAMES = ["-l", "user@host.example.org", "-i", "host.example.org"]
WIDTHS = (80, 60, 40)
try:
    ME = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    ME = None

UNITS = "s|seconds|min|minutes|digits|columns|lines|attempts|bytes|users|hashed"


def check_lines(shown, columns, name):
    """Checks that no line is wider than the terminal, except a word that has no blank, and
    that no number is parted from its unit."""
    lines = screen.SEQUENCE.sub("", shown).replace("\r", "").split("\n")
    for line in lines:
        words = line.strip()
        check(len(line.rstrip()) <= columns or " " not in words,
              f"{name} on {columns} columns: {line!r} has {len(line)}")
    # A list of numbers may have no other place to break.
    parted = re.search(rf"[0-9]\n\s*(?:{UNITS})\b", "\n".join(lines))
    check(parted is None, f"{name} on {columns} columns: {parted and parted[0]!r}")


def show(folder, *arguments, columns=80, rows=60, answers=(), **changes):
    """Runs the program to its end, answers what it asks, and returns all that it shows."""
    child = start(folder, *arguments, columns=columns, rows=rows, **changes)
    shown = ""
    for prompt, answer in answers:
        child.expect(prompt)
        shown += child.before + child.after
        child.sendline(answer)
    finish(child)
    return shown + child.before


def commands(folder):
    return re.findall(r"^  ([a-z]+) +\S", run(folder, "--help").output.partition("Commands:")[2]
                      .partition("\n\n")[0], re.M)


@test
def the_help_fits_the_terminal(folder):
    words = " ".join(run(folder, "--help").output.split())
    for columns in WIDTHS:
        for arguments in (["--help"], *(["help", command] for command in commands(folder))):
            shown = show(folder, *arguments, columns=columns)
            check_lines(shown, columns, " ".join(arguments))
            if arguments == ["--help"]:
                equal(" ".join(shown.split()), words, "the same words")
    for arguments in (["--help"], *(["help", command] for command in commands(folder))):
        check_lines(run(folder, *arguments).output, 80, f"{arguments} in a pipe")


@test
def an_enrollment_fits_the_terminal(folder):
    ask = [(CODE_QUESTION, "123456"), (CODE_QUESTION, "-1")]
    all_questions = [(QUESTION, ""), *ask, *[(QUESTION, "")] * 4]
    for columns in WIDTHS:
        for arguments, answers, changes in (
                ([], ask, {}), ([], ask, {"LC_ALL": "C"}), ([], ask, {"NO_COLOR": "1"}),
                ([], ask, {"TERM": "dumb", "LC_ALL": "C"}), (["--ask"], all_questions, {}),
                (["-S", "60", "--algorithm=SHA256", "--codes=hashed", "--ask"], all_questions, {}),
                (["-c"], [(QUESTION, "")] * 3, {})):
            folder.file.unlink(missing_ok=True)
            shown = show(folder, *NAMES, *arguments, columns=columns, answers=answers, **changes)
            check("is written" in " ".join(shown.split()), shown)
            check_lines(shown, columns, f"{arguments} {changes}")
            check(f"\n{shown_uri(shown)}\r\n" in shown, "the link has no line of its own")


def fill_store(folder):
    """Files of all kinds, for the users of this host."""
    names = [entry.pw_name for entry in pwd.getpwall()][:9]
    store = folder.path / "secrets"
    store.mkdir(exist_ok=True)
    rest = '" RATE_LIMIT 3 30 1700000100\n" DISALLOW_REUSE 56666670\n" TOTP_AUTH\n'
    texts = (SECRET + "\n" + rest + "12345678\n", f'{SECRET}\n" LABEL the phone\n' + rest,
             f'{SECRET}\n" PENDING_UNTIL 4000000000\n' + rest, "=\n", f"{SECRET}\n12345678\n",
             f'{SECRET}\n" ALGORITHM SHA512\n" DIGITS 8\n" STEP_SIZE 60\n' + rest)
    for name, text in zip(names, texts):
        path = store / name
        path.write_text(text, encoding="ascii")
        path.chmod(0o400)
    return [f"--secret={store}/${{USER}}", *names, "no-such-user"]


@test
def status_fits_the_terminal(folder):
    need_root()
    arguments = fill_store(folder)
    for columns in WIDTHS:
        check_lines(show(folder, "status", *arguments, columns=columns), columns, "status")
    piped = run(folder, "status", *arguments).output
    check_lines(piped, 80, "status in a pipe")
    check(re.search(r"^root +confirmed +TOTP +1 +2023-11-14 22:\d\d", piped, re.M), piped)
    wide = show(folder, "status", *arguments, columns=300)
    equal(len(wide.splitlines()), len(arguments), "one line for each on a wide terminal")
    check(" SECRET" in wide.splitlines()[0], wide)


@test
def complaints_fit_the_terminal(folder):
    for columns in WIDTHS:
        for arguments in (["--ask", "extra"], ["-t", "-c"], ["--qr=none-of-these"],
                          ["enroll", "--codes=hashed", "--if-missing"], ["--isuer=x"],
                          ["verify", "no-such-user", "and-another"], ["import", "--from=x"],
                          ["explain", "root", "--after=no-such-method"], ["bulk", "--rotate"],
                          ["bulk", "--format=x"], ["revoke"], ["show", "no-such-user"],
                          ["import", "no-such-file"], ["export", "no-such-user", "-f"]):
            check_lines(show(folder, *arguments, columns=columns), columns, " ".join(arguments))


@test
def doctor_and_explain_fit_the_terminal(folder):
    """The lines that are to be copied are never broken: they are further to the right."""
    for columns in WIDTHS:
        for arguments in (["doctor"], ["explain", ME or "root"]):
            shown = show(folder, *arguments, columns=columns)
            lines = [line for line in shown.replace("\r", "").split("\n")
                     if not re.match(r" {13}\S|  (auth|session)\b", line)]
            check_lines("\n".join(lines), columns, arguments[0])


@test
def a_link_can_be_copied_from_the_screen(folder):
    need("tmux")
    tmux = Tmux(folder, f"'{PROGRAM}' {' '.join(NAMES)}; echo ended=$?; read x")
    try:
        tmux.wait_for("to skip)")
        joined = tmux.call("capture-pane", "-p", "-J", "-S", "-").splitlines()
        link = next(line for line in joined if "otpauth" in line)
        check(re.fullmatch(r"otpauth://totp/\S+", link.rstrip()), f"{link!r}")
        check(len(link) > 80, "the terminal did not wrap it")
    finally:
        tmux.call("kill-server")


@test
def without_utf8_it_is_said_how_to_get_a_code(folder):
    for changes in ({}, {"TERM": "dumb"}, {"NO_COLOR": "1"}):
        for columns, rows in ((80, 24), (60, 24)):
            child = start(folder, *NAMES, columns=columns, rows=rows, LC_ALL="C", **changes)
            child.expect(CODE_QUESTION)
            shown = " ".join(child.before.split())
            equal(screen.size(child.before), (0, 0), f"a code with {changes}")
            child.sendintr()
            finish(child)
            for words in ("--qr=utf8", "--qr=FILE.png", "--qr=FILE.svg"):
                check(words in shown, f"{words} with {changes}: {shown}")
    folder.check_empty()


def draw_svg(path):
    """A picture that zbarimg reads, of the lines of an SVG file."""
    text = path.read_text(encoding="ascii")
    side = int(re.search(r'viewBox="0 0 (\d+) ', text)[1])
    rows = [[255] * side for _ in range(side)]
    for x, y, moves in re.findall(r"M(\d+) (\d+)\.5([^M\"]*)", text):
        column = int(x)
        for kind, length in re.findall(r"([mh])(\d+)", moves):
            if kind == "h":
                rows[int(y)][column:column + int(length)] = [0] * int(length)
            column += int(length)
    picture = path.with_suffix(".pgm")
    scaled = b"".join(b"".join(bytes([dot]) * 6 for dot in row) * 6 for row in rows)
    picture.write_bytes(b"P5 %d %d 255\n" % (6 * side, 6 * side) + scaled)
    return picture


def read_code(path):
    if path.suffix == ".svg":
        path = draw_svg(path)
    return subprocess.run(["zbarimg", "--quiet", "--raw", str(path)], capture_output=True,
                          check=False).stdout.decode().strip()


@test
def a_picture_has_the_code(folder):
    need("zbarimg")
    for name in ("code.png", "code.svg", "CODE.PNG"):
        path = folder.path / name
        shown = run(folder, "-t", "-C", *NAMES, f"--qr={name}", answers="n\n", LC_ALL="C").output
        equal(screen.size(shown), (0, 0), "a code on the screen")
        equal(path.stat().st_mode & 0o7777, 0o600, "mode")
        equal(read_code(path), shown_uri(shown), name)
        # It is never written over, and then nobody is enrolled.
        before = path.read_bytes()
        again = run(folder, "-t", "-C", *NAMES, f"-Q{name}", answers="y\n" * 9)
        equal((again.status, path.read_bytes()), (6, before), "once more")
        check(f"cannot write {name}: File exists" in again.errors, again.errors)
        check(not folder.file.exists(), "the file was written")


@test
def a_secret_is_shown_again_as_a_picture(folder):
    need("zbarimg")
    if ME is None:
        raise Skip("the caller has no name")
    path = folder.path / "secrets" / ME
    path.parent.mkdir()
    path.write_text(f'{SECRET}\n" TOTP_AUTH\n', encoding="ascii")
    path.chmod(0o400)
    where = f"--secret={path.parent}/${{USER}}"
    result = run(folder, "show", "-f", where, "--qr=again.png", ME)
    equal((result.status, result.errors), (0, ""), "status")
    equal(read_code(folder.path / "again.png"), shown_uri(result.output), "the code")
    several = run(folder, "show", "-f", where, "--qr=more.png", ME,
                  "nobody" if ME == "root" else "root")
    equal((several.status, several.output), (2, ""), several.errors)
    check(not pathlib.Path(folder.path, "more.png").exists(), "a picture of several")
    wrong = run(folder, "show", "-f", where, "--qr=more.jpg", ME)
    equal((wrong.status, wrong.output), (2, ""), wrong.errors)
