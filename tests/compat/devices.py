#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A file with two devices that pam_google_authenticator.so uses: it accepts the codes of
the first device, and keeps the line of the other one in all its changes."""

import argparse
import base64
import shutil
import sys
import tempfile

from hashed_codes import Host, totp
from scenario import hotp

TABLET = b"abcdefghijabcdefghij"
LINE = f'" DEVICE {base64.b32encode(TABLET).decode()} the tablet'
OPTIONS = ('" RATE_LIMIT 9 30', '" DISALLOW_REUSE', '" TOTP_AUTH')


def tablet(time):
    return hotp(TABLET, time // 30)


def check_kept(host, what):
    if host.lines().count(LINE) != 1:
        raise AssertionError(f"after {what} the device's line is gone")


def previous(code):
    """Returns a function that gives the code of the previous login."""
    return lambda time: code(time - 30)


def the_first_is_read_and_the_other_kept(host):
    for position in range(len(OPTIONS) + 2):
        lines = [*OPTIONS, "12345678"]
        lines.insert(position, LINE)
        host.write_secret(lines)
        host.log_in("theirs", totp, "in")
        check_kept(host, "a code")
        host.log_in("theirs", lambda _: "12345678", "in")
        check_kept(host, "an emergency code")
        host.log_in("theirs", tablet, "refused")
        check_kept(host, "a code of the other device")
        host.log_in("ours", tablet, "in")
        check_kept(host, "a code of the other device, taken by ours")
        host.log_in("theirs", totp, "in")
        check_kept(host, "a code after that")


def both_know_what_the_other_has_spent(host):
    host.write_secret([LINE, *OPTIONS])
    host.log_in("ours", tablet, "in")
    host.log_in("theirs", previous(totp), "refused")
    host.log_in("theirs", totp, "in")
    host.log_in("ours", previous(tablet), "refused")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("module", "peer", "worker", "faketime"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    failed = False
    for test in (the_first_is_read_and_the_other_kept, both_know_what_the_other_has_spent):
        folder = tempfile.mkdtemp(prefix="devices.")
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
