# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins through the module as it is shipped, each in a process of its own, and what is true of
them whatever happens."""

import base64
import contextlib
import dataclasses
import hmac
import os
import re
import shutil
import subprocess
import sys
import time

from case import BUILD, SOURCE, Fixture, check, equal
from support import Folder

sys.path[:0] = [str(SOURCE / "tests/compat")]
# pylint: disable=wrong-import-position
from side_by_side import RESULTS

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
EMERGENCY, NEXT, BEFORE = "12345678", "23456789", "34567890"
# Wide enough for a test that takes some minutes.
TIMED = '" TOTP_AUTH\n" WINDOW_SIZE 17\n" DISALLOW_REUSE\n'
LIMITED = '" RATE_LIMIT 20 3600\n'
APART = "state=@/state/${USER}"


@dataclasses.dataclass
class Login:
    name: str
    lines: str
    answer: str  # None: the code of now
    result: str = "in"
    options: str = ""
    begins: int = 0  # logins before, so that the state is there
    spends: tuple = ()  # more emergency codes, each of which lets in before


def code(counter):
    """RFC 4226."""
    digest = hmac.digest(base64.b32decode(SECRET), counter.to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 10**6:06d}"


def logins():
    """Each kind of code, and each place of the state."""
    yield Login("a time code", TIMED + LIMITED, None)
    yield Login("a code by counter", '" HOTP_COUNTER 5\n', code(5))
    yield Login("an emergency code", TIMED, EMERGENCY)
    yield Login("a wrong code", TIMED + LIMITED, "000000", "refused")
    yield Login("a wrong code by counter", '" HOTP_COUNTER 5\n' + LIMITED, "000000", "refused")
    yield Login("a new state", TIMED, None, options=APART)
    yield Login("a state in place", TIMED + LIMITED, None, options=APART, begins=1)
    yield Login("a wrong code in place", TIMED + LIMITED, "000000", "refused", APART, 1)


class Host:
    """A home with a secret, and PAM's file for the module."""

    def __init__(self, path, login):
        self.path, self.login = path, login
        self.confdir, self.home = path / "pam.d", path / "home"
        self.confdir.mkdir()
        (self.confdir / "login").write_text(
            f"auth required {BUILD}/.libs/pam_totpgroup.so secret={self.home}/secret "
            f"{login.options.replace('@', str(path))}\n")

    def reset(self):
        for folder in (self.home, self.path / "state"):
            shutil.rmtree(folder, ignore_errors=True)
        self.home.mkdir(0o700)
        codes = (EMERGENCY, NEXT, BEFORE, *self.login.spends)
        self.put("secret", f"{SECRET}\n{self.login.lines}" + "\n".join(codes) + "\n")
        for spent in self.spent():
            equal(self.log_in(spent)[0], "in", "the login before")
        self.before = self.texts()
        self.answer = self.login.answer or code(int(time.time()) // 30)

    def spent(self):
        """The codes that were spent before the login."""
        return [BEFORE] * self.login.begins + list(self.login.spends)

    def put(self, name, text):
        with open(self.home / name, "w", encoding="ascii") as stream:
            os.fchmod(stream.fileno(), 0o600)
            stream.write(text)

    def texts(self):
        """What a login reads: the secret, and the state behind its header."""
        found = {"secret": (self.home / "secret").read_bytes()}
        with contextlib.suppress(FileNotFoundError):
            found["state"] = (self.path / "state/root").read_bytes()
        return found

    def log_in(self, answer, *strace):
        """The result of a login, None where there is none, and how the process ended."""
        command = [*strace, str(BUILD / "tests/compat/login_worker"), str(self.confdir)]
        line = "\t".join(("-", "login", "root", "192.0.2.7", answer)) + "\n"
        done = subprocess.run(command, input=line, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False, timeout=120)
        said = done.stdout.split()
        return (RESULTS.get(int(said[0]), "refused") if said else None), done.returncode


class Isolated(Fixture):
    isolated = True

    def missing(self):
        if shutil.which("strace") is None:
            return "strace is missing (package strace)"
        return None

    def argument(self):
        return Folder()


def number_of_times(texts):
    """How many attempts are counted, in the newest text. A state has no limit in its line."""
    found = [len(match.split()) for text in texts.values()
             for match in re.findall(rb'" RATE_LIMIT(?: 20 3600)?((?: \d+)*)', text)]
    return max(found, default=0)


def judge(host, result, where):
    """What is true whatever happened."""
    login = host.login
    check(result in (None, "in", "refused"), f"{where}: the login gives {result}")
    check(result != "in" or login.result == "in", f"{where}: a wrong code lets in")
    after = host.texts()
    check(after["secret"].startswith(SECRET.encode()), f"{where}: the secret is damaged")
    if login.options:
        equal(after["secret"], host.before["secret"], f"{where}: the secret was written")
    counted = number_of_times(after)
    check(counted >= number_of_times(host.before), f"{where}: an attempt is forgotten")
    # The next login works without help; its code is another one.
    equal(host.log_in(NEXT)[0], "in", f"{where}: the next login")
    equal(host.log_in(NEXT)[0], "refused", f"{where}: its code again")
    if result == "in":
        host_again = host.log_in(host.answer)[0]
        equal(host_again, "refused", f"{where}: the code that let in")
