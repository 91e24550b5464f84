# SPDX-License-Identifier: LGPL-2.1-or-later
"""zbarimg reads the QR code from the screen in every mode."""

import os
import subprocess
import time

import screen
from support import (
    CODE_QUESTION, PATIENCE, PROGRAM, Credential, Skip, check, equal, find_library, finish,
    need, need_root, run, shown_secret, shown_uri, start, step_safely, test, totp,
)

# The names in a usual URI.
NAMES = ["-l", "user@host.example.org", "-i", "host.example.org"]

# The backgrounds on which each mode can be read.
THEMES = {
    "ansi": ["dark"], "ansi_inverse": ["light"], "ansi_grey": ["dark", "light"],
    "utf8": ["dark"], "utf8_inverse": ["light"], "utf8_grey": ["dark", "light"],
    "ansi256": ["dark", "light"],
}


def show(folder, *arguments, **changes):
    """The screen at the question for a code."""
    child = start(folder, "-t", *NAMES, *arguments, **changes)
    child.expect(CODE_QUESTION)
    shown = child.before
    child.sendeof()
    equal(finish(child), 1, "exit status")
    return shown


def check_code(folder, shown, themes, name):
    uri = shown_uri(shown)
    screen.check_colors(shown)
    for theme in themes:
        equal(screen.decode(shown, theme, folder.path / "screen.pgm"), uri,
              f"{name} on a {theme} screen")


@test
def zbarimg_reads_every_mode(folder):
    need("zbarimg")
    for mode, themes in THEMES.items():
        shown = show(folder, f"--qr={mode}", rows=60, columns=120)
        check_code(folder, shown, themes, mode)
        check(shown_secret(shown) in shown_uri(shown), "text and URI differ")


@test
def names_of_modes_have_either_case_and_hyphens(folder):
    for name in ("UTF8_INVERSE", "utf8-inverse", "Utf8-Inverse"):
        for option in (["-Q", name], ["--qr-mode", name], ["--qr", name]):
            shown = run(folder, "-t", "-C", *option, answers="n\n").output
            equal(screen.size(shown)[1] > 0, True, f"a QR code with {option}")
            check("\033" not in shown, f"{option} was drawn in colors")


@test
def zbarimg_reads_the_codes_of_many_secrets(folder):
    need("zbarimg")
    for i in range(20):
        check_code(folder, show(folder), ["dark", "light"], f"code {i}")


@test
def zbarimg_reads_the_code_of_a_counter(folder):
    need("zbarimg")
    child = start(folder, "-c", *NAMES, rows=30)
    child.expect("Write it")
    check_code(folder, child.before, ["dark", "light"], "code")
    child.sendline("n")
    equal(finish(child), 0, "exit status")


@test
def none_and_quiet_draw_no_code(folder):
    shown = show(folder, "--qr=none")
    equal(screen.size(shown), (0, 0), "size")
    check(shown_secret(shown) in shown_uri(shown), "no URI or secret")
    shown = run(folder, "-t", "-q", "--qr=utf8", answers="n\n").output
    equal(screen.size(shown), (0, 0), "size")
    check("otpauth" not in shown, "the URI is shown")


@test
def a_utf8_terminal_gets_a_code_in_its_own_colors(folder):
    shown = show(folder)
    check("\033[38;5;231;48;5;16m" in shown, "the colors are not forced")
    equal(screen.size(shown), (45, 23), "size")


@test
def no_color_gets_a_code_without_colors(folder):
    shown = show(folder, NO_COLOR="1")
    check("\033" not in shown, "colors in spite of NO_COLOR")
    check("--qr=utf8_inverse" in shown, "no hint for light screens")
    equal(screen.size(shown), (45, 23), "size")
    check_code(folder, shown, ["dark"], "code")
    check("\033[38;5;231" in show(folder, NO_COLOR=""), "an empty NO_COLOR counts")


@test
def a_dumb_terminal_gets_no_escape_sequences(folder):
    for term in ("dumb", "", None):
        shown = show(folder, TERM=term)
        check("\033" not in shown, f"escape sequences with TERM={term}")
        equal(screen.size(shown), (45, 23), f"size with TERM={term}")
        shown = show(folder, TERM=term, LC_ALL="C", rows=60, columns=120)
        equal(screen.size(shown), (0, 0), f"size with TERM={term} and no UTF-8")


@test
def without_utf8_the_code_is_drawn_with_blanks(folder):
    shown = show(folder, LC_ALL="C", rows=60, columns=120)
    check(shown.isascii(), "characters that the locale does not have")
    check_code(folder, shown, ["dark", "light"], "code")
    shown = show(folder, LC_ALL="C", rows=60, columns=120, NO_COLOR="1")
    check("--qr=ansi_inverse" in shown, "no hint for light screens")
    check_code(folder, shown, ["dark"], "code")


@test
def without_a_terminal_no_code_is_drawn(folder):
    shown = run(folder, "-t", "-C", answers="n\n").output
    equal(screen.size(shown), (0, 0), "size")
    check(shown_secret(shown) in shown_uri(shown), "no URI or secret")


@test
def a_mode_that_is_named_is_drawn_without_a_terminal(folder):
    need("zbarimg")
    for mode, themes in THEMES.items():
        shown = run(folder, "-t", "-C", *NAMES, "-Q", mode, answers="n\n").output
        check_code(folder, shown, themes, mode)


@test
def the_code_and_the_question_fit_on_an_ordinary_screen(folder):
    shown = show(folder)
    lines = shown.replace("\r", "").split("\n")
    first = next(i for i, line in enumerate(lines) if screen.code_lines(line))
    equal(len(lines) - first, 24, "lines from the code's first to the question")
    check("needs" not in shown, "it says that the code does not fit")


@test
def on_a_narrow_terminal_no_code_is_drawn(folder):
    shown = show(folder, columns=44)
    equal(screen.size(shown), (0, 0), "size")
    equal(shown.count("The QR code needs 45 columns and 24 lines"), 1, "lines that say so")
    check(shown_secret(shown) in shown_uri(shown), "no URI or secret")
    shown = show(folder, columns=45)
    equal(screen.size(shown), (45, 23), "size on 45 columns")
    check("needs" not in shown, "it says that the code does not fit")
    shown = show(folder, "--qr=ansi", columns=89, rows=60)
    equal(screen.size(shown), (0, 0), "size on 89 columns")
    equal(screen.size(show(folder, "--qr=ansi", columns=90, rows=60)), (90, 45), "size")


@test
def on_a_low_terminal_the_code_is_drawn_with_a_remark(folder):
    shown = show(folder, rows=23)
    equal(shown.count("The QR code needs 45 columns and 24 lines"), 1, "lines that say so")
    equal(screen.size(shown), (45, 23), "size")


@test
def a_long_label_makes_a_large_code(folder):
    need("zbarimg")
    result = run(folder, "-t", "-C", "-l", "x" * 400, "--qr=utf8_grey", answers="n\n")
    equal(screen.decode(result.output, "dark", folder.path / "screen.pgm"),
          shown_uri(result.output), "what the code says")


@test
def a_label_that_is_too_long_gives_no_code(folder):
    result = run(folder, "-t", "-C", "-l", "x" * 3000, "--qr=utf8", answers="n\n")
    equal(result.status, 0, "exit status")
    check("too long for a QR code" in result.output, "it does not say so")
    equal(screen.size(result.output), (0, 0), "size")


@test
def without_libqrencode_no_code_is_drawn(folder):
    """A mount namespace hides the library from the program."""
    need_root()
    need("unshare")
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        raise Skip("this machine does not let root make namespaces")
    library = os.path.realpath(find_library("**/libqrencode.so.4"))
    result = run(folder, "-m", "sh", "-c", 'mount --bind /dev/null "$1" && shift && exec "$@"',
                 "sh", library, PROGRAM, "-t", "-C", *NAMES, "--qr=utf8", answers="n\n",
                 program="unshare")
    equal(result.status, 0, "exit status")
    check("libqrencode.so.4 is not installed" in result.output, "it does not say so")
    equal(screen.size(result.output), (0, 0), "size")
    check(shown_secret(result.output) in shown_uri(result.output), "no URI or secret")


class Tmux:
    """A tmux server that ends with the test."""

    def __init__(self, folder, command):
        self.folder = folder
        self.call("new-session", "-d", "-x", "80", "-y", "24", command)

    def call(self, *words):
        done = subprocess.run(
            ["tmux", "-u", "-S", str(self.folder.path / "socket"), "-f", os.devnull,
             *words],
            capture_output=True, check=words[0] != "kill-server", timeout=PATIENCE,
            env=self.folder.environment())
        return done.stdout.decode()

    def wait_for(self, words):
        """Waits for these words; returns the screen."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            shown = self.call("capture-pane", "-p", "-e")
            if words in shown:
                return shown
            time.sleep(0.02)
        raise AssertionError(f"{words!r} did not appear on the screen")


@test
def the_code_can_be_read_in_tmux(folder):
    need("tmux")
    need("zbarimg")
    tmux = Tmux(folder, f"'{PROGRAM}' -t {' '.join(NAMES)}; echo ended=$?; read x")
    try:
        shown = tmux.wait_for("to skip)")
        equal(screen.size(shown), (45, 23), "size")
        seen = screen.decode(shown, "dark", folder.path / "screen.pgm")
        check(seen is not None, "zbarimg cannot read the code")
        history = tmux.call("capture-pane", "-p", "-J", "-S", "-")
        equal(seen, shown_uri(history), "what the code says")
        secret = shown_secret(history)
        tmux.call("send-keys", totp(secret, step_safely()), "Enter")
        for words in ("Write it", "one login only", "more codes", "Limit"):
            tmux.wait_for(words)
            tmux.call("send-keys", "Enter")
        tmux.wait_for("ended=0")
        equal(Credential(folder.file).secret, secret, "secret")
    finally:
        tmux.call("kill-server")
