# SPDX-License-Identifier: LGPL-2.1-or-later
"""The cases in which pam_totpgroup.so differs from pam_google_authenticator.so on
purpose. Each logs in through both modules and expects the two different results, so
that a change of the other module is noticed."""

import base64
import os

from scenario import Attempt, hotp

KEY = bytes(range(20))
SECRET = base64.b32encode(KEY).decode()
NOW = 1_700_000_010
STEP = NOW // 30


class Case:
    """A secret file, options and attempts, like those of a Scenario."""

    user = "root"

    def __init__(self, lines, options, *attempts, secret=SECRET):
        self.text = "\n".join([secret, *lines]) + "\n"
        self.options = options
        self.attempts = attempts

    def write_secret(self, path):
        if os.path.lexists(path):
            os.unlink(path)
        with open(path, "w", encoding="latin-1") as stream:
            stream.write(self.text)
        os.chmod(path, 0o600)


def at(seconds, answer, host=None, first_pass=None):
    return Attempt(NOW + seconds, "", answer, first_pass, host)


def learning(*more):
    """Three codes 20 steps in the past, which set a new skew, and more attempts."""
    return [at(30 * i, hotp(KEY, STEP + i - 20)) for i in range(3)] + list(more)


TOTP = '" TOTP_AUTH'
REUSE = '" DISALLOW_REUSE'
CASES = {
    # name: (case, their result of the last attempt, our result)
    "the third code of a new skew is spent": (
        Case([REUSE, TOTP], [], *learning(at(61, hotp(KEY, STEP + 2 - 20)))), "in", "refused"),
    "a spent code does not complete the learning of a skew": (
        Case([f"{REUSE} {STEP + 2 - 20}", TOTP], [], *learning()), "in", "refused"),
    "a recorded login in the future lets nobody in": (
        Case([f'" LAST0 192.0.2.1 {NOW + 1000}', TOTP], ["grace_period=60"],
             at(0, "000000", "192.0.2.1")), "in", "refused"),
    "a recorded login in the future lets nobody in without a grace period": (
        Case([f'" LAST0 192.0.2.1 {NOW + 1000}', TOTP], [], at(0, "000000", "192.0.2.1")),
        "in", "refused"),
    "a recorded login before 1970 lets nobody in": (
        Case(['" LAST0 192.0.2.1 -1', TOTP], [], at(0, "000000", "192.0.2.1")),
        "in", "refused"),
    "a recorded login lets nobody in without a usable secret": (
        Case([f'" LAST0 192.0.2.1 {NOW - 5}', TOTP], ["grace_period=60"],
             at(0, "000000", "192.0.2.1"), secret="!"), "in", "refused"),
    "a skew that does not fit into 32 bits is ignored": (
        Case(['" TIME_SKEW -2147483649', TOTP], [], at(0, hotp(KEY, STEP))), "refused", "in"),
    "grace does not lift the rate limit": (
        Case([f'" LAST0 192.0.2.1 {NOW - 5}', f'" RATE_LIMIT 1 30 {NOW - 5}', TOTP],
             ["grace_period=60"], at(0, "000000", "192.0.2.1")), "in", "refused"),
    "an emergency code after a password is tried before a spent code": (
        Case([f"{REUSE} {STEP}", TOTP, "12" + hotp(KEY, STEP)], ["forward_pass"],
             at(0, "secret12" + hotp(KEY, STEP))), "refused", "in"),
    "with forward_pass an emergency code that nobody asked for is spent": (
        Case([f'" LAST0 192.0.2.1 {NOW - 5}', TOTP, "12345678"],
             ["grace_period=60", "forward_pass"], at(0, "secret12345678", "192.0.2.1"),
             at(100, "secret12345678", "192.0.2.1")), "in", "refused"),
    "user= with a name that begins with a digit is not a uid": (
        Case([TOTP], ["user=0zzz"], at(0, hotp(KEY, STEP))), "in", "refused"),
    "an option repeated with another value is an error": (
        Case([TOTP], ["grace_period=1", "grace_period=2"], at(0, hotp(KEY, STEP))),
        "in", "refused"),
    "a variable that is unknown is no plain text": (
        Case([TOTP], ["secret=/x/$USER", "nullok"], at(0, hotp(KEY, STEP))),
        "ignored", "refused"),
    "blanks in a code do not matter": (
        Case([TOTP], [], at(0, hotp(KEY, STEP)[:3] + " " + hotp(KEY, STEP)[3:])),
        "refused", "in"),
    "an emergency code behind a password leaves the counter alone": (
        Case(['" HOTP_COUNTER 7', "12345678"], ["forward_pass"],
             at(0, "secret12345678"), at(1, "secret" + hotp(KEY, 7))), "refused", "in"),
    "a number of an option has no sign": (
        Case([TOTP], ["grace_period=+3"], at(0, hotp(KEY, STEP))), "in", "refused"),
    "a number of an option must fit": (
        Case([TOTP], ["grace_period=99999999999999999999"], at(0, hotp(KEY, STEP))),
        "in", "refused"),
    "permission bits of an option have no sign": (
        Case([TOTP], ["allowed_perm=+600"], at(0, hotp(KEY, STEP))), "in", "refused"),
    "a period may be longer than 60 seconds": (
        Case(['" STEP_SIZE 120', TOTP], [], at(0, hotp(KEY, NOW // 120))), "refused", "in"),
}


def run(bench):
    """Yields each name, and None or what is wrong."""
    for name, (case, theirs, ours) in CASES.items():
        got = {module: bench.run(case, module)[-1][0] for module in ("theirs", "ours")}
        wrong = [f"{module} gives {got[module]}, not {wanted}"
                 for module, wanted in (("theirs", theirs), ("ours", ours))
                 if got[module] != wanted]
        yield name, "; ".join(wrong) or None
