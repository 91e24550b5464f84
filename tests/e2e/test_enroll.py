# SPDX-License-Identifier: LGPL-2.1-or-later
"""A secret made by totp-enroll lets its user in."""

import stat
import os

from one_time_code import Secret
from scenario import check, let_in, refused, test


def enroll(host, user, *flags):
    """Runs totp-enroll as that user. Returns the secret and the emergency codes."""
    host.run_as(user, host.enroll_program, *flags)
    first, *lines = user.read().splitlines()
    secret = Secret.of_base32(first)
    host.secrets.append(secret)
    return secret, [line for line in lines if line.isdigit()]


@test
def a_new_secret_lets_its_user_in(host):
    alice = host.add_user("alice")
    secret, emergency = enroll(host, alice, "-t", "-d", "-f", "-C", "-q", "-w", "17",
                              "-r", "10", "-R", "600", "-e", "2")
    status = os.stat(alice.secret_file)
    check(stat.S_IMODE(status.st_mode) & 0o177 == 0 and status.st_uid == alice.uid, "mode, owner")
    check(len(emergency) == 2, f"two emergency codes, not {len(emergency)}")
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    let_in(host.login("alice", code=emergency[0]), "alice", method="emergency")
    refused(host.login("alice", code=emergency[0]), "alice", reason="wrong-code")


@test
def enrolling_again_replaces_the_secret(host):
    alice = host.add_user("alice")
    flags = ("-t", "-d", "-f", "-C", "-q", "-W", "-u", "-e", "0")
    old, _ = enroll(host, alice, *flags)
    new, _ = enroll(host, alice, *flags)
    host.password_then_code()
    host.start_sshd()
    check(not host.login("alice", code=old.code()).let_in, "the old secret is gone")
    let_in(host.login("alice", code=new.code()), "alice", method="totp")
    check(list(alice.files()) == [".google_authenticator"], "nothing else is left in the home")
