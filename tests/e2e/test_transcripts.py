# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a stranger sees must not tell who exists, who has a secret, or what was wrong."""

from scenario import NO_REUSE, check, refused, test


def seen(login, user):
    """The transcript with the name taken out. Port numbers do not occur in it."""
    return login.transcript.replace(user, "NAME")


def same(host, names, **answers):
    """All these names see the same, to the byte."""
    logins = {name: host.login(name, **answers) for name in names}
    for login in logins.values():
        check(not login.let_in, "nobody is let in", login)
    first = seen(logins[names[0]], names[0])
    for name, login in logins.items():
        check(seen(login, name) == first,
              f"{name} sees\n{seen(login, name)!r}\nand {names[0]} sees\n{first!r}", login)


@test
def test_unknown_user_and_user_without_secret(host):
    host.add_user("nosecret")
    for stack in (("required MODULE",),
                  ("requisite pam_unix.so nodelay", "required MODULE"),
                  ("required pam_unix.so nodelay", "required MODULE")):
        host.service("sshd", *stack)
        host.start_sshd()
        same(host, ["nosecret", "whoknows"], password="wrong", code="123456")
        host.stop_sshd()


@test
def test_right_password_without_secret(host):
    """With a stack that always asks both, even the right password tells nothing."""
    host.add_user("nosecret")
    host.service("sshd", "required pam_unix.so nodelay", "required MODULE")
    host.start_sshd()
    same(host, ["nosecret", "whoknows"], code="123456")


@test
def test_outside_the_group_and_wrong_password(host):
    host.add_group("otp")
    host.add_user("alice", "otp").enroll(host.secret(), *NO_REUSE)
    host.add_user("bob")
    host.password_then_code("group=otp")
    host.start_sshd()
    same(host, ["alice", "bob", "whoknows"], password="wrong", code="123456")


@test
def test_wrong_reused_and_unusable(host):
    """One answer for a wrong code, a spent code, a damaged file and a missing one."""
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
