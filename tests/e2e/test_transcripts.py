# SPDX-License-Identifier: LGPL-2.1-or-later
"""The terminal must not show strangers who exists, who has a secret, or what was wrong."""

from scenario import NO_REUSE, check, refused, test


def seen(login, user):
    """The transcript without the name. It contains no port numbers."""
    return login.transcript.replace(user, "NAME")


def same(host, names, **answers):
    """Checks that all these names see the same, to the byte."""
    logins = {name: host.login(name, **answers) for name in names}
    for login in logins.values():
        check(not login.let_in, "nobody is let in", login)
    first = seen(logins[names[0]], names[0])
    for name, login in logins.items():
        check(seen(login, name) == first,
              f"{name} sees\n{seen(login, name)!r}\nand {names[0]} sees\n{first!r}", login)


@test
def an_unknown_user_sees_what_a_user_without_a_secret_sees(host):
    host.add_user("nosecret")
    for stack in (("required MODULE",),
                  ("requisite pam_unix.so nodelay", "required MODULE"),
                  ("required pam_unix.so nodelay", "required MODULE")):
        host.service("sshd", *stack)
        host.start_sshd()
        same(host, ["nosecret", "whoknows"], password="wrong", code="123456")
        host.stop_sshd()


@test
def a_right_password_without_a_secret_shows_nothing(host):
    """The stack always asks for password and code."""
    host.add_user("nosecret")
    host.service("sshd", "required pam_unix.so nodelay", "required MODULE")
    host.start_sshd()
    same(host, ["nosecret", "whoknows"], code="123456")


@test
def a_wrong_password_shows_nothing_about_the_group(host):
    host.add_group("otp")
    host.add_user("alice", "otp").enroll(host.secret(), *NO_REUSE)
    host.add_user("bob")
    host.password_then_code("group=otp")
    host.start_sshd()
    same(host, ["alice", "bob", "whoknows"], password="wrong", code="123456")


@test
def wrong_spent_and_unusable_look_alike(host):
    """A wrong code, a spent code and a damaged file get one answer."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    check(host.login("alice", code=code).let_in, "the code is good once")
    spent = host.login("alice", code=code)
    refused(spent, "alice", reason="reused")
    wrong = host.login("alice", code=secret.wrong_code())
    refused(wrong, "alice", reason="wrong-code")
    alice.write("not base32!\n")
    damaged = host.login("alice", code=code)
    refused(damaged, "alice", reason="bad-file")
    for login in (wrong, damaged):
        check(login.transcript == spent.transcript, f"differs from {spent.transcript!r}", login)
