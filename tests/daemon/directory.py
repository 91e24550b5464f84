# SPDX-License-Identifier: LGPL-2.1-or-later
"""A directory of users, played by nss_directory.c, that answers when a test lets it."""

import fcntl
import os
import select
import shutil

from verifyd_host import DEADLINE, TOP, Skip, check

FOLDER = f"{TOP}/directory"
NSSWITCH = "/etc/nsswitch.conf"

# What the daemon needs to find the module.
ENVIRONMENT = {"LD_LIBRARY_PATH": FOLDER}


class Directory:
    """The directory behind the files of the private machine, until the machine ends."""

    def __init__(self, host):
        if "nss_directory" not in host.paths:
            raise Skip("nss_directory was not built")
        os.mkdir(FOLDER, 0o755)
        host.at_end(shutil.rmtree, FOLDER)
        shutil.copy(host.paths["nss_directory"], f"{FOLDER}/libnss_totptest.so.2")
        os.mkfifo(f"{FOLDER}/entered", 0o600)
        # Open for both, so that it never ends.
        self._entered = open(f"{FOLDER}/entered", "r+b", buffering=0)
        self._gate = open(f"{FOLDER}/gate", "w+b")
        self.close_gate()
        with open(NSSWITCH, encoding="ascii") as file:
            before = file.read()
        host.at_end(self._end, before)
        _write_nsswitch(before.replace("passwd: files", "passwd: files totptest"))
        # The daemon ends before the directory, so it must not wait for it any more.
        host.before_end(self.open_gate)

    def wait_for(self, count):
        """Waits until so many more lookups have come to the gate."""
        for number in range(count):
            ready, _, _ = select.select([self._entered], [], [], DEADLINE)
            check(ready, f"only {number} of {count} lookups came")
            self._entered.read(1)

    def waiting(self):
        """Whether another lookup has come to the gate."""
        return bool(select.select([self._entered], [], [], 0)[0])

    def close_gate(self):
        fcntl.flock(self._gate, fcntl.LOCK_EX)

    def open_gate(self):
        fcntl.flock(self._gate, fcntl.LOCK_UN)

    def _end(self, nsswitch):
        _write_nsswitch(nsswitch)
        self._entered.close()
        self._gate.close()


def _write_nsswitch(text):
    with open(NSSWITCH, "w", encoding="ascii") as file:
        file.write(text)
