# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each call of totp-enroll fails in turn, from outside: the system calls by strace, each with the errors
that it can give, and those for memory by a library that is loaded before. enroll, bulk, import and
revoke are tried, with the secrets of a system store and a state apart. Whatever happens,

  - each secret is as before or as after, whole, and what is in the store is a secret;
  - status 0 says that all is done, and any other comes with a line that says why;
  - the next run does what is left.

The short mode takes some calls of each command at random; TOTPGROUP_LONG=1 takes all."""

import dataclasses
import os
import random
import re
import shutil
import subprocess

from case import BUILD, LONG, check, equal, seed
from outside_logins import Isolated
from test_every_call import ERRORS, LEFT_OUT

SAMPLE, MEMORY_SAMPLE = 8, 12
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TEXT = f'{SECRET}\n" DISALLOW_REUSE\n" TOTP_AUTH\n12345678\n'
USERS = ("nobody", "daemon")
# The first call that is tried opens it; those before load libraries.
CONFIGURATION = "totp-enroll.conf"

test = Isolated()


@dataclasses.dataclass
class Command:
    name: str
    words: tuple
    before: tuple = ()  # users who have a secret
    after: tuple = USERS
    again: tuple = ()  # more exit statuses of the next run, which may find nothing or a part to do


def commands():
    yield Command("enroll", ("enroll", "--if-missing", "--json", "nobody"), after=("nobody",),
                  again=(8,))
    yield Command("bulk", ("bulk", "--users=@/users", "--output=@/letters", "--format=txt"))
    yield Command("import", ("import", "--from=uri", "@/links"), again=(7,))
    yield Command("revoke", ("revoke", "--force", *USERS), before=USERS, after=(), again=(3, 7))


class Store:
    """A store of root's, and one command on it."""

    def __init__(self, path, command):
        self.path, self.command = path, command
        self.folders = [path / name for name in ("secrets", "state", "letters")]
        (path / CONFIGURATION).write_text(
            f"secret={path}/secrets/${{USER}}\nuser=root\nstate={path}/state/${{USER}}\n")
        (path / "users").write_text("".join(f"{user}\n" for user in USERS))
        (path / "links").write_text("".join(
            f"otpauth://totp/{user}?secret={SECRET}\n" for user in USERS))
        for name in ("links", CONFIGURATION):
            os.chmod(path / name, 0o600)
        program = BUILD / ".libs/totp-enroll"
        self.program = str(program if program.exists() else BUILD / "totp-enroll")

    def reset(self):
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(0o700)
        for user in self.command.before:
            with open(self.folders[0] / user, "w", encoding="ascii") as stream:
                os.fchmod(stream.fileno(), 0o400)
                stream.write(TEXT)

    def run(self, *before, **environment):
        words = [word.replace("@", str(self.path)) for word in self.command.words]
        return subprocess.run(
            [*before, self.program, words[0], f"--conf={self.path}/{CONFIGURATION}", *words[1:]],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            errors="replace", check=False, timeout=120,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment})

    def enrolled(self, where):
        """Who has a secret, each of which is whole."""
        found = set()
        for user in USERS:
            path = self.folders[0] / user
            if not path.exists():
                continue
            text = path.read_text(encoding="ascii", errors="replace")
            check(re.fullmatch(r'[A-Z2-7]{16,}\n(?:(?:" [^\n]*|\d{8})\n)+', text),
                  f"{where}: {user} has {text!r}")
            if user in self.command.before:
                equal(text, TEXT, f"{where}: the secret of {user}")
            found.add(user)
        return found

    def judge(self, done, where):
        """What is true whatever happened."""
        after, before = set(self.command.after), set(self.command.before)
        found = self.enrolled(where)
        check(found | before | after == before | after, f"{where}: {found} have a secret")
        # libgcrypt ends the process where it cannot find out whether the kernel is in FIPS mode.
        check(0 <= done.returncode < 128 or done.returncode == -6,
              f"{where}: ended with {done.returncode}: {done.stderr}")
        if done.returncode == 0:
            equal(found, after, f"{where}: done, with {done.stderr!r}")
        elif done.returncode > 0:
            said = [line for line in (done.stderr + done.stdout).splitlines() if line]
            check(said, f"{where}: {done.returncode} without a word")
        again = self.run()
        check(again.returncode in (0, *self.command.again),
              f"{where}: the next run gives {again.returncode}: {again.stderr}")
        equal(self.enrolled(where), after, f"{where}: after the next run: {again.stderr}")

    def calls(self):
        """Each system call of the command behind its first look at the configuration."""
        self.reset()
        log = self.path / "calls"
        done = self.run("strace", "-o", str(log))
        equal((done.returncode, self.enrolled("undisturbed")), (0, set(self.command.after)),
              f"{self.command.name}, undisturbed: {done.stderr}")
        seen, found, inside = {}, [], False
        for line in log.read_text(errors="replace").splitlines():
            match = re.match(r"(\w+)\(", line)
            if not match:
                continue
            name = match.group(1)
            seen[name] = seen.get(name, 0) + 1
            inside = inside or name == "openat" and f'{CONFIGURATION}"' in line
            if inside and name not in LEFT_OUT:
                found.append((name, seen[name]))
        check(len(found) > 30, f"{self.command.name}: hardly any call: {found}")
        return found


def stores(folder):
    for command in commands():
        path = folder.path / command.name
        path.mkdir()
        yield Store(path, command)


@test
def a_system_call_that_fails_leaves_old_or_new(folder):
    rng = random.Random(seed())
    for store in stores(folder):
        every, reached = store.calls(), 0
        for name, number in every if LONG else rng.sample(every, SAMPLE):
            for error in ERRORS if LONG else rng.sample(ERRORS, 2):
                store.reset()
                log = store.path / "injected"
                done = store.run("strace", "-o", str(log), "-e", f"trace={name}", "-e",
                                 f"inject={name}:error={error}:when={number}")
                reached += "INJECTED" in log.read_text(errors="replace")
                store.judge(done, f"{store.command.name}, {name} {number}, {error}")
        check(reached > 0, f"{store.command.name}: no call was reached")
        print(f"# {store.command.name}: {len(every)} calls, {reached} trials", flush=True)


@test
def memory_that_runs_out_leaves_old_or_new(folder):
    rng = random.Random(seed())
    for store in stores(folder):
        def run(at, store=store):
            store.reset()
            return store.run(LD_PRELOAD=str(BUILD / ".libs/failing_memory.so"), FAIL_AT=str(at),
                             FAIL_COUNT=str(store.path / "count"))

        equal(run(0).returncode, 0, f"{store.command.name}, undisturbed")
        count = int((store.path / "count").read_text())
        check(count > 20, f"{store.command.name}: {count} calls for memory")
        for at in range(1, count + 1) if LONG else rng.sample(range(1, count + 1), MEMORY_SAMPLE):
            store.judge(run(at), f"{store.command.name}, memory {at}")
        print(f"# {store.command.name}: {count} calls for memory", flush=True)
