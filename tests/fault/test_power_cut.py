# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power is cut at the moment when a login with an emergency code has returned: the
image of ext4, XFS or btrfs with the secret file is copied without an unmount or sync, and the copy
is mounted, which replays its journal. The spent code must be gone. With state= the module
itself is asked on the copy: every code that was spent is refused.

Data that was not synced is in the page cache of the mounted file system, and not in the
image. A file that was not synced shows that: it must be missing from the copy. The same
is done with pam_google_authenticator.so; the test prints how often its code is good
again, which is not a failure."""

import contextlib
import glob
import os
import shutil
import subprocess
import sys

from case import BUILD, LONG, SOURCE, Fixture, Skip, check
from support import Folder

sys.path[:0] = [str(SOURCE / "tests/compat")]
# pylint: disable=wrong-import-position
from scenario import Attempt
from side_by_side import Worker

TRIALS = 200 if LONG else 20

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SPENT, KEPT = "12345678", "23456789"
TIME = 1_700_000_025
MIB = 1 << 20


def library(package, *patterns):
    for pattern in patterns:
        for path in glob.glob(pattern):
            return path
    raise Skip(f"{os.path.basename(patterns[0])} is missing (package {package})")


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    if done.returncode != 0:
        raise Skip(f"{' '.join(command)}: {done.stdout.strip()}")


# How an image is made, its size, and how it is mounted. The file system itself commits nothing for
# minutes, so that only synced data is on the disk. The copy has the same id as the original.
SYSTEMS = {
    "ext4": (("mkfs.ext4", "-q", "-F", "-J", "size=4"), 16 * MIB, "loop,commit=300"),
    "xfs": (("mkfs.xfs", "-q", "-f"), 304 * MIB, "loop,nouuid"),
    "btrfs": (("mkfs.btrfs", "-q", "-f", "-m", "single"), 112 * MIB, "loop,commit=300"),
}


@contextlib.contextmanager
def mounted(image, folder, system="ext4"):
    run("mount", "-t", system, "-o", SYSTEMS[system][2], image, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


class Disk:
    """A file system in an image, and copies of it."""

    def __init__(self, folder, system="ext4"):
        self.system = system
        self.image, self.copy = os.path.join(folder, "image"), os.path.join(folder, "copy")
        self.folder, self.view = os.path.join(folder, "disk"), os.path.join(folder, "view")
        for path in (self.folder, self.view):
            os.mkdir(path)
        with open(self.image, "wb") as stream:
            stream.truncate(SYSTEMS[system][1])
        if shutil.which(SYSTEMS[system][0][0]) is None:
            raise Skip(f"{SYSTEMS[system][0][0]} is missing")
        run(*SYSTEMS[system][0], self.image)

    def cut_power(self):
        """Copies the image as it is now."""
        run("cp", "--sparse=always", self.image, self.copy)

    def files_after(self):
        """Returns the files in the home after the power cut: name and text."""
        files = {}
        with mounted(self.copy, self.view, self.system):
            home = os.path.join(self.view, "home")
            for name in os.listdir(home):
                with open(os.path.join(home, name), encoding="ascii") as stream:
                    files[name] = stream.read()
        return files


class Host:
    """A PAM service for each module, with the secret on the disk."""

    def __init__(self, disk, folder, modules):
        self.disk = disk
        self.home = os.path.join(disk.folder, "home")
        confdir = os.path.join(folder, "pam.d")
        os.mkdir(confdir)
        os.mkdir(self.home)
        for name, module in modules.items():
            with open(os.path.join(confdir, name), "w", encoding="ascii") as stream:
                stream.write(f"auth required {module} secret={self.home}/secret\n")
        faketime = library("faketime", "/usr/lib/*/faketime/libfaketime.so.1",
                           "/usr/lib*/faketime/libfaketime.so.1")
        self.worker = Worker(str(BUILD / "tests/compat/login_worker"), confdir, faketime)

    def write_secret(self):
        path = os.path.join(self.home, "secret")
        for name in os.listdir(self.home):
            os.unlink(os.path.join(self.home, name))
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f'{SECRET}\n" TOTP_AUTH\n{SPENT}\n{KEPT}\n')
        os.chmod(path, 0o600)
        run("sync", "--file-system", self.home)

    def trial(self, service):
        """Logs in with a code and cuts the power. Returns whether the code is good again."""
        self.write_secret()
        result = self.worker.log_in(service, "root", Attempt(TIME, "", SPENT))[0]
        with open(os.path.join(self.home, "unsynced"), "w", encoding="ascii"):
            self.disk.cut_power()
        if result != "in":
            raise AssertionError(f"{service}: the login gives {result}")
        files = self.disk.files_after()
        if "unsynced" in files:
            raise AssertionError("a file that was not synced is on the disk, so this proves nothing")
        if not files["secret"].startswith(SECRET) or KEPT not in files["secret"]:
            raise AssertionError(f"{service}: the secret file is damaged: {files['secret']!r}")
        return SPENT in files["secret"]


CODES = [str(code) for code in range(20_000_001, 20_000_001 + TRIALS)]
HEADER = b"totpgroup-state 1\n"


class StateHost:
    """The module with a separate state on the disk, and the same on the copy of the disk."""

    def __init__(self, disk, folder):
        self.disk = disk
        confdir = os.path.join(folder, "pam.d")
        os.mkdir(confdir)
        for name, top in (("now", disk.folder), ("after", disk.view)):
            with open(os.path.join(confdir, name), "w", encoding="ascii") as stream:
                stream.write(f"auth required {BUILD}/.libs/pam_totpgroup.so"
                             f" secret={folder}/secret state={top}/state/${{USER}}\n")
        with open(os.path.join(folder, "secret"), "w", encoding="ascii") as stream:
            stream.write("\n".join((SECRET, '" TOTP_AUTH', *CODES)) + "\n")
        os.chmod(os.path.join(folder, "secret"), 0o600)
        self.state = os.path.join(disk.folder, "state", "root")
        self.worker = Worker(str(BUILD / "tests/compat/login_worker"), confdir,
                             library("faketime", "/usr/lib/*/faketime/libfaketime.so.1",
                                     "/usr/lib*/faketime/libfaketime.so.1"))

    def log_in(self, service, code):
        """Returns whether the code lets in."""
        return self.worker.log_in(service, "root", Attempt(TIME, "", code))[0] == "in"

    def spend(self, code):
        """Spends a code, cuts the power, and mounts what is left at view for the caller."""
        check(self.log_in("now", code), f"{code} does not let in")
        with open(os.path.join(self.disk.folder, "unsynced"), "w", encoding="ascii"):
            self.disk.cut_power()
        os.unlink(os.path.join(self.disk.folder, "unsynced"))
        return mounted(self.disk.copy, self.disk.view)

    def good_again(self, spent):
        """Those of the spent codes that the module takes on the copy, which is mounted."""
        if os.path.exists(os.path.join(self.disk.view, "unsynced")):
            raise AssertionError("a file that was not synced is on the disk, so this proves nothing")
        return [code for code in spent if self.log_in("after", code)]


class Isolated(Fixture):
    """A folder, in a private mount namespace."""

    isolated = True

    def argument(self):
        return Folder()


test = Isolated()


@test
def an_emergency_code_stays_spent_after_a_power_cut(folder):
    modules = {"ours": str(BUILD / ".libs/pam_totpgroup.so"),
               "theirs": library("libpam-google-authenticator",
                                 "/lib/*/security/pam_google_authenticator.so",
                                 "/lib*/security/pam_google_authenticator.so",
                                 "/usr/lib*/security/pam_google_authenticator.so")}
    disk = Disk(str(folder.path))
    with mounted(disk.image, disk.folder):
        host = Host(disk, str(folder.path), modules)
        good_again = {name: sum(host.trial(name) for _ in range(TRIALS)) for name in modules}
        host.worker.close()
    print(f"# pam_google_authenticator.so: good again in {good_again['theirs']} of {TRIALS} trials")
    check(good_again["ours"] == 0,
          f"the spent code is good again in {good_again['ours']} of {TRIALS} trials")


def spend_on(folder, system):
    """Spends codes on another file system than ext4, and cuts the power after each."""
    disk = Disk(str(folder.path), system)
    with mounted(disk.image, disk.folder, system):
        host = Host(disk, str(folder.path), {"ours": str(BUILD / ".libs/pam_totpgroup.so")})
        good_again = sum(host.trial("ours") for _ in range(TRIALS // 4))
        host.worker.close()
    check(good_again == 0, f"good again in {good_again} of {TRIALS // 4} trials")


@test
def a_code_stays_spent_on_xfs(folder):
    spend_on(folder, "xfs")


@test
def a_code_stays_spent_on_btrfs(folder):
    spend_on(folder, "btrfs")


@test
def a_code_that_is_spent_in_place_stays_spent_after_a_power_cut(folder):
    disk = Disk(str(folder.path))
    with mounted(disk.image, disk.folder):
        host = StateHost(disk, str(folder.path))
        inodes = set()
        for spent, code in enumerate(CODES):
            with host.spend(code):
                check(host.good_again(CODES[:spent + 1]) == [], f"good again after login {spent + 1}")
            inodes.add(os.stat(host.state).st_ino)
        check(len(inodes) == 1, "the state was replaced")
        host.worker.close()


@test
def the_state_of_a_process_that_died_before_it_synced_the_folder_is_synced_by_the_next(folder):
    disk = Disk(str(folder.path))
    with mounted(disk.image, disk.folder):
        host = StateHost(disk, str(folder.path))
        os.mkdir(os.path.dirname(host.state), 0o700)

        def put(data):
            with open(f"{host.state}~", "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.rename(f"{host.state}~", host.state)

        put(HEADER + b'" END\n')
        check(host.log_in("now", CODES[0]), "the first login")
        with open(host.state, "rb") as file:
            replaced = file.read()
        put(HEADER + b'" END\n')
        run("sync", "--file-system", disk.folder)
        put(replaced)
        with host.spend(CODES[1]):
            again = host.good_again(CODES[:2])
        check(again == [], f"good again: {again}")
        host.worker.close()


SEALING_CALLS = "openat,write,pwrite64,pwritev2,fsync,fdatasync,renameat,renameat2,linkat,unlinkat,fchmod"


class SealedHost:
    """A store of root's on the disk, with the keys elsewhere, and the same on the copy."""

    names = ("root", "nobody")

    def __init__(self, disk, folder):
        self.disk, self.folder = disk, folder
        confdir = os.path.join(folder, "pam.d")
        os.mkdir(confdir)
        for name, top in (("now", disk.folder), ("after", disk.view)):
            settings = os.path.join(folder, f"{name}.conf")
            with open(settings, "w", encoding="ascii") as stream:
                stream.write(f"secret={top}/secret/${{USER}}\nuser=root\n"
                             f"state={top}/state/${{USER}}\nseal_key={folder}/seal.keys\n")
            os.chmod(settings, 0o600)
            with open(os.path.join(confdir, name), "w", encoding="ascii") as stream:
                stream.write(f"auth required {BUILD}/.libs/pam_totpgroup.so conf={settings}\n")
        self.worker = Worker(str(BUILD / "tests/compat/login_worker"), confdir,
                             library("faketime", "/usr/lib/*/faketime/libfaketime.so.1",
                                     "/usr/lib*/faketime/libfaketime.so.1"))
        for kind in ("secret", "state"):
            os.mkdir(os.path.join(disk.folder, kind), 0o700)
        for name in self.names:
            path = os.path.join(disk.folder, "secret", name)
            with open(path, "w", encoding="ascii") as stream:
                os.fchmod(stream.fileno(), 0o400)
                stream.write("\n".join((SECRET, '" TOTP_AUTH', *CODES)) + "\n")
        run("sync", "--file-system", disk.folder)

    def enroll(self, *words, when="now", before=()):
        """Runs totp-enroll. Returns whether it succeeded, and what it said."""
        program = BUILD / ".libs/totp-enroll"
        program = program if program.exists() else BUILD / "totp-enroll"
        done = subprocess.run(
            [*before, str(program), words[0], f"--conf={self.folder}/{when}.conf", *words[1:]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return done.returncode == 0, done.stdout

    def must(self, *words):
        """The same, which must succeed."""
        good, said = self.enroll(*words)
        check(good, f"{words}: {said}")

    def log_in(self, when, name, code):
        """Returns the result of a login."""
        return self.worker.log_in(when, name, Attempt(TIME, "", code))[0]

    def check_copy(self, spent, what):
        """After the power cut every file can be read, and what was spent is spent."""
        self.disk.cut_power()
        with mounted(self.disk.copy, self.disk.view):
            for name in self.names:
                good, said = self.enroll("status", name, when="after")
                check(good, f"{what}: {name}: {said}")
                again = [code for code in spent if self.log_in("after", name, code) == "in"]
                check(again == [], f"{what}: good again for {name}: {again}")


@test
def sealing_is_old_or_new_after_a_power_cut(folder):
    """seal, rekey and unseal are killed at one call after another, and the power is cut then; a login
    seals a state that was plain."""
    if shutil.which("strace") is None:
        raise Skip("strace is missing (package strace)")
    disk = Disk(str(folder.path))
    with mounted(disk.image, disk.folder):
        host = SealedHost(disk, str(folder.path))
        codes = iter(CODES)
        spent = []

        def spend():
            code = next(codes)
            for name in host.names:
                check(host.log_in("now", name, code) == "in", f"{name} with {code}")
            spent.append(code)

        host.must("seal", "--new-key=1")
        for step, words in enumerate((("seal",), ("rekey",), ("unseal",))):
            if words == ("rekey",):
                host.must("seal", "--new-key=2")
            spend()
            host.check_copy(spent, f"a login before {words[0]}")
            number, ended = 0, False
            while not ended:
                number += 1 if LONG else 9 + step
                ended, said = host.enroll(*words, "--all", before=(
                    "strace", "-f", "-o", "/dev/null", "-e", f"trace={SEALING_CALLS}", "-e",
                    f"inject={SEALING_CALLS}:signal=KILL:when={number}"))
                host.check_copy(spent, f"{words[0]}, killed at {number}: {said}")
            print(f"# {words[0]} ends by itself with {number} calls at most")
            check(number > 30, f"{words[0]} was not killed in time")
            spend()
            host.check_copy(spent, f"a login after {words[0]}")
        host.worker.close()
