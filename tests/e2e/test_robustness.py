# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several logins at once, and clients that disconnect."""

import os
import re
import stat

import log_socket
from scenario import NO_REUSE, check, let_in, refused, test
from sshd_host import EMERGENCY_CODES, PASSWORD, is_locked
from ssh_client import CODE_PROMPT, PASSWORD_PROMPT

ROUNDS = 6


def at_the_code_prompt(host, user):
    """A client that gave its password and is asked for the code."""
    client = host.ssh(user)
    client.await_prompt(PASSWORD_PROMPT)
    client.answer(PASSWORD)
    client.await_prompt(CODE_PROMPT)
    return client


def race(host, user, code, clients=2):
    """Gives one code to several waiting clients. Returns how many were let in, and the decisions."""
    mark = host.log.mark()
    waiting = [at_the_code_prompt(host, user) for _ in range(clients)]
    for client in waiting:
        client.answer(code)
    let_in_count = sum(client.finish() for client in waiting)
    return let_in_count, log_socket.decisions(host.log.since(mark))


@test
def one_code_lets_in_one_of_two_logins(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    for code in secret.distinct_codes(ROUNDS):
        winners, decisions = race(host, "alice", code)
        check(winners == 1, f"{winners} of 2 were let in")
        check(sorted(one.verb for one in decisions) == ["accepted", "refused"], "log of the race")
        check([one.fields["reason"] for one in decisions if one.verb == "refused"] == ["reused"],
              "the other one is told apart in the log")


@test
def one_emergency_code_lets_in_one_of_four_logins(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code()
    host.start_sshd()
    for code in EMERGENCY_CODES:
        winners, decisions = race(host, "alice", code, clients=4)
        check(winners == 1, f"{winners} of 4 were let in")
        check(sum(one.verb == "accepted" for one in decisions) == 1, "log of the race")


@test
def logins_at_the_prompt_are_limited_too(host):
    """All clients were at the prompt before the first of them gave a code."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" RATE_LIMIT 3 3600', *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    winners, decisions = race(host, "alice", secret.wrong_code(), clients=6)
    reasons = sorted(one.fields["reason"] for one in decisions)
    check(winners == 0 and reasons == ["rate-limited"] * 3 + ["wrong-code"] * 3,
          f"three guesses of six are weighed: {reasons}")


def apart_from_attempts(files):
    """Checks the log: sshd kills the module, or makes the conversation fail first."""
    return {name: (mode, owner, content and re.sub(rb'(" RATE_LIMIT \d+ \d+)[ \d]*', rb"\1", content))
            for name, (mode, owner, _, content) in files.items()}


@test
def a_client_that_goes_away_at_the_prompt_holds_no_lock(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" RATE_LIMIT 6 3600', *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code()
    host.start_sshd()
    for _ in range(4):
        before = alice.files()
        client = at_the_code_prompt(host, "alice")
        serving = host.sshd_processes()
        check(serving, "sshd has processes for the client")
        check(not is_locked(alice.secret_file), "no lock is held while somebody is asked")
        check(alice.files() == before, "nothing is written while somebody is asked")
        client.hang_up()
        host.await_end_of(serving)
        check(not is_locked(alice.secret_file), "no lock is left")
        check(apart_from_attempts(alice.files()) == apart_from_attempts(before),
              "the home is as it was")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def a_client_at_the_prompt_holds_up_nobody(host):
    """Neither other logins of the same user nor those of other users."""
    for name in ("alice", "bob"):
        host.add_user(name).enroll(host.secret(name), *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    alice, bob = host.secrets
    waiting = at_the_code_prompt(host, "alice")
    let_in(host.login("bob", code=bob.code()), "bob")
    let_in(host.login("alice", code=alice.code()), "alice")
    waiting.answer(alice.code(2))
    check(waiting.finish(), "and gets in in the end")


@test
def left_over_temporary_files_do_no_harm(host):
    """A power cut may leave them. They neither block a login nor stay forever."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    for name in (".google_authenticator~", ".google_authenticator~aBcDeF"):
        alice.write("left over\n", path=f"{alice.home}/{name}")
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice")
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def a_login_replaces_the_file_and_keeps_mode_and_owner(host):
    """The login leaves one file."""
    alice, secret = host.add_user("alice"), host.secret()
    host.password_then_code()
    host.start_sshd()
    for mode, steps in ((0o400, -2), (0o600, 2)):
        alice.enroll(secret, *NO_REUSE, mode=mode)
        inode = os.stat(alice.secret_file).st_ino
        let_in(host.login("alice", code=secret.code(steps)), "alice")
        status = os.stat(alice.secret_file)
        check(list(alice.files()) == [".google_authenticator"], f"left over: {alice.files()}")
        check(status.st_ino != inode, "the file was written over in place")
        check(stat.S_IMODE(status.st_mode) == mode, f"the mode is {status.st_mode:o}")
        check((status.st_uid, status.st_gid) == (alice.uid, alice.gid), "the owner is another")
