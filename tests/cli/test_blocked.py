# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a user can do to her own file to keep root waiting: root's revoke works all the same, and
every other command comes to an end and says what is in the way."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys

from bulk_host import FIRST_UID, GID, Host, check_whole
from support import PATIENCE, PROGRAM, check, equal, need, test
from test_life import TOTP, wait_until_open

USERS = ("alice", "bob")
NAME = ".google_authenticator"

# Holds a lock.
LOCK = ("flock", "--no-fork")
HOLD = ("sh", "-c", "echo; exec sleep inf")
# Takes a lease for writing, which makes others wait who open the file, and ignores the kernel's
# wish that it be given back.
LEASE = """
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open(sys.argv[1], "r+")
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print(flush=True)
signal.pause()
"""


class Homes(Host):
    """Users with a secret in each home folder."""

    def __init__(self, folder, *users):
        super().__init__(folder, users or USERS)
        self.make_homes()
        for user in self.users:
            self.put(user)

    def file(self, user):
        return self.top / "home" / user / NAME

    def put(self, user, mode=0o600):
        self.file(user).write_text(TOTP)
        os.chown(self.file(user), FIRST_UID + self.users.index(user), GID)
        self.file(user).chmod(mode)

    @contextlib.contextmanager
    def as_user(self, user, *command):
        """Runs a command with the rights of a user, which prints a line when it is ready."""
        need("setpriv")
        uid = FIRST_UID + self.users.index(user)
        with subprocess.Popen(
                ["setpriv", f"--reuid={uid}", f"--regid={GID}", "--clear-groups", *command],
                stdout=subprocess.PIPE) as child:
            try:
                equal(child.stdout.readline(), b"\n", "what the user runs")
                yield
            finally:
                child.kill()

    def locked(self, user):
        need("flock")
        return self.as_user(user, *LOCK, self.file(user), *HOLD)

    def leased(self, user):
        return self.as_user(user, sys.executable, "-c", LEASE, self.file(user))

    def start(self, *words, **changes):
        return subprocess.Popen(
            [PROGRAM, words[0], f"--conf={self.conf}", *words[1:]], cwd=self.top,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.environment(**changes))

    def all_end(self, *commands):
        """Runs commands at the same time. Returns the status and the output of each."""
        children = [self.start(*words) for words in commands]
        ends = []
        for child in children:
            output, errors = child.communicate(timeout=PATIENCE)
            ends.append((child.returncode, output + errors))
        return ends


@test
def root_revokes_a_file_that_its_user_has_locked(folder):
    host = Homes(folder)
    with host.locked("alice"):
        [(status, output)] = host.all_end(("revoke", "--force", "alice", "bob"))
    equal((status, host.file("alice").exists(), host.file("bob").exists()), (0, False, False),
          output)


@test
def root_revokes_a_file_that_nobody_can_open(folder):
    host = Homes(folder)
    host.file("alice").chmod(0)
    with host.leased("bob"):
        [(status, output)] = host.all_end(("revoke", "--force", "alice", "bob"))
    equal((status, host.file("alice").exists(), host.file("bob").exists()), (0, False, False),
          output)


@test
def root_revokes_what_its_user_forbade_to_remove(folder):
    host = Homes(folder)
    homes = {user: host.file(user).parent for user in USERS}
    homes["alice"].chmod(0o500)
    homes["bob"].chmod(0)
    [(status, output)] = host.all_end(("revoke", "--force", "alice", "bob"))
    equal((status, host.file("alice").exists(), host.file("bob").exists()), (0, False, False),
          output)
    equal([home.stat().st_mode & 0o7777 for home in homes.values()], [0o500, 0], "modes")
    # What alice cannot change, root does not change for her.
    host.put("alice")
    os.chown(homes["alice"], 0, 0)
    [(status, output)] = host.all_end(("revoke", "--force", "alice"))
    equal((status, host.file("alice").exists()), (6, True), output)


@test
def what_is_behind_a_link_is_revoked_and_nothing_else_is(folder):
    host = Homes(folder)
    real = host.top / "home" / "alice" / "real"
    host.file("alice").rename(real)
    host.file("alice").symlink_to("real")
    with host.as_user("alice", *LOCK, real, *HOLD):
        [(status, output)] = host.all_end(("revoke", "--force", "alice"))
    equal((status, real.exists(), host.file("alice").is_symlink()), (0, False, True), output)
    # The user cannot remove that file, so root must not do it for her.
    real = host.top / "of-root"
    real.write_text(TOTP)
    host.file("alice").unlink()
    host.file("alice").symlink_to(real)
    [(status, output)] = host.all_end(("revoke", "--force", "alice"))
    equal((status, real.exists()), (6, True), output)


def every_command(host):
    """The status and the output of each command that may meet alice's file."""
    (host.top / "names").write_text("alice\nbob\n")
    words = {"enroll": ("-tdfWuCq", "alice"), "codes": ("--force", "alice"),
             "bulk": ("--rotate", f"--output={host.out}", "--users=names"),
             "status": ("alice",), "show": ("--force", "alice"), "doctor": ("alice",),
             "export": ("--force", "alice"), "verify": ("alice",)}
    ends = host.all_end(*[(name, *more) for name, more in words.items()])
    return dict(zip(words, ends))


@test
def other_commands_end_and_say_what_to_do(folder):
    host = Homes(folder)
    old = {user: host.secret(user) for user in USERS}
    with host.locked("alice"):
        ends = every_command(host)
    equal({name: ends[name][0] for name in ("enroll", "codes", "bulk", "status", "show")},
          {"enroll": 6, "codes": 6, "bulk": 7, "status": 0, "show": 0}, f"{ends}")
    for name in ("enroll", "codes", "bulk"):
        for words in ("locked by another process for 5 seconds", "lslocks", "revoke"):
            check(words in ends[name][1], f"{name}: {ends[name]}")
    equal(host.secret("alice"), old["alice"], "the secret")
    check(host.secret("bob") != old["bob"], "bob has his old secret")
    equal({entry.name for entry in host.out.iterdir()}, {"bob.html", "letters.html"}, "letters")


@test
def a_lease_keeps_no_command_waiting(folder):
    host = Homes(folder)
    old = host.secret("bob")
    with host.leased("alice"):
        ends = every_command(host)
    for name in ("enroll", "codes", "bulk", "show", "export"):
        check("a lease of another process" in ends[name][1], f"{name}: {ends[name]}")
        check(ends[name][0] in (6, 7), f"{name}: {ends[name]}")
    check(host.secret("bob") != old, "bob has his old secret")


@test
def what_is_no_file_keeps_no_command_waiting(folder):
    host = Homes(folder)
    for make in (os.mkfifo, os.mkdir):
        host.file("alice").unlink()
        make(host.file("alice"))
        os.chown(host.file("alice"), FIRST_UID, GID)
        ends = every_command(host)
        for name in ("enroll", "codes", "show"):
            check("not a regular file" in ends[name][1], f"{name}: {ends[name]}")
        [(status, output)] = host.all_end(("revoke", "--force", "alice", "bob"))
        equal((status, host.file("bob").exists()), (7, False), output)
        check("not a regular file" in output, output)
        host.put("bob")
        if make is os.mkfifo:
            for entry in host.out.iterdir():
                entry.unlink()


@test
def a_signal_ends_the_wait_of_a_rotation(folder):
    """Those who were still to come keep their secrets, and nothing is left of new ones."""
    users = ("alice", "bob", "carol", "dave")
    host = Homes(folder, *users)
    (host.top / "names").write_text("bob\nalice\ncarol\ndave\n")
    old = {user: host.secret(user) for user in users}
    with host.locked("alice"), host.locked("carol"):
        child = host.start("bulk", "--rotate", f"--output={host.out}", "--users=names",
                           "--format=txt")
        wait_until_open(child, host.file("alice"))
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate(timeout=PATIENCE)
    check("alice" in errors and "carol" not in errors, errors)
    equal([user for user in users if host.secret(user) != old[user]], ["bob"], output + errors)
    equal([entry.name for entry in host.out.iterdir()], ["bob.txt"], "the folder")
    # The same command does the rest.
    host.all_end(("bulk", "--rotate", f"--output={host.out}", "--users=names", "--format=txt"))
    equal([user for user in users if host.secret(user) == old[user]], [], "left out")
    equal(check_whole(host, "txt"), set(users), "enrolled")


@test
def a_user_is_told_what_to_do(folder):
    host = Homes(folder)
    with host.locked("alice"):
        done = subprocess.run(
            ["setpriv", f"--reuid={FIRST_UID}", f"--regid={GID}", "--clear-groups",
             str(share_program(host)), "revoke", "--force", "alice"], capture_output=True, text=True,
            timeout=PATIENCE, check=False, cwd="/", env=host.environment())
    equal(done.returncode, 6, done.stderr)
    check("lslocks" in done.stderr, done.stderr)
    check(host.file("alice").exists(), "removed without the lock")


def share_program(host):
    """A copy of the program that everybody may run."""
    path = host.top / "program"
    shutil.copy(PROGRAM, path)
    path.chmod(0o755)
    return path
