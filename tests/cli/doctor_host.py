# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host for totp-enroll doctor to check: PAM's files, and settings that the real sshd
reads."""

import grp
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import time

from case import BUILD
from support import PROGRAM, Skip, check, equal, need, run

SOURCE = pathlib.Path(os.environ.get("top_srcdir", "."))
ME = pwd.getpwuid(os.geteuid()).pw_name
MY_GROUP = grp.getgrgid(pwd.getpwuid(os.geteuid()).pw_gid).gr_name

# The file of Debian without its comments.
COMMON_AUTH = """\
auth [success=1 default=ignore] pam_unix.so nullok
auth requisite pam_deny.so
auth required pam_permit.so
auth optional pam_cap.so
"""
DEBIAN_SSHD = "@include common-auth\naccount required pam_nologin.so\n"
RECIPE_SSHD = DEBIAN_SSHD.replace("common-auth", "sshd-totpgroup")
# The auth lines of the file of Fedora.
PASSWORD_AUTH = """\
auth required pam_env.so
auth required pam_faildelay.so delay=2000000
auth [default=1 ignore=ignore success=ok] pam_usertype.so isregular
auth [default=1 ignore=ignore success=ok] pam_localuser.so
auth sufficient pam_unix.so nullok
auth sufficient pam_sss.so forward_pass
auth required pam_deny.so
"""
GOOD_SSHD = """\
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
AuthenticationMethods keyboard-interactive:pam
"""
MODULE = "auth required pam_totpgroup.so"

# Checks whose findings depend on the machine that the tests run on.
OF_THE_MACHINE = ("clock", "secret", "secret-folder", "configuration-file")


def private_sshd():
    """The words before a command with which sshd finds the folder /run/sshd that it needs."""
    if shutil.which("sshd") is None and not os.access("/usr/sbin/sshd", os.X_OK):
        raise Skip("sshd is not installed")
    need("ssh-keygen")
    if os.geteuid() != 0 or os.path.isdir("/run/sshd"):
        return []
    prefix = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /run && '
              'mkdir -m 755 /run/sshd && exec "$@"', "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode != 0:
        raise Skip("no mount namespace is to be had, for /run/sshd")
    return prefix


def leaves_no_copy(action):
    """Runs it, and waits for the copies to vanish that doctors of other tests make meanwhile."""
    def copies():
        return set(pathlib.Path("/tmp").glob("totpgroup-doctor-*"))

    before = copies()
    action()
    left = copies() - before
    deadline = time.monotonic() + 20
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left &= copies()
    equal(left, set(), "copies in /tmp")


class Host:
    """Configuration for doctor to check."""

    def __init__(self, folder, service=RECIPE_SSHD, recipe=None, sshd=GOOD_SSHD,
                 common=COMMON_AUTH):
        self.folder = folder
        self.pam = folder.path / "pam.d"
        self.modules = folder.path / "security"
        self.config = folder.path / "sshd_config"
        self.prefix = private_sshd()
        self.pam.mkdir(mode=0o755)
        self.modules.mkdir(mode=0o755)
        self.write("sshd", service)
        self.write("common-auth", common)
        if recipe is not None:
            self.write("sshd-totpgroup", recipe)
        shutil.copyfile(BUILD / ".libs" / "pam_totpgroup.so", self.modules / "pam_totpgroup.so")
        (self.modules / "pam_totpgroup.so").chmod(0o644)
        key = folder.path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key],
                       check=True, stdin=subprocess.DEVNULL)
        self.config.write_text(f"HostKey {key}\n{sshd}\n")

    def write(self, name, text):
        path = self.pam / name
        path.write_text(text)
        path.chmod(0o644)
        return path

    def arguments(self, *more):
        return ["doctor", f"--pam-dir={self.pam}", f"--module-dir={self.modules}",
                f"--sshd-config={self.config}", *more]

    def run(self, *more, **changes):
        command = [*self.prefix, PROGRAM, *self.arguments(*more)]
        return run(self.folder, *command[1:], program=command[0], **changes)

    def report(self, *more, **changes):
        result = self.run("--json", *more, **changes)
        equal(result.errors, "", "errors")
        report = json.loads(result.output)
        equal(report["version"], 1, "version")
        equal(report["status"], result.status, "the status inside and outside")
        return report

    def findings(self, *more, without=OF_THE_MACHINE):
        return [finding for finding in self.report(*more)["findings"]
                if finding["level"] != "ok" and finding["check"] not in without]

    def must_be_fine(self, *more):
        equal(self.findings(*more), [], "findings")

    def mend(self, mend):
        if mend["action"] == "run":
            subprocess.run(mend["text"], shell=True, check=True)
            return
        if "also" in mend:
            # Lines are counted as they were before.
            both = [mend["also"], {name: mend[name] for name in mend if name != "also"}]
            for change in sorted(both, key=lambda change: -change.get("line", 0)):
                self.mend(change)
            return
        path = pathlib.Path(mend["file"])
        # A drop-in may be new.
        lines = path.read_text().splitlines() if path.exists() else []
        line = mend.get("line", 0)
        if mend["action"] == "replace":
            lines[line - 1] = mend["text"]
        elif mend["action"] == "add":
            lines.insert(line, mend["text"])
        elif mend["action"] == "move":
            self.move(path, line, mend)
            return
        else:
            equal(mend["action"], "remove", "what to do")
            equal(lines.pop(line - 1).split(), mend["text"].split(), "the removed line")
        path.write_text("\n".join(lines) + "\n")

    @staticmethod
    def move(path, line, mend):
        """Lines are counted as they were before."""
        there = pathlib.Path(mend["to_file"])
        texts = {file: file.read_text().splitlines() for file in (path, there)}
        texts[path][line - 1] = None
        texts[there].insert(mend["to_line"], mend["text"])
        for file, lines in texts.items():
            file.write_text("".join(f"{text}\n" for text in lines if text is not None))

    def recognizes(self, name, level, text, *more, alone=True):
        """Doctor reports that finding with that mending line, and no longer once it is mended.
        With None, nothing mends it. With alone, it is the only finding."""
        found = self.findings(*more, without=("clock",))
        ours = [finding for finding in found if finding["check"] == name]
        check(ours, f"{name} is not among {found}")
        equal(ours[0]["level"], level, "level")
        check(ours[0]["why"], "no reason is given")
        equal(ours[0].get("mend", {}).get("text"), text, "the mending line")
        if alone:
            equal([finding["check"] for finding in found], [name], "findings")
            status = {"problem": 1, "warning": 0, "unknown": 6}[level]
            equal(self.report(*more)["status"], status, "exit status")
        if text is None:
            return ours[0]
        self.mend(ours[0]["mend"])
        left = [finding for finding in self.findings(*more, without=("clock",))
                if finding["check"] == name]
        equal(left, [], "findings once it is mended")
        return ours[0]


def conf(path):
    return (SOURCE / "conf" / path).read_text()


def password_and_code(folder, module=MODULE, **changes):
    changes.setdefault("recipe", f"@include common-auth\n{module}\n")
    return Host(folder, **changes)
