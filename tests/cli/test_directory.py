# SPDX-License-Identifier: LGPL-2.1-or-later
"""Large directories: how often they are asked, what that takes, and what is shown meanwhile.
crowd.c plays the directory."""

import collections
import json
import os
import re
import subprocess

import pexpect

from case import BUILD
from support import PATIENCE, PROGRAM, Skip, check, equal, need_root, test

USERS = 300

Done = collections.namedtuple("Done", "status output errors counts")


class Crowd:
    """A directory of so many users, all in the group `crowd`, and the program run with it."""

    def __init__(self, folder, users=USERS, listed=0):
        need_root()
        self.top = folder.path
        self.top.chmod(0o755)
        self.users, self.listed = users, listed
        self.library = BUILD / ".libs" / "crowd.so"
        if not self.library.exists():
            raise Skip(f"{self.library} was not built")
        self.counts = self.top / "counts"
        self.conf = self.top / "conf"
        self.configure("")

    def configure(self, text):
        self.conf.write_text(text)
        self.conf.chmod(0o600)

    def keep_apart(self, owner, uid):
        """Secrets are in a folder of that user's."""
        store = self.top / "store"
        store.mkdir(mode=0o700)
        os.chown(store, uid, 100)
        self.configure(f"secret={store}/${{USER}}\nuser={owner}\n")

    def make_homes(self):
        for number in range(1, self.users + 1):
            home = self.top / "home" / f"user{number}"
            home.mkdir(parents=True, exist_ok=True)
            os.chown(home, 100000 + number, 100)

    def command(self, *words):
        return [PROGRAM, words[0], f"--conf={self.conf}", *words[1:]]

    def environment(self, **changes):
        return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8",
                "TERM": "xterm", "LD_PRELOAD": str(self.library),
                "CROWD_USERS": str(self.users), "CROWD_LISTED": str(self.listed),
                "CROWD_HOMES": str(self.top / "home"), "CROWD_COUNTS": str(self.counts),
                **changes}

    def run(self, *words, names="", **changes):
        done = subprocess.run(self.command(*words), input=names, capture_output=True, text=True,
                              timeout=PATIENCE, check=False, cwd=self.top,
                              env=self.environment(**changes))
        counts = {name: int(calls) for name, calls in
                  (line.split() for line in self.counts.read_text().splitlines())}
        return Done(done.returncode, done.stdout, done.stderr, counts)

    def dry_run(self, *words, **more):
        return self.run("bulk", "--dry-run", f"--output={self.top}/out", "--format=svg", *words,
                        **more)

    def names(self):
        return {f"user{number}" for number in range(1, self.users + 1)}

    def peak(self, *words):
        """The largest resident memory of the program, in KiB."""
        measure = BUILD / "tests" / "bench" / "peak_memory"
        if not measure.exists():
            raise Skip(f"{measure} was not built")
        changes = [f"{name}={value}" for name, value in self.environment().items()]
        done = subprocess.run([measure, "env", *changes, *self.command(*words)],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=PATIENCE, check=False, cwd=self.top)
        return int(done.stderr.splitlines()[-1])

    def on_a_terminal(self, *words, **changes):
        """What standard error shows while standard output goes to a file."""
        child = pexpect.spawn("/bin/sh", ["-c", f'exec "$@" >{self.top}/output', "sh",
                                          *self.command(*words)],
                              env=self.environment(**changes), dimensions=(24, 80),
                              timeout=PATIENCE, encoding="utf-8")
        child.expect(pexpect.EOF)
        child.wait()
        return child.before


def same_counts(done, **expected):
    rest = {"getpwuid": 0, "getgrgid": 0, "getgrouplist": 0}
    seen = {name: calls for name, calls in done.counts.items() if name != "getpwent"}
    equal(seen, {**rest, **expected}, "calls")


@test
def status_asks_only_for_those_who_were_not_listed(folder):
    for listed in (0, USERS // 2, USERS):
        crowd = Crowd(folder, listed=listed)
        done = crowd.run("status", "--group=crowd", "--json")
        equal(done.status, 7, "the exit status")
        users = {user["user"]: user["state"] for user in json.loads(done.output)["users"]}
        equal(users, {**dict.fromkeys(crowd.names(), "not-enrolled"), "gone": "unknown-user"},
              "the users")
        same_counts(done, getpwnam=USERS - listed + 1, getgrnam=1)
        equal(done.counts["getpwent"], listed + 1, "passes over the database")


@test
def a_dry_run_asks_only_for_those_who_were_not_listed(folder):
    for listed in (0, USERS // 2, USERS):
        crowd = Crowd(folder, listed=listed)
        crowd.make_homes()
        done = crowd.dry_run("--json", "--group=crowd")
        users = collections.Counter(
            (user["user"], user["result"]) for user in json.loads(done.output)["users"])
        equal(users, collections.Counter(
            {**{(name, "created"): 1 for name in crowd.names()}, ("gone", "skipped"): 1}),
            "the users")
        same_counts(done, getpwnam=USERS - listed + 1, getgrnam=1)
        equal(done.counts["getpwent"], 2 * (listed + 1), "two passes over the database")


@test
def a_list_of_names_is_looked_up_once_each(folder):
    crowd = Crowd(folder)
    names = sorted(crowd.names()) + ["gone"]
    done = crowd.dry_run("--json", names="\n".join(names))
    equal([user["user"] for user in json.loads(done.output)["users"]], names, "the users")
    same_counts(done, getpwnam=USERS + 1, getgrnam=0)


@test
def the_owner_of_all_secrets_is_looked_up_once(folder):
    crowd = Crowd(folder)
    crowd.keep_apart("keeper", 99999)
    done = crowd.run("status", "--group=crowd", "--json")
    check(f"{crowd.top}/store/user1" in done.output, "the file is the keeper's")
    same_counts(done, getpwnam=USERS + 1 + 1, getgrnam=1)
    same_counts(crowd.dry_run("--group=crowd"), getpwnam=USERS + 1 + 1, getgrnam=1)


@test
def memory_does_not_grow_with_the_group(folder):
    for words in (["status"], ["status", "--json"],
                  ["bulk", "--dry-run", f"--output={folder.path}/out", "--format=svg"]):
        few, many = (peak(Crowd(folder, users), words) for users in (1000, 20000))
        print(f"# {words}: {few} KiB for 1,000 users, {many} KiB for 20,000")
        check(many < few * 1.4, f"{words}: {few} KiB for 1,000 users, {many} KiB for 20,000")


def peak(crowd, words):
    crowd.configure(f"secret={crowd.top}/store/${{USER}}\nuser=root\n")
    return crowd.peak(*words, "--group=crowd")


BAR = r"\r\x1b\[K *([0-9]+)% \[#*\.*\] ([0-9]+) of ([0-9]+) users, [0-9]+/s, [0-9:]+ left"


@test
def status_and_a_dry_run_say_how_far_they_are_after_a_second(folder):
    dry_run = ["bulk", "--dry-run", f"--output={folder.path}/out", "--format=svg"]
    for words, total in ((["status"], USERS + 1), (["status", "--json"], USERS + 1),
                         (dry_run, USERS + 1)):
        crowd = Crowd(folder)
        crowd.make_homes()
        seen = crowd.on_a_terminal(*words, "--group=crowd", CROWD_CLOCK="100")
        bars = re.findall(BAR, seen)
        check(len(bars) > 10, f"{words}: {seen[-300:]!r}")
        equal({int(bar[2]) for bar in bars}, {total}, "of how many")
        check(int(bars[0][1]) > 0, "the first bar comes after a second")
        check(seen.endswith("\r\x1b[K"), f"the bar stands there still: {seen[-90:]!r}")
        seen = crowd.on_a_terminal(*words, "--group=crowd", CROWD_CLOCK="0")
        equal(seen, "", f"{words}: within a second")


@test
def the_database_is_read_with_progress(folder):
    crowd = Crowd(folder, listed=USERS)
    for words in (["status"], ["bulk", "--dry-run", f"--output={folder.path}/out"]):
        seen = crowd.on_a_terminal(*words, "--group=crowd", CROWD_CLOCK="100")
        check(re.search(r"\r\x1b\[K[0-9]+ accounts, [0-9]+/s", seen), repr(seen[:300]))


@test
def a_dry_run_promises_what_a_run_does(folder):
    """Names given twice, also far from each other, missing homes, and members who are unknown."""
    users = 600
    names = [f"user{number}" for number in (*range(1, users + 1), 1, 2, 600, 7)] + ["gone"]
    for name, words in (("user3", []), ("user599", ["--rotate"])):
        crowd = Crowd(folder, users)
        subprocess.run(["rm", "-rf", crowd.top / "home", crowd.top / "out"], check=True)
        crowd.make_homes()
        (crowd.top / "home" / name).rmdir()
        done = [crowd.run("bulk", f"--output={crowd.top}/out", "--format=txt", "--json", *words,
                          *dry, names="\n".join(names)) for dry in (["-n"], [])]
        dry, real = (collections.Counter(
            (user["user"], user["result"], user["reason"], user["message"])
            for user in json.loads(report.output)["users"]) for report in done)
        equal(dry - real, real - dry, f"{words}: what differs")
        check(any(user[:3] == (name, "failed", "store-error") for user in real), "no home")
        equal(sum(user[1] == "skipped" for user in real.elements()), 4, "named twice")
