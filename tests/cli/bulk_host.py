# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host for the tests of `totp-enroll bulk`, with users by nss_wrapper, and a check of the
files that a run wrote."""

import collections
import csv
import json
import os
import re
import stat
import subprocess

from support import PATIENCE, PROGRAM, Skip, check, equal, find_library, need_root

FIRST_UID = 20001
GROUP, GID = "totp", 20000
LETTERS = ("svg", "png", "html", "txt")

Done = collections.namedtuple("Done", "status output errors")


class Host:
    """A passwd and a group file, folders for secrets and letters, and the program run with them.
    This needs root, because only root may enroll others."""

    def __init__(self, folder, users, others="", members=""):
        need_root()
        self.wrapper = find_library("**/libnss_wrapper.so")
        if self.wrapper is None:
            raise Skip("libnss_wrapper.so is missing (package libnss-wrapper)")
        self.top = folder.path
        self.top.chmod(0o755)
        self.users = list(users)
        self.out = self.top / "out"
        self.store = self.top / "store"
        self.store.mkdir(mode=0o700)
        self.passwd = self.top / "passwd"
        self.passwd.write_text("root:x:0:0:root:/root:/bin/sh\n" + "".join(
            f"{name}:x:{FIRST_UID + number}:{GID}::{self.top}/home/{name}:/bin/bash\n"
            for number, name in enumerate(self.users)) + others)
        (self.top / "group").write_text(f"root:x:0:\nusers:x:100:\n{GROUP}:x:{GID}:{members}\n")
        self.conf = self.top / "conf"
        self.configure()

    def configure(self, text=""):
        """Writes the configuration; by default, secrets are in a folder of root's."""
        self.conf.write_text(text or f"secret={self.store}/${{USER}}\nuser=root\n")
        self.conf.chmod(0o600)

    def make_homes(self):
        self.configure("\n")
        for number, name in enumerate(self.users):
            home = self.top / "home" / name
            home.mkdir(parents=True)
            os.chown(home, FIRST_UID + number, GID)

    def environment(self, **changes):
        values = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8",
                  "TERM": "xterm", "LD_PRELOAD": self.wrapper,
                  "NSS_WRAPPER_PASSWD": str(self.passwd),
                  "NSS_WRAPPER_GROUP": str(self.top / "group")}
        values.update(changes)
        return values

    def arguments(self, *arguments, formats="svg", group=True):
        chosen = ["--group", GROUP] if group else []
        pam = [] if any(argument.startswith("--pam-dir=") for argument in arguments) else [
            f"--pam-dir={self.top}/no-pam.d"]
        return [PROGRAM, "bulk", f"--conf={self.conf}", f"--output={self.out}",
                f"--format={formats}", *chosen, *pam, *arguments]

    def run(self, *arguments, formats="svg", group=True, names="", command=None, **changes):
        done = subprocess.run(
            command or self.arguments(*arguments, formats=formats, group=group),
            input=names.encode(), capture_output=True, timeout=PATIENCE, check=False,
            cwd=self.top, env=self.environment(**changes))
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    def report(self, *arguments, **changes):
        """Runs with --json. Returns the first result and reason of each user, and the report."""
        done = self.run("--json", *arguments, **changes)
        report = json.loads(done.output)
        equal((report["version"], report["status"]), (1, done.status), "version and status")
        users = {user["user"]: (user["result"], user["reason"])
                 for user in reversed(report["users"])}
        return users, report

    def secret(self, user):
        """The secret of a user, or None."""
        path = self.store / user
        home = self.top / "home" / user / ".google_authenticator"
        path = path if path.exists() else home
        return path.read_text().split("\n")[0] if path.exists() else None

    def enrolled(self):
        return {user for user in self.users if self.secret(user)}


def secrets_of_csv(text):
    return collections.Counter(
        (row["user"], row["secret"]) for row in csv.DictReader(text.splitlines()))


def secrets_of_json(text):
    return collections.Counter(
        (row["user"], row["secret"]) for row in json.loads(text)["users"])


def secrets_of_letters(text):
    """The users and secrets on the pages of a print run."""
    found = collections.Counter()
    for user, secret in re.findall(r"otpauth://totp/[^?\"]*?:([^@?]*)@[^?]*\?secret=([A-Z2-7]+)",
                                   text):
        found[(user, secret)] += 1
    return collections.Counter(dict.fromkeys(found, 1))


def check_whole(host, formats):
    """Checks that each user who is enrolled is in all files, once and with the right secret, that
    no other user is, and that nothing is left over. Returns the users who are enrolled."""
    enrolled = {user: host.secret(user) for user in host.users if host.secret(user)}
    expected = collections.Counter(enrolled.items())
    formats = formats.split(",")
    names = {f"{user}.{kind}" for user in enrolled for kind in formats if kind in LETTERS}
    if "html" in formats:
        names.add("letters.html")
        equal(secrets_of_letters((host.out / "letters.html").read_text()), expected, "pages")
    if "csv" in formats:
        names.add("users.csv")
        equal(secrets_of_csv((host.out / "users.csv").read_text()), expected, "users.csv")
    if "json" in formats:
        names.add("users.json")
        equal(secrets_of_json((host.out / "users.json").read_text()), expected, "users.json")
    equal({entry.name for entry in host.out.iterdir()}, names, "files")
    for user, secret in enrolled.items():
        if "txt" in formats:
            check(f"secret={secret}&" in (host.out / f"{user}.txt").read_text(),
                  f"the letter of {user} has another secret")
        if "html" in formats:
            equal(secrets_of_letters((host.out / f"{user}.html").read_text()),
                  collections.Counter({(user, secret): 1}), f"{user}.html")
    for entry in host.out.iterdir():
        status = entry.lstat()
        equal((stat.S_IMODE(status.st_mode), status.st_nlink, status.st_uid), (0o600, 1, 0),
              entry.name)
    equal(stat.S_IMODE(host.out.stat().st_mode), 0o700, "the folder's mode")
    left = [path.name for path in host.store.iterdir() if path.name not in host.users]
    equal(left, [], "temporary files beside the secrets")
    return set(enrolled)
