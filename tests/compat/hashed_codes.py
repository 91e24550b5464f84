#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hashed emergency codes in a file that pam_google_authenticator.so uses: that module
ignores their lines and keeps them byte for byte in all its changes."""

import argparse
import base64
import os
import shutil
import sys
import tempfile

from scenario import Attempt, hotp
from side_by_side import Worker

START = 1_700_000_025
KEY = b"12345678901234567890"
# The hashes of 7K3M-Q9TD-X2HA-P5VW and 0123-4567-89AB-CDEF, made with hashlib.scrypt.
LINE = '" SCRATCH_HASH scrypt 1 8 1 AAAQEAYEAUDAOCAJBIFQYDIOB4 '
HASHED = (LINE + "TWXQMLOGYIAUEMANAMWTSTEDQF4WZOA3C5J3OWFGJF5TVADF5FPQ",
          LINE + "GQCMI2HDHLOAQMD2OFCRXTMGIG7VLKOCNTIJDA7LLULEAZSRDOCQ")
FIRST = "7K3M-Q9TD-X2HA-P5VW"


def totp(time):
    return hotp(KEY, time // 30)


class Host:
    def __init__(self, arguments, folder):
        self.secret = os.path.join(folder, "secret")
        confdir = os.path.join(folder, "pam.d")
        os.mkdir(confdir)
        for name, module in (("ours", arguments.module), ("theirs", arguments.peer)):
            with open(os.path.join(confdir, name), "w", encoding="ascii") as stream:
                stream.write(f"auth required {module} secret={self.secret} grace_period=0\n")
        self.worker = Worker(arguments.worker, confdir, arguments.faketime)
        self.time = START

    def write_secret(self, lines, end="\n"):
        text = end.join((base64.b32encode(KEY).decode(), *lines, ""))
        with open(self.secret, "wb") as stream:
            stream.write(text.encode("ascii"))
        os.chmod(self.secret, 0o600)

    def lines(self):
        with open(self.secret, "rb") as stream:
            return stream.read().decode("ascii").split("\n")

    def log_in(self, service, answer, expected):
        self.time += 30
        result = self.worker.log_in(
            service, "root", Attempt(self.time, "", answer(self.time)))[0]
        if result != expected:
            raise AssertionError(f"{service}: {result}, expected {expected}")

    def check_kept(self, what, lines=HASHED):
        kept = [line for line in self.lines() if "SCRATCH_HASH" in line]
        if kept != list(lines):
            raise AssertionError(f"after {what} the lines are {kept}")


def every_change_keeps_them(host):
    """The module writes times, steps, counters, a skew and emergency codes."""
    for position in range(3):
        lines = ['" RATE_LIMIT 9 30', '" DISALLOW_REUSE', '" TOTP_AUTH', "12345678", "23456789"]
        at = (0, 3, 4)[position]
        lines[at:at] = HASHED
        for end in ("\n", "\r\n"):
            wanted = [line + end[:-1] for line in HASHED]
            host.write_secret(lines, end)
            host.log_in("theirs", totp, "in")
            host.check_kept("a code", wanted)
            host.log_in("theirs", lambda _: "000000", "refused")
            host.check_kept("a wrong code", wanted)
            host.log_in("theirs", lambda _: "12345678", "in")
            host.check_kept("an emergency code", wanted)
            if "12345678" in "".join(host.lines()) or "23456789" not in "".join(host.lines()):
                raise AssertionError("another emergency code was removed")
            for _ in range(3):
                host.log_in("theirs", lambda time: totp(time + 3000), "in" if _ == 2 else "refused")
                host.check_kept("a code of another time", wanted)
    host.write_secret(('" HOTP_COUNTER 1', *HASHED))
    host.log_in("theirs", lambda _: hotp(KEY, 1), "in")
    host.check_kept("a counter")


def only_ours_takes_them(host):
    host.write_secret(('" RATE_LIMIT 9 30', '" DISALLOW_REUSE', '" TOTP_AUTH', *HASHED))
    host.log_in("theirs", lambda _: FIRST, "refused")
    host.check_kept("a hashed code there")
    host.log_in("ours", lambda _: FIRST, "in")
    host.check_kept("a hashed code here", HASHED[1:])
    host.log_in("ours", lambda _: FIRST, "refused")
    host.log_in("theirs", totp, "in")
    host.check_kept("a code there", HASHED[1:])
    host.log_in("ours", totp, "in")
    host.check_kept("a code here", HASHED[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("module", "peer", "worker", "faketime"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    failed = False
    for test in (every_change_keeps_them, only_ours_takes_them):
        folder = tempfile.mkdtemp(prefix="hashed-codes.")
        try:
            host = Host(arguments, folder)
            test(host)
            host.worker.close()
            print(f"ok {test.__name__}")
        except (AssertionError, RuntimeError) as problem:
            failed = True
            print(f"not ok {test.__name__}: {problem}")
        finally:
            shutil.rmtree(folder)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
