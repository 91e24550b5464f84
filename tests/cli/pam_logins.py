# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins by PAM's files in a folder, in which copies of pam_answer.so answer for all modules, or
for all but the module itself; and what totp-enroll doctor says of these files."""

import base64
import collections
import ctypes
import ctypes.util
import hashlib
import hmac
import itertools
import json
import os
import pathlib
import pwd
import shutil
import struct
import subprocess
import tempfile
import time

from case import BUILD, check, read_program
from doctor_host import ME
from pam_stacks import FACTORS, GATES, OTHERS, PASSWORDS
from support import PROGRAM, Skip

MODULE = "pam_totpgroup.so"
SUCCESS, SYSTEM_ERR, AUTH_ERR, INFO_UNAVAIL, USER_UNKNOWN, IGNORE = 0, 4, 7, 9, 10, 25
# What doctor says of the stack, and not of this machine.
CHECKS = ("pam-stack", "control", "skipped", "exempt-users", "good-code", "password",
          "first-factor", "asked-twice", "module-options")

# What stands in a request to pam_logins for an answer of the module itself.
Person = collections.namedtuple("Person", "user typed file")


class Secrets:
    """What the module itself reads, and who asks it what."""

    def __init__(self, folder):
        # The module makes each change durable, which takes long on a disk.
        shared = pathlib.Path("/dev/shm")
        self.path = pathlib.Path(tempfile.mkdtemp(
            prefix="totpgroup-test.", dir=shared if os.access(shared, os.W_OK) else folder.path))
        self.good, self.broken = folder.path / "good", folder.path / "broken"
        self.key = b"12345678901234567890"
        self.good.write_text(base64.b32encode(self.key).decode() + '\n" TOTP_AUTH\n')
        self.broken.write_text("no secret\n")
        self.file = self.path / ME
        self.outsider = next(name for name in ("nobody", "daemon", "bin") if name != ME and
                             pwd.getpwnam(name).pw_gid != pwd.getpwnam(ME).pw_gid)

    def option(self):
        return f"secret={self.path}/${{USER}}"

    def code(self, step):
        digest = hmac.new(self.key, struct.pack(">Q", step), hashlib.sha1).digest()
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start:start + 4])[0] & 0x7FFFFFFF
        return f"{number % 1000000:06}"

    def persons(self, options):
        """A person for each answer."""
        step = int(time.time()) // 30
        near = {self.code(step + i) for i in range(-20, 20)}
        wrong = next(code for code in map("{:06}".format, itertools.count()) if code not in near)
        right, wrong = (("password" if "forward_pass" in options else "") + code
                        for code in (self.code(step), wrong))
        unknown = Person(ME, wrong, "-") if "enroll" in options else \
            Person("there-is-nobody", right, "-")
        exempt = Person(ME, wrong, "-") if "nullok" in options else \
            Person(self.outsider, wrong, "-")
        return {SUCCESS: Person(ME, right, self.good), AUTH_ERR: Person(ME, wrong, self.good),
                USER_UNKNOWN: unknown, SYSTEM_ERR: Person(ME, right, self.broken),
                IGNORE: exempt}

    def remove(self):
        shutil.rmtree(self.path)


class Logins:
    """A process that logs in by the files of a folder."""

    def __init__(self, folder, secret):
        library = ctypes.CDLL(ctypes.util.find_library("pam") or "libpam.so.0")
        if not hasattr(library, "pam_start_confdir"):
            raise Skip("libpam has no pam_start_confdir()")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [BUILD / "tests/cli/pam_logins", folder, "login", MODULE, secret],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def log_in(self, combinations, persons):
        """For each table of answers, whether the login succeeds, and the modules with an answer
        that were asked in it. With persons, the module itself takes part."""
        if not combinations:
            return []
        names = [*combinations[0], "pam_deny.so"]
        rows = []
        for combination in combinations:
            row = [*combination.values(), AUTH_ERR]
            rows.append(" ".join(map(str, [*row, *persons[combination[MODULE]]]
                                     if persons else row)))
        self.process.stdin.write("\n".join([" ".join(names), *rows, "", ""]))
        self.process.stdin.flush()
        answers = [self.process.stdout.readline().split() for _ in rows]
        check(all(answers), "pam_logins has ended")
        return [(answer[0] == "1", set(answer[1:])) for answer in answers]

    def close(self):
        self.process.stdin.close()
        check(self.process.wait() == 0, "pam_logins has failed")


class Stack:
    """PAM's files in a folder, all modules of which are copies of pam_answer.so, in one folder
    of modules even that of totpgroup."""

    def __init__(self, folder):
        self.path = folder.path / "pam.d"
        self.path.mkdir(mode=0o755)
        self.secrets = Secrets(folder)
        self.folders = {False: folder.path / "stand-ins", True: folder.path / "security"}
        answer = (BUILD / ".libs" / "pam_answer.so").read_bytes()
        names = (MODULE, "pam_deny.so", *PASSWORDS, *GATES, *FACTORS, *OTHERS)
        for modules in self.folders.values():
            modules.mkdir(mode=0o755)
            for name in names:
                (modules / name).write_bytes(answer)
                (modules / name).chmod(0o644)
        (self.folders[True] / MODULE).write_bytes(
            read_program(str(BUILD / ".libs" / "pam_totpgroup.so")))
        self.logins = Logins(self.path, self.secrets.file)
        # doctor asks sshd which service it uses. That takes most of the time, and matters here
        # to nothing.
        self.programs = folder.path / "bin"
        self.programs.mkdir()
        (self.programs / "sshd").symlink_to(shutil.which("true"))
        self.real = False
        self.options = ""

    @property
    def modules(self):
        return self.folders[self.real]

    def close(self):
        self.logins.close()
        self.secrets.remove()

    def write(self, files):
        """files is a table of lists of lines."""
        shutil.rmtree(self.path)
        self.path.mkdir(mode=0o755)
        for name, lines in {**files, "other": ["auth required pam_deny.so"]}.items():
            path = self.path / name
            path.write_text("".join(f"{self.complete(line)}\n" for line in lines))
            path.chmod(0o644)

    def complete(self, line):
        """With the folder's path, and the modules' paths, which libpam needs here."""
        words = line.replace("@/", f"{self.path}/").split(" ")
        return " ".join(f"{self.modules}/{word}" if word.startswith("pam_") and
                        word.endswith(".so") else word for word in words)

    def read(self):
        return {path.name: path.read_text().splitlines() for path in self.path.iterdir()
                if path.name != "other"}

    def findings(self):
        result = subprocess.run(
            [PROGRAM, "doctor", "--json", "--service=login", f"--pam-dir={self.path}",
             f"--module-dir={self.modules}"],
            capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}"})
        check(result.stderr == b"", f"{result.stderr}")
        return [finding for finding in json.loads(result.stdout)["findings"]
                if finding["check"] in CHECKS and finding["level"] != "ok"]

    def answers(self, combinations):
        return self.logins.log_in(
            combinations, self.secrets.persons(self.options) if self.real else None)

    def without_module(self, combinations, idle):
        """Who gets in without the module's line, or with a line in its place that does
        nothing."""
        files = self.read()
        changed = {name: [f"auth [default=ignore] {self.modules}/pam_env.so"
                          if MODULE in line else line
                          for line in lines if idle or MODULE not in line]
                   for name, lines in files.items()}
        self.write(changed)
        result = [let_in for let_in, _ in self.logins.log_in(combinations, None)]
        self.write(files)
        return result

    def mend(self, mend):
        files = {path: pathlib.Path(path).read_text().splitlines()
                 for path in (mend["file"], mend.get("to_file", mend["file"]))}
        line = mend.get("line", 0)
        if mend["action"] == "replace":
            files[mend["file"]][line - 1] = mend["text"]
        elif mend["action"] == "add":
            files[mend["file"]].insert(line, mend["text"])
        elif mend["action"] == "remove":
            del files[mend["file"]][line - 1]
        else:
            check(mend["action"] == "move", f"{mend}")
            files[mend["file"]][line - 1] = None
            files[mend["to_file"]].insert(mend["to_line"], mend["text"])
        for path, lines in files.items():
            pathlib.Path(path).write_text(
                "".join(f"{text}\n" for text in lines if text is not None))
