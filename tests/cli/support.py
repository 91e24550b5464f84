# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of totp-enroll share: running it, answering it, and reading the file that it
wrote."""

import hashlib
import hmac
import base64
import os
import pathlib
import pwd
import re
import shutil
import struct
import subprocess
import tempfile
import time

import pexpect

from case import BUILD, Fixture, Skip, check, equal

PROGRAM = str(BUILD / "totp-enroll")

# Everything is local and quick: a test that waits that long waits for nothing.
PATIENCE = 60

QUESTION = r"\[(?:Y/n|y/N)\] "
CODE_QUESTION = r"-1 to skip\): "


class _Fixture(Fixture):
    """A home folder for each test."""

    def missing(self):
        return None if os.access(PROGRAM, os.X_OK) else f"{PROGRAM} was not built"

    def argument(self):
        return Folder()


test = _Fixture()


def need(program):
    if shutil.which(program) is None:
        raise Skip(f"{program} is not installed")


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


class Folder:
    """A temporary home folder, and the file that goes into it."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="totp-enroll-test."))
        self.file = self.path / ".google_authenticator"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["chmod", "-R", "u+rwX", str(self.path)], check=False)
        shutil.rmtree(self.path, ignore_errors=True)

    def environment(self, **changes):
        values = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(self.path),
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "SHELL": "/bin/sh",
        }
        for name, value in changes.items():
            if value is None:
                values.pop(name, None)
            else:
                values[name] = value
        return values

    def names(self):
        return sorted(entry.name for entry in self.path.iterdir())

    def check_empty(self):
        equal(self.names(), [], "files left behind")


class Result:
    def __init__(self, status, output, errors):
        self.status = status
        self.output = output
        self.errors = errors


def run(folder, *arguments, answers="", program=None, **changes):
    """Runs the program with answers on a pipe, in the folder."""
    done = subprocess.run(
        [program or PROGRAM, *arguments],
        input=answers.encode(),
        capture_output=True,
        timeout=PATIENCE,
        cwd=folder.path,
        env=folder.environment(**changes),
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(folder, *arguments, rows=24, columns=80, program=None, **changes):
    """Runs the program on a terminal."""
    child = pexpect.spawn(
        program or PROGRAM,
        list(arguments),
        dimensions=(rows, columns),
        env=folder.environment(**changes),
        cwd=str(folder.path),
        timeout=PATIENCE,
        encoding="utf-8",
    )
    # Nothing here changes the terminal's modes, so nothing has to be waited for.
    child.delaybeforesend = None
    return child


def finish(child):
    """Waits for the end: the exit status, or minus the signal's number."""
    child.expect(pexpect.EOF)
    child.wait()
    return child.exitstatus if child.signalstatus is None else -child.signalstatus


class Credential:
    """A secret file, read independently of the program under test."""

    def __init__(self, path):
        lines = pathlib.Path(path).read_text(encoding="ascii").split("\n")
        equal(lines.pop(), "", "what follows the last newline")
        self.secret = lines.pop(0)
        self.options = [line for line in lines if line.startswith('" ')]
        self.codes = lines[len(self.options):]
        equal(lines[: len(self.options)], self.options, "lines before the codes")

    def check(self, options, codes=5, length=32):
        check(re.fullmatch(f"[A-Z2-7]{{{length}}}", self.secret),
              f"not {length} characters of base32")
        equal(self.options, options, "option lines")
        equal(len(self.codes), codes, "number of emergency codes")
        for code in self.codes:
            check(re.fullmatch(r"[1-9][0-9]{7}", code), "a malformed emergency code")
        equal(len(set(self.codes)), codes, "different emergency codes")


def totp(secret, step, digits=6, algorithm="sha1"):
    """RFC 6238, for one time step."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), getattr(hashlib, algorithm)).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


HASHED_LINE = re.compile(
    '" SCRATCH_HASH scrypt ([0-9]+) 8 ([0-9]+) ([A-Z2-7]{26}) ([A-Z2-7]{52})')
HASHED_CODE = re.compile(
    "(?=.*[A-Z])" + "-".join(["[0-9A-HJKMNP-TV-Z]{4}"] * 4))


def from_base32(text):
    return base64.b32decode(text + "=" * (-len(text) % 8))


def is_hash_of(line, code):
    """Whether a line of the file has the hash of that code."""
    log_n, p, salt, value = HASHED_LINE.fullmatch(line).groups()
    return from_base32(value) == hashlib.scrypt(
        code.replace("-", "").encode(), salt=from_base32(salt), n=1 << int(log_n), r=8,
        p=int(p), maxmem=1 << 27, dklen=32)


def find_library(pattern):
    for top in ("/lib", "/usr/lib", "/usr/lib64"):
        for path in sorted(pathlib.Path(top).glob(pattern)):
            return str(path)
    return None


def log_in(folder, answer, when=None):
    """Logs in with the module that was built, and the file in the folder, at a time
    of its own. True when it lets in."""
    build = pathlib.Path(PROGRAM).parent
    worker = build / "tests" / "compat" / "login_worker"
    faketime = find_library("**/faketime/libfaketime.so.1")
    if not worker.exists() or faketime is None:
        raise Skip("login_worker or libfaketime is missing (package faketime)")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        raise Skip("the caller has no name") from None
    with Folder() as services:
        (services.path / "test").write_text(
            f"auth required {build}/.libs/pam_totpgroup.so secret={folder.file}\n"
            "auth required pam_permit.so\n")
        when = int(time.time()) if when is None else when
        done = subprocess.run(
            [worker, services.path], input=f"{when}\ttest\t{user}\t-\t{answer}\n",
            capture_output=True, text=True, timeout=PATIENCE, check=False,
            env={"TZ": "UTC", "LD_PRELOAD": faketime, "FAKETIME_NO_CACHE": "1",
                 "FAKETIME": "2020-01-01 00:00:00", "PATH": os.environ["PATH"]})
    equal((done.returncode, done.stderr), (0, ""), "login_worker")
    return done.stdout.split()[0] == "0"


def shown_secret(text):
    """The secret that the program printed in groups of four."""
    match = re.search(r"Secret: ((?:[A-Z2-7]{4} )+[A-Z2-7]{1,4})\b", text)
    check(match, "no secret in groups of four")
    return match.group(1).replace(" ", "")


def shown_uri(text):
    match = re.search(r"otpauth://\S+", text)
    check(match, "no URI")
    return match.group(0)


def step_now(period=30):
    return int(time.time()) // period


def step_safely(period=30):
    """The current step, well inside of it, so that the program sees the same
    one: it may be a little later there, and time(2) is a little behind."""
    while not 0.5 < time.time() % period < period - 10:
        time.sleep(0.1)
    return step_now(period)
