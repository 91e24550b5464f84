# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which system calls the module makes in a login that writes nothing, beside a committed list,
which has the reason for each."""

import os
import pathlib
import re
import shutil
import subprocess

import baseline
import log_socket
import private_root
from case import BUILD, Fixture, check, equal

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOBODY = 65534


class Machine(Fixture):
    """A private machine with one user."""

    isolated = True

    def missing(self):
        for program, package in (("strace", "strace"), ("oathtool", "oathtool"),
                                 ("cc", "gcc")):
            if shutil.which(program) is None:
                return f"{program} is missing (package {package})"
        return None

    def begin(self):
        private_root.enter()
        log_socket.LogSocket()
        top = pathlib.Path(private_root.TOP)
        module = private_root.install(
            "module.so", (BUILD / ".libs" / "pam_totpgroup.so").read_bytes())
        (top / "pam.d").mkdir()
        (top / "pam.d" / "other").touch()
        (top / "pam.d" / "one").write_text(f"auth required {module} secret={top}/home/secret\n",
                                           encoding="ascii")
        (top / "pam.d" / "group").write_text(
            f"auth required {module} secret={top}/home/secret group=otp\n", encoding="ascii")
        pathlib.Path("/etc/group").write_text("root:x:0:\notp:x:7001:nobody\n",
                                              encoding="ascii")
        pathlib.Path("/etc/passwd").write_text(
            "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/nowhere:/bin/sh\n",
            encoding="ascii")
        (top / "home").mkdir()
        secret = top / "home" / "secret"
        secret.write_text(f"{SECRET}\n\" TOTP_AUTH\n", encoding="ascii")
        secret.chmod(0o400)
        for path in (top / "home", secret):
            os.chown(path, NOBODY, NOBODY)
        subprocess.run(["cc", "-o", top / "login", baseline.HERE / "login_path.c", "-lpam"],
                       check=True)


test = Machine()


def lines_of_login(service):
    """The lines of strace, from the entry point to the line in the log."""
    top = private_root.TOP
    code = subprocess.run(["oathtool", "--totp", "--base32", SECRET], check=True, text=True,
                          capture_output=True).stdout.strip()
    done = subprocess.run(["strace", "-o", f"{top}/calls", f"{top}/login", f"{top}/pam.d",
                           service, "nobody", code, "2"], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f"the login failed: {done.stderr}")
    lines = pathlib.Path(f"{top}/calls").read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if '"BEGIN"' in line) + 1
    last = next(i for i, line in enumerate(lines) if i >= first and line.startswith("sendto"))
    return lines[first:last + 1]


def calls_of_login():
    """The names of the module's system calls; the reasons are written by hand."""
    names = [re.match(r"[a-z_0-9]+", line) for line in lines_of_login("one")]
    return [[name[0], ""] for name in names if name]


def judge(calls, known):
    """Compares the names alone."""
    equal([name for name, _ in calls], [name for name, _ in known], "the system calls of a login")


@test
def a_login_makes_the_system_calls_of_the_baseline(_):
    baseline.compare("system_calls", {"machine": baseline.machine()}, calls_of_login, judge)


@test
def a_member_of_a_group_costs_one_read_of_the_groups(_):
    opened = [line for line in lines_of_login("group") if '"/etc/group"' in line]
    equal(len(opened), 1, f"how often the file of groups was opened: {opened}")
