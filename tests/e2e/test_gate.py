# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who is asked: groups, exemptions, nullok, users who do not exist."""

import json
import subprocess

from scenario import NO_REUSE, asked_for_code, check, let_in, refused, skipped, test


@test
def a_member_is_asked(host):
    host.add_group("otp")
    alice, secret = host.add_user("alice", "otp"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code("group=otp")
    host.start_sshd()
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def the_primary_group_counts(host):
    host.add_group("otp", gid=4242)
    alice, secret = host.add_user("alice", gid=4242), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code("group=4242")
    host.start_sshd()
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def who_is_no_member_is_not_asked(host):
    host.add_group("otp")
    host.add_user("bob")
    host.service("sshd", "requisite pam_unix.so nodelay", "required MODULE group=otp")
    host.start_sshd()
    skipped(host.login("bob"), "bob", reason="not-in-group")
    check(not host.login("bob", password="wrong").let_in, "the password still counts")


@test
def who_is_no_member_is_not_asked_even_with_a_secret(host):
    host.add_group("otp")
    host.add_user("bob").enroll(host.secret("bob"), *NO_REUSE)
    host.password_then_code("group=otp")
    host.start_sshd()
    skipped(host.login("bob"), "bob", reason="not-in-group")


def doctor(host):
    """What doctor finds."""
    done = subprocess.run([host.enroll_program, "doctor", "--json", "bob"], check=False,
                          stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)["findings"]


@test
def a_directory_that_forgets_who_is_in_a_group_refuses(host):
    """The group is still known, from a cache, and the list of a user's groups comes out short."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.add_user("bob")
    host.password_then_code("group=vpn")
    set_up = host.add_directory()
    host.start_sshd()
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")
    skipped(host.login("bob"), "bob", reason="not-in-group")
    set_up(False)
    for user in ("alice", "bob"):
        login = host.login(user)
        refused(login, user, reason="group-error")
        check("the source totpgroups of groups does not answer (Connection refused)"
              in login.decision.fields["detail"], "the source is named", login)
    check(any("the source totpgroups of groups does not answer" in finding["what"] and
              finding["level"] == "problem" for finding in doctor(host)), "doctor says so")
    # With exemptions alone a short list asks.
    host.password_then_code("group=!robots")
    host.add_group("robots")
    refused(host.login("bob", code="123456"), "bob", reason="not-enrolled")
    host.password_then_code("group=vpn,!robots")
    refused(host.login("bob"), "bob", reason="group-error")
    set_up(True)
    host.password_then_code("group=vpn")
    skipped(host.login("bob"), "bob", reason="not-in-group")
    found = [finding for finding in doctor(host)
             if "the group vpn is not in /etc/group" in finding["what"]]
    check([finding["level"] for finding in found] == ["warning"], f"doctor says {found}")
    check("group=!exempt" in found[0]["why"], f"doctor says {found}")


@test
def a_member_of_an_exempt_group_is_not_asked(host):
    host.add_group("otp")
    host.add_group("robots")
    alice, secret = host.add_user("alice", "otp"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.add_user("robot", "otp", "robots")
    host.password_then_code("group=otp,!robots")
    host.start_sshd()
    skipped(host.login("robot"), "robot")
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def a_list_of_exemptions_means_everyone_else(host):
    host.add_group("robots")
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.add_user("robot", "robots")
    host.password_then_code("group=!robots")
    host.start_sshd()
    skipped(host.login("robot"), "robot")
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def nullok_passes_over_users_without_a_secret(host):
    host.add_group("otp")
    host.add_user("alice", "otp")
    host.password_then_code("group=otp nullok")
    host.start_sshd()
    skipped(host.login("alice"), "alice", reason="not-enrolled")


@test
def nullok_asks_users_with_a_secret(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code("nullok")
    host.start_sshd()
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def a_user_without_a_secret_is_asked_and_refused(host):
    host.add_user("alice")
    host.password_then_code()
    host.start_sshd()
    login = host.login("alice", code="123456")
    refused(login, "alice", reason="not-enrolled")
    check(asked_for_code(login), "the user is asked all the same", login)


@test
def an_unknown_user_is_asked_and_refused(host):
    host.add_group("otp")
    host.code_only("group=otp nullok")
    host.start_sshd()
    login = host.login("mallory", code="123456")
    check(not login.let_in, "nobody is let in", login)
    check(asked_for_code(login), "an unknown user is asked", login)
    check(login.decision.verb == "refused", "and refused", login)
    check("Internal error" not in "\n".join(host.sshd_messages), "sshd saw a success")


@test
def an_unknown_group_refuses(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code("group=no-such-group")
    host.start_sshd()
    refused(host.login("alice", code=secret.code()), "alice", reason="group-error")


@test
def a_group_that_was_removed_refuses(host):
    host.add_group("otp")
    host.add_user("bob")
    host.password_then_code("group=otp")
    host.start_sshd()
    skipped(host.login("bob"), "bob", reason="not-in-group")
    host.remove_group("otp")
    refused(host.login("bob", code="123456"), "bob", reason="group-error")


@test
def an_unknown_exempt_group_refuses(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code("group=!no-such-group")
    host.start_sshd()
    refused(host.login("alice", code=secret.code()), "alice", reason="group-error")


@test
def users_with_unusual_names_log_in(host):
    for name in ("odd.name-x_1", "UPPER", "a+b@corp.example", "x" * 32, "1234"):
        user, secret = host.add_user(name), host.secret(name)
        user.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    for secret, (name, user) in zip(host.secrets, list(host.users.items())[-5:]):
        let_in(host.login(name, code=secret.code()), name, method="totp")
        check("DISALLOW_REUSE " in user.read(), f"{name}'s own file holds the spent code")


@test
def hostile_names_are_refused(host):
    """Names that try to leave the folder, or to forge a log line."""
    folder = host.folder("secrets")
    secret = host.secret()
    host.users["root"].enroll(secret, *NO_REUSE, path=f"{folder}/alice")
    host.add_user("alice")
    host.code_only(f"secret={folder}/${{USER}} user=root")
    host.start_sshd()
    # sshd cuts a name at ':' or '/'; ssh itself sends no quotes and no control characters.
    for name in ("../secrets/alice", "./alice", ".alice", "a b", "x reason=none", "%s%n",
                 "\u00e4lice", "x" * 300):
        login = host.login(name, code=secret.code())
        check(not login.let_in, f"{name!r} should have been refused", login)
        check(login.decision.verb == "refused", f"{name!r} should be logged as refused", login)
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")
