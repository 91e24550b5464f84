# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures a large group in a directory: slapd and nslcd of Debian on a private machine, and a
group with all of its users. slapd lists 500 entries at once, as it does unless it is told more.

DIRECTORY_USERS says how many users (2000). DIRECTORY_ROOT is a folder into which the packages
slapd, nslcd and libnss-ldapd were unpacked (dpkg -x), where they are not installed.
"""

import glob
import os
import pathlib
import subprocess
import sys

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root

USERS = int(os.environ.get("DIRECTORY_USERS", "2000"))
ROOT = os.environ.get("DIRECTORY_ROOT", "")
URI = "ldap://127.0.0.1:3890/"
GROUP, GID, PRIMARY_GID, FIRST_UID = "crowd", 20001, 20000, 100000
SCHEMAS = ("core", "cosine", "nis")
PACKAGES = {"slapd": f"{ROOT}/usr/sbin/slapd", "nslcd": f"{ROOT}/usr/sbin/nslcd",
            "libnss-ldapd": f"{ROOT}/lib/*/libnss_ldap.so.2"}

SLAPD = """
modulepath {root}/usr/lib/ldap
moduleload back_mdb
pidfile {top}/slapd.pid
database mdb
suffix "dc=test"
maxsize 4294967296
directory {top}/database
index objectClass,uid,uidNumber,gidNumber,cn,memberUid eq
"""
BASE = """dn: dc=test
objectClass: domain
dc: test

dn: cn=people,dc=test
objectClass: posixGroup
cn: people
gidNumber: {primary}

dn: cn={group},dc=test
objectClass: posixGroup
cn: {group}
gidNumber: {gid}
"""
USER = """
dn: uid=user{number},dc=test
objectClass: account
objectClass: posixAccount
cn: User {number}
uid: user{number}
uidNumber: {uid}
gidNumber: {primary}
homeDirectory: /nowhere/user{number}
loginShell: /bin/sh
"""


class Directory:
    """The directory, from its beginning to the end of the private machine."""

    def __init__(self, schemas):
        self.top = pathlib.Path(private_root.TOP) / "directory"
        (self.top / "database").mkdir(parents=True)
        self.names = [f"user{number}" for number in range(1, USERS + 1)]
        # Nobody has a home.
        self.conf = self.top / "totpgroup.conf"
        self.conf.write_text(f"secret={self.top}/secrets/${{USER}}\nuser=root\n",
                             encoding="ascii")
        self.conf.chmod(0o600)
        private_root.find_libraries(self._libraries())
        self._fill(schemas)
        private_root.run(PACKAGES["slapd"], "-f", self.top / "slapd.conf", "-h", URI)
        pathlib.Path("/etc/passwd").write_text("root:x:0:0::/root:/bin/sh\n", encoding="ascii")
        pathlib.Path("/etc/group").write_text("root:x:0:\n", encoding="ascii")
        os.makedirs("/run/nslcd")
        nslcd = pathlib.Path("/etc/nslcd.conf")
        nslcd.write_text(f"uid root\ngid root\nuri {URI}\nbase dc=test\n", encoding="ascii")
        nslcd.chmod(0o600)
        private_root.run(PACKAGES["nslcd"])
        pathlib.Path("/etc/nsswitch.conf").write_text(
            "passwd: files ldap\ngroup: files ldap\nhosts: files\n", encoding="ascii")

    def _libraries(self):
        folder = self.top / "lib"
        folder.mkdir()
        for pattern in ("lib/*/libnss_ldap.so.2", "usr/lib/*/libslapi-*.so.0"):
            for path in glob.glob(f"{ROOT}/{pattern}"):
                (folder / os.path.basename(path)).symlink_to(path)
        return folder

    def _fill(self, schemas):
        for name, text in schemas.items():
            (self.top / f"{name}.schema").write_text(text, encoding="utf-8")
        (self.top / "slapd.conf").write_text(
            "".join(f"include {self.top}/{name}.schema\n" for name in schemas) +
            SLAPD.format(root=ROOT, top=self.top), encoding="ascii")
        entries = BASE.format(group=GROUP, gid=GID, primary=PRIMARY_GID)
        entries += "".join(f"memberUid: {name}\n" for name in self.names)
        entries += "".join(
            USER.format(number=number, uid=FIRST_UID + number, primary=PRIMARY_GID)
            for number in range(1, USERS + 1))
        (self.top / "entries").write_text(entries, encoding="ascii")
        private_root.run(str(PACKAGES["slapd"]).replace("slapd", "slapadd"), "-q", "-f",
                         self.top / "slapd.conf", "-l", self.top / "entries")

    def look_up(self):
        """Looks all users up by name, as getent(1) does it. Returns the seconds."""
        done = []

        def work():
            for begin in range(0, USERS, 5000):
                done.extend(_output("getent", "passwd", *self.names[begin:begin + 5000]))
        seconds = rounds.seconds(work)
        return _checked(seconds, len(done), USERS)

    def status(self):
        """Asks how all users stand, none of whom has a secret. Returns the seconds."""
        return self._count("status", "not-enrolled")

    def dry_run(self):
        """Asks what bulk would do. Returns the seconds."""
        return self._count("bulk", "would create", "--dry-run", "--format=svg",
                           f"--output={self.top}/letters")

    def command(self, command, *words):
        """The program with the group."""
        return [rounds.program("totp-enroll"), command, f"--conf={self.conf}",
                f"--group={GROUP}", *words]

    def _count(self, command, expected, *words):
        lines = []
        seconds = rounds.seconds(
            lambda: lines.extend(_output(*self.command(command, *words))))
        return _checked(seconds, sum(expected in line for line in lines), USERS)

    def log_in(self, row, group):
        """Prints the rounds of group= for a member."""
        subprocess.run([rounds.program("tests/bench/group_cost"), row, group, self.names[-1],
                        str(PRIMARY_GID)], check=True)


def _output(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        sys.exit(f"{command[0]}: exit status {done.returncode}: {done.stderr[-300:]}")
    return done.stdout.splitlines()


def _checked(seconds, seen, expected):
    if seen != expected:
        sys.exit(f"directory_cost.py: {seen} of {expected} users")
    return seconds


ROWS = {
    "directory-login-gid": lambda directory, row: directory.log_in(row, str(GID)),
    "directory-login-name": lambda directory, row: directory.log_in(row, GROUP),
    "directory-dry-run": lambda directory, row: rounds.measure(
        row, directory.dry_run, directory.look_up),
    "directory-status": lambda directory, row: rounds.measure(
        row, directory.status, directory.look_up),
}


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted(ROWS)
    rounds.need_private_machine(wanted)
    missing = [package for package, path in PACKAGES.items() if not glob.glob(path)]
    if missing:
        rounds.skip(wanted, f"{', '.join(missing)} not found (packages of these names)")
        return
    schemas = {name: pathlib.Path(f"{ROOT}/etc/ldap/schema/{name}.schema").read_text(
        encoding="utf-8") for name in SCHEMAS}
    private_root.enter()
    directory = Directory(schemas)
    for row in wanted:
        ROWS[row](directory, row)
    rounds.note(f"directory: {USERS} users; DIRECTORY_USERS=50000 measures so many")


if __name__ == "__main__":
    main()
