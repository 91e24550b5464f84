# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power is cut at each point of a login, on each disk that could be left: the writes, renames and
syncs of the login are recorded, and played up to that point. What was not synced is lost as a whole,
or by sectors of 512 bytes and of 4 KiB and by names. On each such disk

  - a code that was answered with success is spent, and so is one of an earlier login;
  - an attempt that was answered is counted;
  - the next login works without help.

test_power_cut.py does the same at the end of a login, with the file systems themselves."""

import os
import random
import shutil

from case import BUILD, check, equal, seed
from outside_logins import (APART, NEXT, TIMED, Host, Isolated, Login, logins, number_of_times)
from recording import CALLS, UNKNOWN, Disk, Recording
from scenario import Attempt
from side_by_side import Worker

SECTORS = (512, 4096)
# Its text needs more than two of the small ones.
WIDE = Login("a state of several sectors", TIMED, None, options=APART,
             spends=tuple(str(code) for code in range(40_000_000, 40_000_030)))

test = Isolated()


class RecordedHost(Host):
    """Whose login is recorded, and whose disk is then replaced."""

    def record(self):
        """A login: the disk before it, and its recording."""
        self.reset()
        disk = Disk(str(self.path))
        disk.begin()
        trace = str(self.path) + ".trace"
        result, _ = self.log_in(self.answer, "strace", "-y", "-xx", "-s", "1000000", "-o", trace,
                                "-e", f"trace={CALLS},{UNKNOWN}")
        equal(result, self.login.result, f"{self.login.name}, undisturbed")
        with open(trace, encoding="ascii") as stream:
            return disk, Recording(self.durable(stream.read()))

    @staticmethod
    def durable(text):
        """A write that is synced before it returns is a write and a sync."""
        lines = []
        for line in text.splitlines():
            lines.append(line)
            if line.startswith("pwritev2(") and "RWF_DSYNC" in line and not line.endswith(")"):
                lines.append(f"fsync({line.partition('(')[2].partition(',')[0]}) = 0")
        return "\n".join(lines)

    def put_disk(self, files):
        for folder in (self.home, self.path / "state"):
            shutil.rmtree(folder, ignore_errors=True)
        for path in sorted(files):
            if files[path] is None:
                os.makedirs(path, 0o700, exist_ok=True)
        for path, data in files.items():
            if data is not None and not path.startswith(f"{self.confdir}/"):
                with open(path, "wb") as stream:
                    os.fchmod(stream.fileno(), 0o600)
                    stream.write(data)


class Judge:
    """Logs in on a disk that a power cut left."""

    def __init__(self, host):
        self.host = host
        self.worker = Worker(str(BUILD / "tests/compat/login_worker"), str(host.confdir), "")

    def log_in(self, code):
        return self.worker.log_in("login", "root", Attempt("-", "192.0.2.7", code))[0]

    def good_again(self, files, answered):
        """The codes that were spent and let in; fails where something else is wrong."""
        host = self.host
        host.put_disk(files)
        counted = number_of_times(host.texts())
        check(counted >= number_of_times(host.before) + (answered and host.login.result != "in"
              and "RATE_LIMIT" in host.login.lines), "an attempt is not counted")
        spent = host.spent() + [host.answer] * (answered and host.login.result == "in")
        again = [code for code in spent if self.log_in(code) == "in"]
        equal((self.log_in(NEXT), self.log_in(NEXT)), ("in", "refused"), "the next login")
        return again


def cut_everywhere(host, rng, syncs=True):
    """Tries the disks of each point. Returns how many, and what is wrong: where a code was good again."""
    disk, recording = host.record()
    if not syncs:
        disk.sync = lambda path: None
    judge, answered, tried, wrong = Judge(host), False, 0, []
    for at, call in enumerate(recording.play(disk)):
        answered = answered or call == "answer"
        left = [files for sector in SECTORS for files in disk.after_a_cut(sector, rng)]
        for files in {repr(sorted(files.items())): files for files in left}.values():
            where = f"{host.login.name}, after call {at + 1}, {call}"
            try:
                wrong += [f"{where}: {code}" for code in judge.good_again(files, answered)]
            except AssertionError as problem:
                wrong.append(f"{where}: {problem}")
            tried += 1
    judge.worker.close()
    check(answered and tried > 0, f"{host.login.name}: nothing was recorded")
    return tried, wrong


def hosts(folder):
    for number, login in enumerate((*logins(), WIDE)):
        path = folder.path / str(number)
        path.mkdir()
        yield RecordedHost(path, login)


@test
def a_login_is_never_forgotten_wherever_the_power_is_cut(folder):
    rng = random.Random(seed())
    for host in hosts(folder):
        tried, wrong = cut_everywhere(host, rng)
        print(f"# {host.login.name}: {tried} disks", flush=True)
        check(not wrong, "; ".join(wrong[:3]))


@test
def without_syncs_it_would_be(folder):
    """What shows that the disks are those of a power cut."""
    rng = random.Random(seed())
    for host in hosts(folder):
        if host.login.result != "in":
            continue
        wrong = cut_everywhere(host, rng, syncs=False)[1]
        check(wrong, f"{host.login.name}: nothing is wrong")
        print(f"# {wrong[0]}")
