# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures the status of a group of 10,000 enrolled users, beside reading the same files in a loop.

    sudo top_builddir=BUILD tests/bench/status_cost.py [ROW...]
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root
from bulk_cost import have

ROWS = {"status": (), "status-json": ("--json",)}
# The loop beside them, with what a status cannot leave out.
FLOOR = "status-floor"
USERS, ROUNDS = 10000, 5
SECRET = """\
JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP
" RATE_LIMIT 3 30
" WINDOW_SIZE 3
" DISALLOW_REUSE 58000000
" TOTP_AUTH
12345678
23456789
34567890
45678901
56789012
"""


def enroll(work):
    """Writes the secrets and the configuration."""
    secrets = work / "secrets"
    secrets.mkdir(mode=0o700)
    for number in range(1, USERS + 1):
        path = secrets / f"user{number}"
        path.write_text(SECRET, encoding="ascii")
        path.chmod(0o400)
    conf = pathlib.Path(private_root.TOP) / "t.conf"
    conf.write_text(f"secret={secrets}/${{USER}}\nuser=root\n", encoding="ascii")
    return secrets, conf


def status(conf, flags, output):
    """Prints the status into a file, which is checked once."""
    with open(output, "w", encoding="utf-8") as file:
        subprocess.run([rounds.program("totp-enroll"), "status", f"--conf={conf}", "--group=totp",
                        *flags], check=True, stdout=file)


def check(output, flags):
    """Ends the program unless all users are in the output."""
    text = output.read_text(encoding="utf-8")
    count = len(json.loads(text)["users"]) if flags else text.count("user")
    if count < USERS:
        sys.exit(f"status_cost: {count} of {USERS} users are in the output")


def read(secrets, output, *words):
    """Reads the files in a loop."""
    with open(output, "w", encoding="utf-8") as file:
        subprocess.run([rounds.program("tests/bench/read_cost"), secrets, *words], check=True,
                       stdout=file)


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted([*ROWS, FLOOR])
    rounds.need_private_machine(wanted)
    private_root.enter()
    have(USERS)
    with tempfile.TemporaryDirectory(prefix="status-cost.", dir="/var/tmp") as folder:
        work = pathlib.Path(folder)
        secrets, conf = enroll(work)
        os.sync()
        output = work / "output"
        for row in wanted:
            def ours(of=row):
                if of == FLOOR:
                    read(secrets, output, "parse")
                else:
                    status(conf, ROWS[of], output)

            ours()
            check(output, row != FLOOR and ROWS[row])
            rounds.measure(row, lambda work=ours: rounds.seconds(work),
                           lambda: rounds.seconds(read, secrets, os.devnull), ROUNDS)


if __name__ == "__main__":
    main()
