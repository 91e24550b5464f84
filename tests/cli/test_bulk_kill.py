# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll bulk is killed and interrupted at random moments, and its system calls fail.
Afterwards every user who is enrolled has a letter, and the next run finishes the rest.

`make check` runs a short form with a random sample. With TOTPGROUP_LONG=1 in the environment
every call fails once and is killed once, and the runs are longer."""

import collections
import os
import random
import re
import signal
import subprocess
import time

from bulk_host import Host, check_whole
from case import LONG, seed
from support import check, equal, need, test

FORMATS = "svg,html,txt,csv,json"
SEED = seed()

# The calls that change files.
CALLS = "openat,write,pwrite64,sendfile,renameat,renameat2,fsync,syncfs,ftruncate,unlinkat,fchmod"
SAMPLE = 20


def many(count):
    return [f"user{number}" for number in range(count)]


def kill_after(host, seconds, number):
    """Starts a run and sends it a signal after some time. Tells whether that ended it."""
    with subprocess.Popen(host.arguments(formats=FORMATS), env=host.environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, number)
        errors = child.communicate()[1].decode()
        check(child.returncode in (0, -number), f"status {child.returncode}: {errors}")
        return child.returncode == -number


def check_letters(host):
    """Between two runs every user who is enrolled has a letter with the right secret."""
    for user in host.enrolled():
        path = host.out / f"{user}.txt"
        check(path.exists() and f"secret={host.secret(user)}&" in path.read_text(),
              f"{user} is enrolled without a letter")


def finish(host, what):
    """The next run enrolls everyone, and leaves nothing else behind."""
    done = host.run(formats=FORMATS)
    equal((done.status, check_whole(host, FORMATS)), (0, set(host.users)),
          f"the run after {what}: {done.errors}")


def clear(host):
    for path in list(host.store.iterdir()) + list(host.out.rglob("*")):
        if not path.is_dir():
            path.unlink()


@test
def a_run_that_was_killed_at_any_moment_can_be_finished(folder):
    """The moments are spread over the time of a whole run. When a run ends before its moment,
    it is checked and the next one begins with nothing."""
    host = Host(folder, many(600 if LONG else 80))
    luck = random.Random(SEED)
    before = time.monotonic()
    finish(host, "nothing")
    whole = time.monotonic() - before
    clear(host)
    for _ in range(200 if LONG else 10):
        while not kill_after(host, luck.uniform(0, whole), signal.SIGKILL):
            finish(host, "a kill")
            clear(host)
            whole *= 0.8
        check_letters(host)
    finish(host, "a kill")


@test
def the_same_holds_for_secrets_in_home_folders(folder):
    host = Host(folder, many(60 if LONG else 12))
    host.make_homes()
    luck = random.Random(SEED)
    for _ in range(8):
        if not kill_after(host, luck.uniform(0, 0.6), signal.SIGKILL):
            break
        check_letters(host)
    finish(host, "a kill")


@test
def a_signal_that_can_be_caught_leaves_nothing_half_done(folder):
    host = Host(folder, many(600 if LONG else 80))
    luck = random.Random(SEED + 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * (3 if LONG else 1):
        if kill_after(host, luck.uniform(0, 0.4), number) and (host.out / "letters.html").exists():
            check_whole(host, FORMATS)
    finish(host, "a signal")


def trace(host, call, *options):
    """A run under strace, and what strace saw of the calls."""
    path = host.top / "trace"
    done = host.run(command=[
        "env", "-u", "LD_PRELOAD", "strace", "-qq", "-e", f"trace={call}", *options, "-o",
        str(path), "-E", f"LD_PRELOAD={host.wrapper}", *host.arguments(formats=FORMATS)])
    return done, path.read_text()


def find_points(host):
    """The calls of a run, each as its name and its number among those of that name. Before
    the program opens the folder it opens libraries and the user database; those calls, and
    later ones of libraries, are left out."""
    numbers, points, ours = collections.Counter(), [], False
    clear(host)
    for line in trace(host, CALLS)[1].splitlines():
        call = re.match(r"\w+", line)[0]
        numbers[call] += 1
        ours = ours or f'"{host.out}"' in line
        if ours and ('AT_FDCWD, "/' not in line or str(host.top) in line):
            points.append((call, numbers[call]))
    check(len(points) > 50, f"hardly any call: {points}")
    return points if LONG else random.Random(SEED).sample(points, SAMPLE)


def inject_everywhere(folder, what, statuses):
    need("strace")
    host = Host(folder, many(3))
    finish(host, "nothing")
    for call, number in find_points(host):
        clear(host)
        done, seen = trace(host, call, "-e", f"inject={call}:{what}:when={number}")
        where = f"{what} at {call} {number}"
        check("INJECTED" in seen or done.status < 0 or done.status > 128, f"{where}: not reached")
        check(done.status in statuses,
              f"{where}: status {done.status} {seen} {done.errors}")
        check_letters(host)
        finish(host, where)


@test
def a_run_that_was_killed_at_any_call_can_be_finished(folder):
    inject_everywhere(folder, "signal=KILL", (-signal.SIGKILL, 128 + signal.SIGKILL))


@test
def a_run_in_which_any_call_failed_can_be_finished(folder):
    inject_everywhere(folder, "error=ENOSPC", (0, 6, 7))
