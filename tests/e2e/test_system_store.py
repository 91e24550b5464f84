# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that only root can read, and a state that is kept apart from them."""

import os
import re

from scenario import NO_REUSE, check, let_in, refused
from sshd_host import EMERGENCY_CODES


def look(path):
    """Everything that writing to a file, or beside it, would change."""
    status = os.stat(path)
    folder = os.stat(os.path.dirname(path))
    with open(path, encoding="ascii") as file:
        return file.read(), status.st_ino, status.st_mtime_ns, status.st_ctime_ns, folder.st_mtime_ns


def put(path, secret, *lines, emergency=()):
    """Puts a secret of root's in place, as configuration management does."""
    text = "\n".join([secret.base32, *lines, '" TOTP_AUTH', *emergency]) + "\n"
    with open(f"{path}.new", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o400)
        file.write(text)
    os.rename(f"{path}.new", path)


def system_store(host, *options):
    """alice with a secret in a folder of root's, and sshd that looks there."""
    alice, secret = host.add_user("alice"), host.secret()
    secrets, state = host.folder("secret"), host.folder("state")
    path = f"{secrets}/alice"
    put(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code(
        " ".join([f"secret={secrets}/${{USER}} user=root state={state}/${{USER}}", *options]))
    host.start_sshd()
    return alice, secret, path, f"{state}/alice"


def test_life_on_a_read_only_file_system(host):
    alice, secret, path, state = system_store(host)
    host.mount_over(os.path.dirname(path), "--bind", os.path.dirname(path))
    host.remount(os.path.dirname(path), "ro")
    before = look(path)
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    refused(host.login("alice", code=EMERGENCY_CODES[0]), "alice", reason="wrong-code")
    check(look(path) == before, "the secret is not touched")
    check(os.stat(state).st_mode & 0o7777 == 0o600, "the state is root's alone")
    check(not alice.has_secret_file(), "nothing is in the home")


def test_configuration_management_puts_the_secret_back(host):
    _, secret, path, _ = system_store(host)
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    let_in(host.login("alice", code=EMERGENCY_CODES[1]), "alice", method="emergency")
    put(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    refused(host.login("alice", code=code), "alice", reason="reused")
    put(path, host.secret("another"), *NO_REUSE, emergency=EMERGENCY_CODES)
    let_in(host.login("alice", code=EMERGENCY_CODES[1]), "alice", method="emergency")
    put(path, secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    refused(host.login("alice", code=EMERGENCY_CODES[1]), "alice", reason="wrong-code")
    refused(host.login("alice", code=code), "alice", reason="reused")


def test_damaged_state(host):
    _, secret, _, state = system_store(host)
    with open(state, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write('totpgroup-state 1\n" SPENT\n')
    refused(host.login("alice", code=secret.code()), "alice", reason="bad-file",
            detail=re.compile(re.escape(f"{state}, line 2: ")))


def test_read_only_state(host):
    _, secret, _, state = system_store(host)
    host.mount_over(os.path.dirname(state), "--bind", os.path.dirname(state))
    host.remount(os.path.dirname(state), "ro")
    refused(host.login("alice", code=secret.code()), "alice", reason="store-error")
    host.remount(os.path.dirname(state), "rw")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


def test_allow_readonly(host):
    """Without a state file too, and each such login is in the log."""
    _, secret, _, state = system_store(host, "allow_readonly")
    host.mount_over(os.path.dirname(state), "--bind", os.path.dirname(state))
    host.remount(os.path.dirname(state), "ro")
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    login = host.login("alice", code=secret.code())
    let_in(login, "alice", method="totp")
    check(any(": unrecorded user=alice" in line for line in login.log), "it is logged", login)
    check(not os.path.exists(state), "nothing could be made")
