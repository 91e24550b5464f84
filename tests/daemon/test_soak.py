# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins, calls of the daemon, enrollments, revocations and reloads from 16 processes at once: nothing
grows, and every counter is what a model says."""

import contextlib
import json
import os
import random
import subprocess
import sys
import threading
import time

from case import LONG, seed
from one_time_code import Secret
from verifyd_host import CONF, DEADLINE, STORE, TOP, USERS, WEB, Client, Skip, check, equal, test

SECONDS = 3600 if LONG else 60
WORKERS = 16
# What a process may be larger at the end than after a tenth of the time, in KiB: the C library's
# memory has gaps that come and go.
GROWTH = 512
PROCESS_FILES = (f"{TOP}/services", STORE, f"{TOP}/state", "/run/totpgroup")


def resident(pid):
    """Its private memory, in KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(next(line.split()[1] for line in file if line.startswith("RssAnon")))


def files():
    """The names of all files that the module, the daemon and the program write."""
    return sorted(name for folder in PROCESS_FILES for name in os.listdir(folder))


class Model:
    """What one user's counter should be, and what the processes do about it."""

    def __init__(self, host, name, numbers):
        self.host, self.name, self.numbers = host, name, numbers
        self.counter, self.done = None, {}
        self.module = subprocess.Popen(
            [host.paths["worker"], f"{TOP}/services"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)
        self.client = Client()
        self.error = None

    def code(self, right):
        """A right code, or one that is right for no counter near this one."""
        if right:
            return self.secret.hotp(self.counter)
        near = {self.secret.hotp(self.counter + i) for i in range(-2, 30)}
        return next(code for code in ("123456", "123457", "123458") if code not in near)

    def log_in(self, right):
        """Through PAM and the module."""
        self.module.stdin.write(f"-\ttest\t{self.name}\t-\t{self.code(right)}\n")
        equal(self.module.stdout.readline().split()[0] == "0", right, "a login")
        self.counter += right

    def verify(self, right):
        """Through the daemon."""
        equal(self.client.verify(self.name, self.code(right))[0],
              "accepted" if right else "refused", "a call")
        self.counter += right

    def enroll(self):
        """Enrolls anew."""
        done = json.loads(self.run("enroll", "--json", "--with-secret", "-c", "-f", "-u", "-e", "0"))
        self.secret, self.counter = Secret.of_base32(done["secret"]), 1

    def revoke(self):
        """Revokes: no code is good, until the user is enrolled again."""
        self.run("revoke", "-q", "-f")
        code = self.code(True)
        self.module.stdin.write(f"-\ttest\t{self.name}\t-\t{code}\n")
        check(self.module.stdout.readline().split()[0] != "0", "a revoked secret lets in")
        equal(self.client.verify(self.name, code)[0], "refused", "a revoked secret")
        self.enroll()

    def run(self, command, *words):
        """Runs totp-enroll about the user."""
        done = subprocess.run([self.host.paths["enroll"], command, *words, f"--conf={CONF}", self.name],
                              capture_output=True, text=True, timeout=DEADLINE, check=False,
                              stdin=subprocess.DEVNULL)
        equal(done.returncode, 0, f"{command}: {done.stderr}")
        return done.stdout

    def expect_counter(self):
        """The counter in the store is the model's."""
        text = self.host.read(self.name)
        check(f'" HOTP_COUNTER {self.counter}\n' in text, f"{self.name}: {text.count(chr(10))} lines "
              f"without the counter {self.counter}")

    def work(self, end):
        """Does this and that until that time."""
        try:
            while time.monotonic() < end and self.error is None:
                what = self.numbers.choices(("log_in", "verify", "enroll", "revoke"), (8, 8, 1, 1))[0]
                right = self.numbers.random() < 0.6
                if what in ("log_in", "verify"):
                    getattr(self, what)(right)
                    what += " right" if right else " wrong"
                else:
                    getattr(self, what)()
                self.done[what] = self.done.get(what, 0) + 1
                self.expect_counter()
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def close(self):
        """Ends its process."""
        self.module.stdin.close()
        self.module.wait(DEADLINE)
        self.module.stdout.close()
        self.client.close()


def measure(host, models):
    """Memory, descriptors and files, of the daemon and of the processes that log in."""
    pids = [host.daemon.pid] + [model.module.pid for model in models]
    return ([resident(pid) for pid in pids], [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids],
            files())


def work_until(host, models, end):
    """All work at once, and the daemon reads its configuration again and again."""
    threads = [threading.Thread(target=model.work, args=(end,)) for model in models]
    for thread in threads:
        thread.start()
    reloads = 0
    while any(thread.is_alive() for thread in threads):
        host.reload()
        reloads += 1
        threads[reloads % len(threads)].join(0.5)
    for model in models:
        if model.error is not None:
            raise AssertionError(f"{model.name}: {model.error}") from model.error
    return reloads


@test
def nothing_grows_and_every_counter_is_right(host):
    with open(host.paths["verifyd"], "rb") as program:
        if b"__asan" in program.read():
            raise Skip("a sanitizer keeps memory that was freed")
    numbers = random.Random(seed())
    host.write_users({**USERS, **{f"user{n}": (2000 + n, ("webtotp",)) for n in range(WORKERS)}})
    os.makedirs(f"{TOP}/state", mode=0o700)
    host.at_end(os.rmdir, f"{TOP}/state")
    host.configure(WEB + "[daemon]\n", "secret={store}/${{USER}}\nuser=root\nno_increment_hotp=yes\n")
    os.makedirs(f"{TOP}/services", exist_ok=True)
    with open(f"{TOP}/services/test", "w", encoding="ascii") as file:
        file.write(f"auth required {host.paths['module']} conf={CONF}\n"
                   "auth required pam_permit.so\n")
    host.start()
    with contextlib.ExitStack() as stack:
        models = []
        for number in range(WORKERS):
            models.append(Model(host, f"user{number}", random.Random(numbers.random())))
            stack.callback(models[-1].close)
            models[-1].enroll()
        begun = time.monotonic()
        reloads = work_until(host, models, begun + SECONDS / 10)
        before = measure(host, models)
        reloads += work_until(host, models, begun + SECONDS)
        after = measure(host, models)
    done = {}
    for model in models:
        for what, times in model.done.items():
            done[what] = done.get(what, 0) + times
    print(f"# {SECONDS} s, {WORKERS} processes: {sum(done.values())} pieces of work {done}, "
          f"{reloads} reloads; memory of the daemon {before[0][0]} and {after[0][0]} KiB, of the "
          f"others at most {max(before[0][1:])} and {max(after[0][1:])} KiB; descriptors "
          f"{sum(before[1])} and {sum(after[1])}", file=sys.stderr)
    for first, last in zip(before[0], after[0]):
        check(last <= first + GROWTH, f"memory grows: {before[0]} and {after[0]} KiB")
    # One that is being closed may be open still.
    for first, last in zip(before[1], after[1]):
        check(last <= first + 4, f"open files grow: {before[1]} and {after[1]}")
    equal(after[2], before[2], "files")
