# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins that must be refused."""

import re
import time

from one_time_code import STEP
from scenario import NO_REUSE, asked_for_code, check, let_in, refused, test
from sshd_host import EMERGENCY_CODES


@test
def a_wrong_code_is_refused(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.password_then_code()
    host.start_sshd()
    login = host.login("alice", code=secret.wrong_code())
    refused(login, "alice", reason="wrong-code")
    check("offset" not in login.decision.fields, "the code belongs to no time", login)


@test
def answers_that_are_no_codes_are_refused(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    for answer in ("", " ", code[:5], code + "0", "+" + code[1:], "-" + code, "0x" + code,
                   code + "x", "9" * 500, "\u0664" * 6, "%n%n%n", "AB" + code, code + ";" + code):
        login = host.login("alice", code=answer)
        check(not login.let_in, f"{answer!r} should have been refused", login)
        check(login.decision.verb == "refused", f"{answer!r} should be logged", login)
    let_in(host.login("alice", code=code), "alice", method="totp")


@test
def a_right_code_does_not_make_up_for_a_wrong_password(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.service("sshd", "required pam_unix.so nodelay", "required MODULE")
    host.start_sshd()
    login = host.login("alice", password="wrong", code=secret.code())
    check(not login.let_in, "a code does not make up for the password", login)


@test
def the_log_says_how_far_a_phone_is_ahead(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" DISALLOW_REUSE')
    host.password_then_code()
    host.start_sshd()
    before = time.time()
    shown_from = (int(before) // STEP + 10) * STEP
    login = host.login("alice", code=secret.code_at(shown_from))
    after = time.time()
    refused(login, "alice", reason="wrong-code", offset=re.compile(r"^\+\d+s$"))
    offset = int(login.decision.fields["offset"][1:-1])
    check(shown_from - after - 1 <= offset <= shown_from - before + 1,
          "the offset is what the phone is ahead at the least", login)


@test
def the_log_says_how_far_a_phone_is_behind(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" DISALLOW_REUSE')
    host.password_then_code()
    host.start_sshd()
    before = time.time()
    shown_until = (int(before) // STEP - 9) * STEP
    login = host.login("alice", code=secret.code_at(shown_until - 1))
    after = time.time()
    refused(login, "alice", reason="wrong-code", offset=re.compile(r"^-\d+s$"))
    behind = int(login.decision.fields["offset"][1:-1])
    check(before - shown_until - 1 <= behind <= after - shown_until + 2,
          "the offset is what the phone is behind at the least", login)


@test
def attempts_over_the_rate_limit_are_refused(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" RATE_LIMIT 3 3600', *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    for _ in range(3):
        refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    login = host.login("alice")
    refused(login, "alice", reason="rate-limited")
    check(not asked_for_code(login), "the fourth try is not asked for a code", login)
    check(not host.login("alice").let_in, "nor is the fifth")


@test
def good_logins_count_for_the_rate_limit(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, '" RATE_LIMIT 2 3600', *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    for steps in (-1, 0):
        let_in(host.login("alice", code=secret.code(steps)), "alice")
    refused(host.login("alice"), "alice", reason="rate-limited")


@test
def each_user_has_a_rate_limit_of_their_own(host):
    for name in ("alice", "bob"):
        host.add_user(name).enroll(host.secret(name), '" RATE_LIMIT 1 3600', *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    alice, bob = host.secrets
    refused(host.login("alice", code=alice.wrong_code()), "alice", reason="wrong-code")
    refused(host.login("alice"), "alice", reason="rate-limited")
    let_in(host.login("bob", code=bob.code()), "bob")


@test
def wrong_options_are_named_and_refuse(host):
    """An option that is unknown, malformed, or repeated with another value."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    for options, named in (("frobnicate", "frobnicate"), ("grup=otp", "grup"),
                           ("nullok=maybe", "nullok"), ("allowed_perm=rw", "allowed_perm"),
                           ("grace_period=soon", "grace_period"), ("group=", "group"),
                           ("group=a group=b", "group"), ("user=no-such-user", "no-such-user")):
        host.password_then_code(options)
        host.start_sshd()
        login = host.login("alice", code=secret.code())
        host.stop_sshd()
        refused(login, "alice", reason="config-error", detail=re.compile(named))


@test
def a_missing_module_refuses(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.service("sshd", "requisite pam_unix.so nodelay", f"required {host.module}.missing")
    host.start_sshd()
    check(not host.login("alice").let_in, "without the module nobody is let in")


@test
def the_password_method_of_sshd_lets_nobody_in(host):
    """It answers every hidden prompt with the password."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd("PasswordAuthentication yes")
    login = host.login("alice", methods="password")
    check(not login.let_in, "the password is no code", login)
    check(login.decision.verb == "refused", "and that is logged", login)
