#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The power is cut the moment a login with an emergency code returned: an ext4
image that holds the secret file is copied without being unmounted or synced, and
the copy is mounted, which replays its journal. The spent code must be gone.

What was written but not synced is in the page cache of the mounted file system,
and so not in the image. A file that nobody synced shows that: it must be missing
from the copy. pam_google_authenticator.so goes through the same, and how often
its code comes back is told, but is no failure of ours.

    power_cut.py [--trials N], with top_builddir in the environment
"""

import argparse
import contextlib
import glob
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "compat"))
# pylint: disable=wrong-import-position
from scenario import Attempt
from side_by_side import Worker

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SPENT, KEPT = "12345678", "23456789"
TIME = 1_700_000_025
MIB = 1 << 20


class Skip(Exception):
    """Why this cannot run here."""


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


@contextlib.contextmanager
def mounted(image, folder):
    # No commit of its own for five minutes, so that only what asks for one is
    # on the disk.
    run("mount", "-o", "loop,commit=300", image, folder)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


class Disk:
    """An ext4 file system in an image, and copies of it."""

    def __init__(self, folder):
        self.image, self.copy = os.path.join(folder, "image"), os.path.join(folder, "copy")
        self.folder, self.view = os.path.join(folder, "disk"), os.path.join(folder, "view")
        for path in (self.folder, self.view):
            os.mkdir(path)
        with open(self.image, "wb") as stream:
            stream.truncate(16 * MIB)
        run("mkfs.ext4", "-q", "-F", "-J", "size=4", self.image)

    def cut_power(self):
        """Takes the image as it is now."""
        with open(self.image, "rb") as source, open(self.copy, "wb") as target:
            shutil.copyfileobj(source, target, MIB)

    def files_after(self):
        """What is in the home after the power came back: names, and their text."""
        files = {}
        with mounted(self.copy, self.view):
            home = os.path.join(self.view, "home")
            for name in os.listdir(home):
                with open(os.path.join(home, name), encoding="ascii") as stream:
                    files[name] = stream.read()
        return files


class Host:
    """A service for each module, with the secret on that disk."""

    def __init__(self, disk, folder, build, modules):
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
        self.worker = Worker(os.path.join(build, "tests/compat/login_worker"), confdir, faketime)

    def place(self):
        path = os.path.join(self.home, "secret")
        for name in os.listdir(self.home):
            os.unlink(os.path.join(self.home, name))
        with open(path, "w", encoding="ascii") as stream:
            stream.write(f'{SECRET}\n" TOTP_AUTH\n{SPENT}\n{KEPT}\n')
        os.chmod(path, 0o600)
        run("sync", "--file-system", self.home)

    def trial(self, service):
        """Whether the code is good again after a login with it and a power cut."""
        self.place()
        result = self.worker.log_in(service, "root", Attempt(TIME, "", SPENT))[0]
        with open(os.path.join(self.home, "unsynced"), "w", encoding="ascii"):
            self.disk.cut_power()
        if result != "in":
            raise AssertionError(f"{service}: the login gives {result}")
        files = self.disk.files_after()
        if "unsynced" in files:
            raise AssertionError("a file that nobody synced is on the disk: nothing is proved")
        if not files["secret"].startswith(SECRET) or KEPT not in files["secret"]:
            raise AssertionError(f"{service}: the secret file is damaged: {files['secret']!r}")
        return SPENT in files["secret"]


def compare(folder, trials):
    build = os.environ["top_builddir"]
    modules = {"ours": os.path.join(build, ".libs/pam_totpgroup.so"),
               "theirs": library("libpam-google-authenticator",
                                 "/lib/*/security/pam_google_authenticator.so",
                                 "/lib*/security/pam_google_authenticator.so",
                                 "/usr/lib*/security/pam_google_authenticator.so")}
    disk = Disk(folder)
    with mounted(disk.image, disk.folder):
        host = Host(disk, folder, build, modules)
        back = {name: sum(host.trial(name) for _ in range(trials)) for name in modules}
        host.worker.close()
    print(f"# pam_google_authenticator.so: good again in {back['theirs']} of {trials} trials")
    if back["ours"]:
        raise AssertionError(f"the spent code is good again in {back['ours']} of {trials} trials")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    arguments, _ = parser.parse_known_args()
    if os.geteuid() != 0:
        print("skip power cut: this needs root")
        return 77
    if "POWER_CUT_ISOLATED" not in os.environ:
        os.environ["POWER_CUT_ISOLATED"] = "yes"
        if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
            print("skip power cut: no mount namespace can be made here")
            return 77
        os.execvp("unshare", ["unshare", "--mount", sys.executable, "-B", *sys.argv])
    folder = tempfile.mkdtemp(prefix="power-cut.")
    try:
        compare(folder, arguments.trials)
    except Skip as reason:
        print(f"skip power cut: {reason}")
        return 77
    except AssertionError as problem:
        print(f"not ok power cut: {problem}")
        return 1
    finally:
        shutil.rmtree(folder)
    print(f"ok power cut: the spent code is gone in {arguments.trials} of {arguments.trials} trials")
    return 0


if __name__ == "__main__":
    sys.exit(main())
