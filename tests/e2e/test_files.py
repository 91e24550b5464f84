# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secret files of a wrong kind, mode or content, and homes that cannot be written."""

import os
import re

from scenario import NO_REUSE, asked_for_code, check, let_in, refused, test
from sshd_host import EMERGENCY_CODES

UNUSABLE = re.compile("^(bad-file|store-error)$")


def refuses_a_right_code(host, user, secret, reason="bad-file", **fields):
    """Checks that the user is asked and refused for that reason, and that no file changes."""
    before = user.files()
    login = host.login(user.name, code=secret.code())
    refused(login, user.name, reason=reason, **fields)
    check(asked_for_code(login), "the user is asked all the same", login)
    check(user.files() == before, "nothing in the home is changed", login)
    return login


def user_with_a_secret(host, *options, emergency=()):
    """alice, with a secret file that is in order."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE, emergency=emergency)
    host.password_then_code(" ".join(options))
    host.start_sshd()
    return alice, secret


@test
def a_fifo_is_refused(host):
    alice, secret = user_with_a_secret(host)
    os.unlink(alice.secret_file)
    os.mkfifo(alice.secret_file, 0o600)
    os.chown(alice.secret_file, alice.uid, alice.gid)
    refuses_a_right_code(host, alice, secret)


@test
def a_folder_is_refused(host):
    alice, secret = user_with_a_secret(host)
    os.unlink(alice.secret_file)
    os.mkdir(alice.secret_file, 0o700)
    os.chown(alice.secret_file, alice.uid, alice.gid)
    refuses_a_right_code(host, alice, secret)


@test
def a_device_is_refused(host):
    alice, secret = user_with_a_secret(host)
    os.unlink(alice.secret_file)
    os.symlink("/dev/zero", alice.secret_file)
    refuses_a_right_code(host, alice, secret)


@test
def a_link_into_another_home_is_refused(host):
    """mallory cannot log in with bob's secret, even where bob's home is open to all."""
    bob, secret = host.add_user("bob"), host.secret("bob")
    bob.enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    mallory = host.add_user("mallory")
    os.symlink(bob.secret_file, mallory.secret_file)
    host.password_then_code()
    host.start_sshd()
    for home_mode, file_mode in ((0o700, 0o400), (0o755, 0o400), (0o777, 0o444)):
        os.chmod(bob.home, home_mode)
        os.chmod(bob.secret_file, file_mode)
        before = bob.files()
        refuses_a_right_code(host, mallory, secret, UNUSABLE)
        check(bob.files() == before, "bob's file is untouched")


@test
def a_link_within_the_home_is_followed(host):
    alice, secret = user_with_a_secret(host)
    target = f"{alice.home}/secret"
    os.rename(alice.secret_file, target)
    os.symlink("secret", alice.secret_file)
    code = secret.code()
    let_in(host.login("alice", code=code), "alice")
    refused(host.login("alice", code=code), "alice", reason="reused")
    check(os.path.islink(alice.secret_file), "the link is still a link")


@test
def a_file_that_others_may_read_is_refused(host):
    alice, secret = user_with_a_secret(host)
    for mode in (0o440, 0o604, 0o1600, 0o2600):
        os.chmod(alice.secret_file, mode)
        refuses_a_right_code(host, alice, secret)
    os.chmod(alice.secret_file, 0o600)
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def a_file_of_another_user_is_refused(host):
    alice, secret = user_with_a_secret(host, "allowed_perm=0644")
    bob = host.add_user("bob")
    os.chown(alice.secret_file, bob.uid, bob.gid)
    os.chmod(alice.secret_file, 0o644)
    refuses_a_right_code(host, alice, secret)
    os.chown(alice.secret_file, alice.uid, alice.gid)
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def a_file_that_the_user_may_not_read_is_refused(host):
    alice, secret = user_with_a_secret(host)
    os.chown(alice.secret_file, 0, 0)
    refuses_a_right_code(host, alice, secret, UNUSABLE)


@test
def the_log_says_which_line_is_damaged(host):
    alice, secret = user_with_a_secret(host)
    reuse = '" DISALLOW_REUSE'
    for lines in (('" WINDOW_SIZE many', reuse), ('" STEP_SIZE 0', reuse), (f"{reuse} 1 x",)):
        alice.enroll(secret, *lines)
        key = lines[0].split()[1]
        refuses_a_right_code(host, alice, secret, detail=re.compile(key))


@test
def a_damaged_rate_limit_is_refused_without_a_prompt(host):
    alice, secret = user_with_a_secret(host)
    alice.enroll(secret, '" RATE_LIMIT three 30', *NO_REUSE)
    login = host.login("alice")
    refused(login, "alice", reason="bad-file", detail=re.compile("RATE_LIMIT"))
    check(not asked_for_code(login), "no prompt, as in google-authenticator", login)


@test
def a_damaged_secret_is_refused(host):
    alice, secret = user_with_a_secret(host)
    for text in ("", "\n", "not base32!\n", f"{secret.base32}\0\n", f"\n{secret.base32}\n",
                 secret.base32 + "\n" + "x" * 65536):
        alice.write(text)
        refuses_a_right_code(host, alice, secret)


@test
def a_huge_file_is_refused(host):
    alice, secret = user_with_a_secret(host)
    with open(alice.secret_file, "r+b") as file:
        file.truncate(2 << 30)
    login = host.login("alice", code=secret.code())
    refused(login, "alice", reason="bad-file")


@test
def a_user_without_a_home_is_not_enrolled(host):
    alice, secret = user_with_a_secret(host)
    os.rename(alice.home, f"{alice.home}.away")
    refused(host.login("alice", code=secret.code()), "alice", reason="not-enrolled")


@test
def a_code_that_cannot_be_recorded_is_refused(host):
    alice, secret = user_with_a_secret(host, emergency=EMERGENCY_CODES)
    host.mount_over(alice.home, "--bind", alice.home)
    host.remount(alice.home, "ro")
    refuses_a_right_code(host, alice, secret, "store-error")
    login = host.login("alice", code=EMERGENCY_CODES[0])
    refused(login, "alice", reason="store-error")
    host.remount(alice.home, "rw")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def a_code_that_need_not_be_recorded_lets_in(host):
    alice, secret = user_with_a_secret(host)
    alice.enroll(secret, '" WINDOW_SIZE 17')
    host.mount_over(alice.home, "--bind", alice.home)
    host.remount(alice.home, "ro")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def allow_readonly_lets_in_and_logs_it(host):
    alice, secret = user_with_a_secret(host, "allow_readonly")
    host.mount_over(alice.home, "--bind", alice.home)
    host.remount(alice.home, "ro")
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    login = host.login("alice", code=secret.code())
    let_in(login, "alice", method="totp")
    check(any(": unrecorded user=alice rhost=127.0.0.1 detail=" in line for line in login.log),
          "each use of allow_readonly is in the log", login)


@test
def a_home_that_the_user_may_not_write_is_refused(host):
    alice, secret = user_with_a_secret(host)
    os.chown(alice.home, 0, 0)
    os.chmod(alice.home, 0o755)
    refuses_a_right_code(host, alice, secret, "store-error")


@test
def a_full_disk_refuses_and_loses_nothing(host):
    alice, secret = user_with_a_secret(host)
    host.mount_over(alice.home, "-t", "tmpfs", "-o",
                    f"size=64k,mode=700,uid={alice.uid},gid={alice.gid}", "tmpfs")
    alice.enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    fill(f"{alice.home}/filler")
    refuses_a_right_code(host, alice, secret, "store-error")
    before = alice.files()
    refused(host.login("alice", code=EMERGENCY_CODES[0]), "alice", reason="store-error")
    check(alice.files() == before, "nothing is lost")
    os.unlink(f"{alice.home}/filler")
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice", method="emergency")
    refused(host.login("alice", code=code), "alice", reason="reused")


def fill(path):
    """Writes until the disk is full."""
    with open(path, "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 512):
                pass
        except OSError:
            pass
