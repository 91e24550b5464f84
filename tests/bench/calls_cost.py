# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the system calls of a login beside the peer's.

    sudo top_builddir=BUILD tests/bench/calls_cost.py [ROW...]

These are the calls of libpam and the module from pam_start() to pam_end(), of the second of two
logins, so that what a process does once is not among them. login_cost.py lists the module's.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root
from login_cost import PASSWD, PEER_MODULE, SECRET, Machine, has_peer
from one_time_code import Secret

ROWS = {"login-calls": ("ours", False), "login-calls-durable": ("ours", True),
        "login-calls-state": ("state", True)}
PEER = "peer"


def trace(machine, service, code):
    """The system calls of a login as strace writes them."""
    output = machine.top / "calls"
    subprocess.run(["strace", "-f", "-s", "80", "-o", output, rounds.program(
        "tests/bench/login_path"), machine.services, service, "nobody", code, "2"], check=True)
    lines = re.sub(r"^\d+ +", "", output.read_text(encoding="utf-8", errors="replace"),
                   flags=re.M).splitlines()
    begin = max(i for i, line in enumerate(lines) if '"BEGIN"' in line)
    end = max(i for i, line in enumerate(lines) if '"END"' in line)
    return [line for line in lines[begin + 1:end] if not line.startswith(("---", "+++"))]


def count(machine, row):
    """Counts ours and the peer's."""
    service, spends = ROWS[row]
    secret = Secret.of_base32(SECRET)
    # Both of two logins with the same code are let in where the first does not spend it.
    lines = ['" WINDOW_SIZE 17'] + (['" RATE_LIMIT 100 30'] if spends else [])
    numbers = {}
    for one in (service, PEER):
        machine.write(machine.secret, *lines)
        numbers[one] = len(trace(machine, one, secret.code()))
    rounds.report(row, numbers[service], numbers[PEER])


def main():
    """Counts for the wanted rows."""
    wanted = rounds.wanted(ROWS)
    rounds.need_private_machine(wanted)
    if shutil.which("strace") is None or not has_peer():
        rounds.skip(wanted, f"strace or {PEER_MODULE} is missing (packages strace, "
                    "libpam-google-authenticator)")
        return
    private_root.enter()
    with open("/etc/passwd", "w", encoding="ascii") as file:
        file.write(PASSWD)
    log = subprocess.Popen([rounds.program("tests/bench/verify_cost"), "drain", "/dev/log"],
                           stdout=subprocess.PIPE)
    log.stdout.readline()
    os.umask(0o022)
    top = pathlib.Path(tempfile.mkdtemp(prefix="calls-cost.", dir="/var/tmp"))
    try:
        machine = Machine(top)
        for row in wanted:
            count(machine, row)
    finally:
        shutil.rmtree(top)
        log.kill()
        log.wait()


if __name__ == "__main__":
    main()
