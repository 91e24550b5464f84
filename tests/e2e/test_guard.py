# SPDX-License-Identifier: LGPL-2.1-or-later
"""The session guard: it refuses a session when sshd let the user in without asking PAM for a code."""

import re

import log_socket
from scenario import NO_REUSE, asked_for_code, check, let_in, test
from ssh_client import CODE_PROMPT, COMMAND, PASSWORD_PROMPT

NOT_ASKED = "this login was not asked for one. Ask the administrator."


def guarded(host, options="", before=()):
    """A PAM service that asks for a code, and has the guard with the same options."""
    host.service("sshd", f"required MODULE {options}", "required pam_permit.so",
                 session=(*before, f"required MODULE {options}", "required pam_unix.so"))


def guard_decisions(login):
    """The decisions that the guard logged."""
    return log_socket.decisions(login.log, "session")


def guard_refused(login, user, why=NOT_ASKED):
    """Checks that no command was run, and that the user and the log are told why."""
    check(not login.let_in, "the session should have been refused", login)
    check(why in login.transcript, f"the user should read {why!r}", login)
    found = [(one.verb, one.fields.get("user"), one.fields.get("rhost"), one.fields.get("reason"))
             for one in guard_decisions(login)]
    check(found == [("refused", user, "127.0.0.1", "not-asked")], f"the log says {found}", login)


def guard_passed(login):
    """Checks that the session was opened and that the guard logged nothing."""
    check(login.let_in, "the session should have been opened", login)
    check(not guard_decisions(login), "the guard should have logged nothing", login)


@test
def a_key_alone_opens_no_session(host):
    alice = host.add_user("alice", password=False)
    alice.enroll(host.secret(), *NO_REUSE)
    guarded(host)
    host.start_sshd("Subsystem sftp internal-sftp")
    key = host.key_for(alice)
    before = alice.files()
    for flags, command in (((), "true"), (("-tt",), "true"), (("-tt",), None), (("-s",), "sftp")):
        login = host.login("alice", key=key, methods="publickey", flags=flags, command=command)
        guard_refused(login, "alice")
        check(not login.decisions, "the auth stack was not run", login)
        check("sshd did not ask for a code" in str(guard_decisions(login)[0]), "the log says what to mend", login)
    check(alice.files() == before, "nothing was counted or spent")


@test
def a_key_alone_forwards_nothing(host):
    """sshd keeps the connection open when the session is refused."""
    alice = host.add_user("alice", password=False)
    alice.enroll(host.secret(), *NO_REUSE)
    guarded(host)
    host.start_sshd()
    login = host.login("alice", key=host.key_for(alice), methods="publickey",
                       flags=("-W", "127.0.0.1:22"), command=None)
    check("administratively prohibited" in login.transcript, "no port is forwarded", login)
    check("SSH-2.0" not in login.transcript, "not a byte comes through", login)


@test
def a_key_and_a_code_open_a_session(host):
    alice, secret = host.add_user("alice", password=False), host.secret()
    alice.enroll(secret, *NO_REUSE, '" RATE_LIMIT 1 30')
    guarded(host)
    host.start_sshd(key=True)
    login = host.login("alice", code=secret.code(), key=host.key_for(alice))
    let_in(login, "alice", method="totp")
    guard_passed(login)
    check(NOT_ASKED not in login.transcript, "the user is told nothing", login)


@test
def a_password_and_a_code_open_a_session(host):
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.service("sshd", "requisite pam_unix.so nodelay", "required MODULE",
                 session=("required MODULE", "required pam_unix.so"))
    host.start_sshd()
    login = host.login("alice", code=secret.code())
    check(login.prompts == [PASSWORD_PROMPT, CODE_PROMPT], "both are asked for", login)
    guard_passed(login)


@test
def the_password_method_of_sshd_opens_no_session(host):
    """It is not keyboard-interactive, even when a code was typed as the password."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    guarded(host)
    host.start_sshd("PasswordAuthentication yes")
    login = host.login("alice", methods="password", password=secret.code())
    check(login.decision.verb == "accepted", "the code was right", login)
    guard_refused(login, "alice")


@test
def a_key_alone_is_enough_for_users_who_are_not_asked(host):
    host.add_group("otp")
    host.add_user("alice", "otp", password=False).enroll(host.secret(), *NO_REUSE)
    bob = host.add_user("bob", password=False)
    key_of_bob, key_of_alice = host.key_for(bob), host.key_for(host.users["alice"])
    guarded(host, "group=otp")
    host.start_sshd()
    guard_passed(host.login("bob", key=key_of_bob, methods="publickey"))
    guard_refused(host.login("alice", key=key_of_alice, methods="publickey"), "alice")
    for options in ("skip_net=127.0.0.0/8", "skip_after=publickey", "services=su"):
        guarded(host, options)
        guard_passed(host.login("alice", key=key_of_alice, methods="publickey"))
    for options in ("skip_net=192.0.2.0/24", "skip_after=password", "services=sshd", "nullok"):
        guarded(host, options)
        guard_refused(host.login("alice", key=key_of_alice, methods="publickey"), "alice")


@test
def a_key_alone_is_enough_while_nullok_for_lasts(host):
    """sshd shows the messages of a session module in a login shell, but not to a command."""
    bob = host.add_user("bob", password=False)
    folder = host.folder("seen")
    guarded(host, f"nullok_for=14d first_seen={folder}/${{USER}}")
    host.start_sshd()
    key = host.key_for(bob)
    login = host.login("bob", key=key, methods="publickey")
    check(login.let_in, "there is time left", login)
    passed = guard_decisions(login)
    check(len(passed) == 1 and passed[0].verb == "skipped", "the pass is logged", login)
    check(passed[0].fields["reason"] == "not-enrolled", "and why", login)
    check(passed[0].fields["days_left"] == "14", "and how long it will be so", login)
    client = host.ssh("bob", key=key, methods="publickey", flags=("-tt",), command=None)
    client.child.expect_exact("will be needed to log in here in 14 days.")
    client.answer(COMMAND)
    client.answer("exit")
    client.finish()


@test
def wrong_options_open_no_session(host):
    alice = host.add_user("alice", password=False)
    alice.enroll(host.secret(), *NO_REUSE)
    guarded(host, "group=no-such-group")
    host.start_sshd()
    login = host.login("alice", key=host.key_for(alice), methods="publickey")
    check(not login.let_in, "an error never opens a session", login)
    check("set up wrongly on this host" in login.transcript, "the user is told", login)
    check(guard_decisions(login)[0].fields["reason"] == "group-error", "and the log", login)


@test
def the_users_own_environment_does_not_deceive_the_guard(host):
    """The guard comes before a module that reads the user's own environment file."""
    alice = host.add_user("alice", password=False)
    alice.enroll(host.secret(), *NO_REUSE)
    key = host.key_for(alice)
    alice.write("SSH_AUTH_INFO_0 DEFAULT=keyboard-interactive/pam\n", 0o600,
                f"{alice.home}/.pam_environment")
    reader = "required pam_env.so user_readenv=1"
    for auth in (("required MODULE",), (reader, "required MODULE")):
        host.service("sshd", *auth, session=("required MODULE", reader, "required pam_unix.so"))
        host.start_sshd("PermitUserEnvironment yes")
        guard_refused(host.login("alice", key=key, methods="publickey"), "alice")
        host.stop_sshd()


@test
def the_pam_lines_of_the_example_refuse_a_key_alone(host):
    """They work on a host whose sshd_config was not changed."""
    alice, secret = host.add_user("alice", password=False), host.secret()
    alice.enroll(secret, *NO_REUSE)
    lines = host.recipe("key-and-code")
    host.start_sshd(*[line for line in lines if not line.startswith("AuthenticationMethods")])
    key = host.key_for(alice)
    guard_refused(host.login("alice", key=key, methods="publickey"), "alice")
    host.stop_sshd()
    host.start_sshd(*lines)
    login = host.login("alice", key=key, code=secret.code())
    check(asked_for_code(login), "as it is meant", login)
    let_in(login, "alice", method="totp", offset=re.compile("^(0|[+-]\\d+s)$"))
    guard_passed(login)
