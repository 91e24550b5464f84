# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll bulk, killed at random moments, and with every call that changes a file
failing in turn. Whatever happens, whoever is enrolled has his output, and the run after
it finishes the rest."""

import itertools
import os
import random
import signal
import subprocess
import time

from bulk_host import Host, check_whole
from case import seed
from support import check, equal, need, test

FORMATS = "svg,html,txt,csv,json"
SEED = seed()


def many(count):
    return [f"user{number}" for number in range(count)]


def kill_once(host, seconds, number, *arguments):
    """Starts a run, and kills it after so long; True where that was in time."""
    with subprocess.Popen(host.arguments(*arguments, formats=FORMATS), env=host.environment(),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, number)
        errors = child.communicate()[1].decode()
        check(child.returncode in (0, -number), f"status {child.returncode}: {errors}")
        return child.returncode == -number


def check_output(host):
    """Between two runs: nobody is enrolled whose letter is not there, or aside."""
    for user in host.enrolled():
        path = host.out / f"{user}.txt"
        check(path.exists() and f"secret={host.secret(user)}&" in path.read_text(),
              f"{user} is enrolled without a letter")


def clear(host):
    for path in list(host.store.iterdir()) + list(host.out.rglob("*")):
        if not path.is_dir():
            path.unlink()


def kill_again_and_again(host, number, times):
    """The moments are spread over what one run takes here."""
    luck = random.Random(SEED)
    before = time.monotonic()
    equal(host.run(formats=FORMATS).status, 0, "a whole run")
    whole = time.monotonic() - before
    killed = 0
    for _ in range(times):
        clear(host)
        while kill_once(host, luck.uniform(0, 1.1 * whole), number):
            killed += 1
            check_output(host)
        done = host.run(formats=FORMATS)
        equal((done.status, check_whole(host, FORMATS)), (0, set(host.users)),
              f"after the last run (seed {SEED}): {done.errors}")
    print(f"# seed {SEED}: killed {killed} times")
    check(killed > times // 2, "hardly ever killed in time")


@test
def killed_at_any_moment(folder):
    kill_again_and_again(Host(folder, many(600)), signal.SIGKILL, 3)


@test
def killed_at_any_moment_with_secrets_in_homes(folder):
    host = Host(folder, many(60))
    host.make_homes()
    luck = random.Random(SEED)
    for _ in range(8):
        if not kill_once(host, luck.uniform(0, 0.6), signal.SIGKILL):
            break
        check_output(host)
    equal(host.run(formats=FORMATS).status, 0, "the last run")
    equal(check_whole(host, FORMATS), set(host.users), f"enrolled (seed {SEED})")


@test
def interrupted_at_any_moment(folder):
    """A signal that can be caught leaves nothing half done, not even aside."""
    host = Host(folder, many(600))
    luck = random.Random(SEED + 1)
    interrupted = 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) * 3:
        if kill_once(host, luck.uniform(0, 0.4), number):
            interrupted += 1
            if host.out.exists() and (host.out / "letters.html").exists():
                check_whole(host, FORMATS)
    equal(host.run(formats=FORMATS).status, 0, "the last run")
    equal(check_whole(host, FORMATS), set(host.users), f"enrolled (seed {SEED})")


CALLS = "openat,write,pwrite64,renameat,renameat2,fsync,syncfs,ftruncate,unlinkat,fchmod"


def trace(host, call, *options):
    """A run under strace, and what that saw of one call."""
    path = host.top / "trace"
    done = host.run(command=[
        "env", "-u", "LD_PRELOAD", "strace", "-qq", "-e", f"trace={call}", *options, "-o",
        str(path), "-E", f"LD_PRELOAD={host.wrapper}", *host.arguments(formats=FORMATS)])
    return done, path.read_text()


def first_of_ours(host, call):
    """Before it opens the folder the program opens libraries and the user database,
    whose failures are not the matter here."""
    lines = trace(host, call)[1].splitlines()
    return next((n for n, line in enumerate(lines, 1) if f'"{host.out}"' in line), 1)


@test
def every_call_fails_in_turn(folder):
    need("strace")
    host = Host(folder, many(3))
    failures = 0
    host.run(formats=FORMATS)
    for call in CALLS.split(","):
        clear(host)
        for when in itertools.count(first_of_ours(host, call)):
            clear(host)
            done, seen = trace(host, call, "-e", f"inject={call}:error=ENOSPC:when={when}")
            if "(INJECTED)" not in seen:
                break
            failed = next(line for line in seen.splitlines() if "(INJECTED)" in line)
            # Of libraries, which may well end the program then.
            if 'AT_FDCWD, "/' in failed and str(host.top) not in failed:
                continue
            failures += 1
            what = f"{failed}: {done.errors}"
            check(done.status in (0, 6, 7), f"{what}: status {done.status}")
            if host.enrolled():
                check_output(host)
            done = host.run(formats=FORMATS)
            equal(done.status, 0, f"the run after {what}: {done.errors}")
            equal(check_whole(host, FORMATS), set(host.users), f"after {what}")
    print(f"# {failures} calls failed")
    check(failures > 50, "hardly any call failed")
