#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The line in which totp-verifyd counts the attempts of front ends, in a file that
pam_google_authenticator.so uses: that module ignores the line and keeps it byte for byte,
and neither module counts it for a login."""

import argparse
import shutil
import sys
import tempfile

from hashed_codes import START, Host, totp

# As many attempts as RATE_LIMIT allows, just before the first login.
LINE = f'" FRONT_END_ATTEMPTS {START + 27} {START + 28} {START + 29}'


def check_kept(host, what):
    """Checks that the line has not changed."""
    kept = [line for line in host.lines() if "FRONT_END" in line]
    if kept != [LINE]:
        raise AssertionError(f"after {what} the line is {kept}")


def no_login_counts_the_line(host):
    """Each module makes three logins, right and wrong, with a full line in the file."""
    for service in ("theirs", "ours"):
        host.time = START
        host.write_secret((LINE, '" RATE_LIMIT 3 90', '" DISALLOW_REUSE', '" TOTP_AUTH', "12345678"))
        host.log_in(service, lambda _: "000000", "refused")
        check_kept(host, f"a wrong code, {service}")
        host.log_in(service, totp, "in")
        check_kept(host, f"a code, {service}")
        host.log_in(service, lambda _: "12345678", "in")
        check_kept(host, f"an emergency code, {service}")
        # The other line counts the attempts of logins.
        host.log_in(service, totp, "refused")


def main():
    """Runs the test."""
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("module", "peer", "worker", "faketime"):
        parser.add_argument(f"--{option}", required=True)
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="front-end-line.")
    try:
        host = Host(arguments, folder)
        no_login_counts_the_line(host)
        host.worker.close()
        print("ok no_login_counts_the_line")
    except (AssertionError, RuntimeError) as problem:
        print(f"not ok no_login_counts_the_line: {problem}")
        return 1
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
