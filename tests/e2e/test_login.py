# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins that succeed, and codes that are good once."""

import re

from scenario import NO_REUSE, check, let_in, refused, skipped, test
from sshd_host import EMERGENCY_CODES
from ssh_client import CODE_PROMPT, PASSWORD_PROMPT


@test
def a_password_and_a_code_let_in(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    login = host.login("alice", code=code)
    let_in(login, "alice", method="totp", offset=re.compile(r"^(0|[+-]\d+s)$"))
    check(login.prompts == [PASSWORD_PROMPT, CODE_PROMPT], "password, then code", login)
    check(code not in login.transcript, "the code should not be echoed", login)


@test
def a_key_and_a_code_let_in(host):
    alice, secret = host.add_user("alice", password=False), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.code_only()
    host.start_sshd(key=True)
    key = host.key_for(alice)
    login = host.login("alice", code=secret.code(), key=key)
    let_in(login, "alice", method="totp")
    check(login.prompts == [CODE_PROMPT], "only the code is asked for", login)
    refused(host.login("alice", code=secret.wrong_code(), key=key), "alice", reason="wrong-code")
    check(not host.login("alice", code=secret.code(1)).let_in, "a code without the key")


@test
def a_key_alone_lets_in_who_is_not_asked(host):
    host.add_group("otp")
    bob = host.add_user("bob", password=False)
    host.code_only("group=otp")
    host.start_sshd(key=True)
    login = host.login("bob", key=host.key_for(bob))
    check(login.let_in and not login.prompts, "bob needs his key only", login)
    check(login.decision.verb == "skipped", "and that is logged", login)


@test
def codes_of_neighboring_steps_let_in(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    for steps in (-2, 3, 0):
        let_in(host.login("alice", code=secret.code(steps)), "alice", method="totp")


@test
def a_code_lets_in_once(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    let_in(host.login("alice", code=secret.code(2)), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def disallow_reuse_makes_a_code_good_once(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" WINDOW_SIZE 17')
    host.password_then_code("disallow_reuse")
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice")
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def an_emergency_code_lets_in_once(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code()
    host.start_sshd()
    first, second = EMERGENCY_CODES
    let_in(host.login("alice", code=first), "alice", method="emergency")
    check(first not in alice.read() and second in alice.read(), "the first one is struck out")
    refused(host.login("alice", code=first), "alice", reason="wrong-code")
    let_in(host.login("alice", code=second), "alice", method="emergency")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def counter_codes_let_in_and_move_the_counter(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.write(f'{secret.base32}\n" HOTP_COUNTER 7\n')
    host.password_then_code()
    host.start_sshd()
    let_in(host.login("alice", code=secret.hotp(7)), "alice", method="hotp")
    refused(host.login("alice", code=secret.hotp(7)), "alice")
    let_in(host.login("alice", code=secret.hotp(10)), "alice", method="hotp")
    check('" HOTP_COUNTER 11\n' in alice.read(), "the counter is one further")


@test
def root_logs_in_like_any_user(host):
    root, secret = host.users["root"], host.secret("root")
    root.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    refused(host.login("root", code=secret.wrong_code()), "root", reason="wrong-code")
    let_in(host.login("root", code=code), "root", method="totp")
    refused(host.login("root", code=code), "root", reason="reused")


@test
def a_secret_outside_the_home_is_used(host):
    alice, secret = host.add_user("alice"), host.secret()
    folder = host.folder("secrets")
    host.users["root"].enroll(secret, *NO_REUSE, path=f"{folder}/alice")
    host.password_then_code(f"secret={folder}/${{USER}} user=root")
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")
    check(not alice.has_secret_file(), "nothing is made in the home")


@test
def a_spent_code_stays_spent_when_sshd_restarts(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    host.stop_sshd()
    host.start_sshd()
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def the_example_for_password_and_code_works(host):
    """The example files as they are installed, with and without an option added."""
    host.add_group("totp")
    alice, secret = host.add_user("alice", "totp"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    bob = host.add_user("bob")
    host.start_sshd(*host.recipe("password-and-code"))
    code = secret.code()
    login = host.login("alice", code=code)
    let_in(login, "alice", method="totp")
    check(login.prompts == [PASSWORD_PROMPT, CODE_PROMPT], "password, then code", login)
    refused(host.login("alice", code=code), "alice", reason="reused")
    refused(host.login("bob", code=secret.code(1)), "bob", reason="not-enrolled")
    login = host.login("alice", password="wrong")
    check(not login.let_in and not login.decisions, "a wrong password ends it", login)
    login = host.login("bob", key=host.key_for(bob), code="123456")
    check(not login.let_in, "a key alone is not enough", login)
    host.recipe("password-and-code", "group=totp")
    skipped(host.login("bob"), "bob", reason="not-in-group")


@test
def the_example_for_key_and_code_works(host):
    host.add_group("totp")
    alice, secret = host.add_user("alice", "totp", password=False), host.secret()
    alice.enroll(secret, *NO_REUSE)
    bob = host.add_user("bob", password=False)
    host.start_sshd(*host.recipe("key-and-code", "group=totp"))
    key = host.key_for(alice)
    check(not host.login("alice", code=secret.code(2)).let_in, "a code without the key")
    code = secret.code()
    let_in(host.login("alice", code=code, key=key), "alice", method="totp")
    refused(host.login("alice", code=code, key=key), "alice", reason="reused")
    skipped(host.login("bob", key=host.key_for(bob)), "bob", reason="not-in-group")
    host.recipe("key-and-code", "nullok")
    skipped(host.login("bob", key=host.key_for(bob)), "bob", reason="not-enrolled")
