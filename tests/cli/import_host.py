# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of import and export share: keys as other programs write them, and users
who exist only in a test."""

import base64
import os
import re
import pathlib
import pwd
import shutil
import urllib.parse

from support import PROGRAM, check, equal, run

ME = pwd.getpwuid(os.getuid()).pw_name
KEY = b"12345678901234567890"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
PLAIN = SECRET + '\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n'
COUNTED = SECRET + '\n" RATE_LIMIT 3 30\n" ALGORITHM SHA256\n" DIGITS 8\n" HOTP_COUNTER 7\n'

# Users who exist only in the mount namespace of a test.
ALICE, BOB = "totp-import-alice", "totp-import-bob"
NUMBERS = {ALICE: 54321, BOB: 54331}
HOST = "import-host"


def spec(folder, name="secrets"):
    """The option for a folder of the caller in which the credentials of this test are."""
    (folder.path / name).mkdir(exist_ok=True)
    return f"--secret={folder.path}/{name}/${{USER}}"


def credential(folder, name="secrets", user=ME):
    return folder.path / name / user


def read(path):
    return path.read_text(encoding="utf-8") if path.exists() else None


def import_text(folder, text, *options, name="secrets", **changes):
    (folder.path / "input").write_bytes(text if isinstance(text, bytes) else text.encode())
    return run(folder, "import", spec(folder, name), *options, "input", **changes)


# What was not done is said on standard error.
FAILURE = re.compile(r"failed |skipped [^:]*: has a secret already")


def check_result(result, status, report, *errors):
    """Checks the report, whose failures are on standard error, and what else is said there."""
    done, failed = [], []
    for line in report.splitlines(True):
        (failed if FAILURE.match(line) else done).append(line)
    equal(result.output, "".join(done), f"standard output ({result.errors!r})")
    equal(result.status, status, f"exit status ({result.errors!r})")
    said = [line.removeprefix("totp-enroll: ") for line in result.errors.splitlines(True)]
    equal([line for line in said if FAILURE.match(line)], failed, "failures on standard error")
    lines = [line for line in said if not FAILURE.match(line)]
    equal(len(lines), len(errors), f"lines of {result.errors!r}")
    for line, words in zip(lines, errors):
        check(words in line, f"{words!r} is not in {line!r}")


def put_credential(folder, text, name="secrets", user=ME):
    spec(folder, name)
    credential(folder, name, user).unlink(missing_ok=True)
    credential(folder, name, user).write_text(text, encoding="ascii")
    credential(folder, name, user).chmod(0o600)


def varint(value):
    out = bytearray()
    while True:
        out.append(value & 0x7F | (0x80 if value > 0x7F else 0))
        value >>= 7
        if value == 0:
            return bytes(out)


def field(number, value):
    """A field of a protocol buffer: a number, bytes or a string."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def migration(*accounts, parts=1, part=0, number=4711):
    """The text in the QR code of an export of Google Authenticator."""
    payload = b"".join(
        field(1, b"".join(field(i, value) for i, value in account.items()))
        for account in accounts)
    payload += field(2, 1) + field(3, parts) + field(4, part) + field(5, number)
    data = urllib.parse.quote(base64.b64encode(payload).decode(), safe="")
    return f"otpauth-migration://offline?data={data}\n"


def phone(name, issuer="", **more):
    account = {1: KEY, 2: name, 3: issuer, 4: 1, 5: 1, 6: 2}
    account.update({int(key[1:]): value for key, value in more.items()})
    return account


USERS_ROW = f"HOTP/T30/6\t{ME}\t-\t{KEY.hex()}\n"


def share(folder):
    """Lets other users into the folder, with a copy of the program."""
    shutil.copy(PROGRAM, folder.path / "program")
    for path in (folder.path, folder.path / "program"):
        path.chmod(0o755)
    return str(folder.path / "program")


def home_of(folder, user):
    home = folder.path / user
    home.mkdir(exist_ok=True)
    os.chown(home, NUMBERS[user], NUMBERS[user])
    home.chmod(0o700)
    return home


def as_user(user):
    return f"exec setpriv --reuid {NUMBERS[user]} --regid {NUMBERS[user]} --clear-groups "


def in_namespace(folder, script, *arguments, answers="", users=None):
    """Runs a shell script as root on a host of that name, with the users of the tests in the
    database: those named, each with a uid, or ALICE and BOB."""
    for source, line in (("passwd", "{0}:x:{1}:{1}::{2}:/bin/sh\n"), ("group", "{0}:x:{1}:\n")):
        text = pathlib.Path("/etc", source).read_text(encoding="utf-8")
        for user, number in (users or NUMBERS).items():
            text += line.format(user, number, folder.path / user)
        (folder.path / source).write_text(text, encoding="utf-8")
        (folder.path / source).chmod(0o644)
    mounts = f"hostname {HOST} && mount --bind passwd /etc/passwd && mount --bind group /etc/group && "
    return run(folder, "-m", "-u", "sh", "-c", mounts + script, "sh", *arguments,
               answers=answers, program="unshare")


def rows(*users):
    return "".join(f"HOTP/T30/6 {user} - {KEY.hex()}\n" for user in users)


def check_owner(path, number):
    status = path.stat()
    equal((status.st_uid, status.st_gid), (number, number), f"owner of {path}")
    equal(status.st_mode & 0o7777, 0o400, f"mode of {path}")
    equal(read(path), PLAIN, f"content of {path}")
