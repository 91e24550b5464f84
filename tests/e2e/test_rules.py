# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rules skip_net=, skip_after=, services= and nullok_for=, and what users are told."""

import os
import time

from scenario import NO_REUSE, asked_for_code, check, let_in, refused, skipped, test
from ssh_client import CODE_PROMPT, PASSWORD_PROMPT

DAY = 86400
# To a key that was accepted, or the words for everybody.
WRONG = "The verification code is wrong."
USED = "This code was used already. Wait for the next one."
ALIKE = "The verification code was not accepted."


def enrolled(host, *lines):
    """alice, who has a secret, and the secret."""
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE, *lines)
    return alice, secret


@test
def skip_net_goes_by_the_address_of_the_connection(host):
    """sshd knows the address from the socket."""
    _, secret = enrolled(host)
    host.password_then_code("skip_net=127.0.0.8/29")
    host.start_sshd()
    for address in ("127.0.0.8", "127.0.0.15"):
        login = host.login("alice", flags=("-b", address))
        skipped(login, "alice", rhost=address, reason="network")
    for address in ("127.0.0.1", "127.0.0.7", "127.0.0.16"):
        refused(host.login("alice", code=secret.wrong_code(), flags=("-b", address)), "alice",
                rhost=address, reason="wrong-code")
    check(not host.login("alice", password="wrong", flags=("-b", "127.0.0.8")).let_in,
          "the password still counts")


@test
def skip_net_works_where_rhost_is_a_name(host):
    """With UseDNS PAM_RHOST is a name, and only SSH_CONNECTION has the address."""
    enrolled(host)
    host.password_then_code("skip_net=127.0.0.1")
    host.start_sshd("UseDNS yes")
    skipped(host.login("alice"), "alice", rhost="localhost", reason="network")


@test
def skip_net_does_not_believe_the_client(host):
    """Neither variables that the client sends nor those of sshd's own environment count."""
    _, secret = enrolled(host)
    host.password_then_code("skip_net=192.0.2.0/24,local")
    host.start_sshd("AcceptEnv *", "SetEnv SSH_CONNECTION=\"192.0.2.7 1 192.0.2.1 22\"")
    login = host.login("alice", code=secret.wrong_code(),
                       flags=("-o", "SetEnv SSH_CONNECTION=\"192.0.2.7 1 192.0.2.1 22\""))
    refused(login, "alice", reason="wrong-code")


@test
def skip_after_spares_the_code_alone(host):
    """The stack still asks for the password."""
    alice, secret = enrolled(host)
    host.password_then_code("skip_after=publickey")
    host.start_sshd("AuthenticationMethods publickey,keyboard-interactive:pam "
                    "keyboard-interactive:pam")
    login = host.login("alice", key=host.key_for(alice))
    skipped(login, "alice", reason="method")
    check(login.prompts == [PASSWORD_PROMPT], "only the password is asked for", login)
    login = host.login("alice", code=secret.wrong_code())
    refused(login, "alice", reason="wrong-code")
    check(login.prompts == [PASSWORD_PROMPT, CODE_PROMPT], "both are asked for", login)
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def skip_after_makes_a_key_enough(host):
    alice, secret = enrolled(host)
    host.code_only("skip_after=publickey")
    host.start_sshd(key=True)
    login = host.login("alice", key=host.key_for(alice))
    skipped(login, "alice", reason="method")
    check(not login.prompts, "the key is enough", login)
    host.code_only("skip_after=hostbased,password")
    refused(host.login("alice", key=host.key_for(alice), code=secret.wrong_code()), "alice",
            reason="wrong-code")


@test
def services_limits_the_module_to_those_services(host):
    _, secret = enrolled(host)
    host.password_then_code("services=login,su")
    host.start_sshd()
    skipped(host.login("alice"), "alice", reason="service")
    host.password_then_code("services=login,sshd")
    refused(host.login("alice", code=secret.wrong_code()), "alice", reason="wrong-code")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def malformed_lists_refuse_without_a_prompt(host):
    alice, secret = enrolled(host)
    host.start_sshd(key=True)
    key = host.key_for(alice)
    for options in ("skip_net=localhost", "skip_net=127.0.0.1/8", "skip_after=keyboard-interactive",
                    "skip_after=pubkey", "services=,", "services=su skip_net=nonsense"):
        host.code_only(options)
        login = host.login("alice", key=key, code=secret.code())
        refused(login, "alice", reason="config-error")
        check(not asked_for_code(login), f"{options} refuses unasked", login)
        check("set up wrongly on this host" in login.transcript, "the user is told", login)


@test
def nullok_for_counts_from_the_first_login(host):
    bob = host.add_user("bob")
    seen = f"{host.folder('seen')}/bob"
    host.password_then_code(f"nullok_for=14d first_seen={seen}")
    host.start_sshd()
    login = host.login("bob")
    skipped(login, "bob", reason="not-enrolled", days_left="14")
    check("A verification code will be needed to log in here in 14 days. Run totp-enroll"
          in login.transcript, "the user reads how long it will be so", login)
    for ago, days in ((DAY, "13"), (13 * DAY + 3600, "1")):
        _put_time(seen, int(time.time()) - ago - 1)
        login = host.login("bob")
        skipped(login, "bob", reason="not-enrolled", days_left=days)
        check(f" in {days} day{'' if days == '1' else 's'}." in login.transcript, "the days", login)
    _put_time(seen, int(time.time()) - 14 * DAY)
    login = host.login("bob", code="123456")
    refused(login, "bob", reason="not-enrolled")
    check(asked_for_code(login) and ALIKE in login.transcript, "the common answer", login)
    _put_time(seen, int(time.time()) + DAY)
    refused(host.login("bob"), "bob", reason="store-error")
    secret = host.secret("bob")
    bob.enroll(secret, *NO_REUSE)
    let_in(host.login("bob", code=secret.code()), "bob", method="totp")


def _put_time(path, seconds):
    with open(path, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"{seconds}\n")


@test
def nullok_until_ends_on_its_day(host):
    host.add_user("bob")
    host.start_sshd()
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 3600))
    host.password_then_code("nullok_until=2099-12-31")
    login = host.login("bob")
    skipped(login, "bob", reason="not-enrolled")
    check(int(login.decision.fields["days_left"]) > 20000, "many days", login)
    check("A verification code will be needed" in login.transcript, "said, too", login)
    host.password_then_code(f"nullok_until={today}")
    skipped(host.login("bob"), "bob", reason="not-enrolled")
    host.password_then_code("nullok_until=2020-01-01")
    refused(host.login("bob", code="123456"), "bob", reason="not-enrolled")


@test
def who_has_shown_a_key_is_told_why(host):
    """sshd shows the reason after the prompt."""
    alice, secret = enrolled(host)
    host.code_only()
    host.start_sshd(key=True)
    key = host.key_for(alice)
    code = secret.code()
    let_in(host.login("alice", code=code, key=key), "alice")
    login = host.login("alice", code=code, key=key)
    refused(login, "alice", reason="reused")
    check(USED in login.transcript, "the user reads that the code is spent", login)
    login = host.login("alice", code=secret.wrong_code(), key=key)
    check(WRONG in login.transcript and USED not in login.transcript, "or wrong", login)


@test
def who_has_shown_a_key_is_told_how_long_to_wait(host):
    alice, secret = enrolled(host, '" RATE_LIMIT 1 600')
    host.code_only("strict")
    host.start_sshd(key=True)
    key = host.key_for(alice)
    refused(host.login("alice", code=secret.wrong_code(), key=key), "alice", reason="wrong-code")
    login = host.login("alice", key=key)
    refused(login, "alice", reason="rate-limited")
    wait = login.decision.fields["retry_after"].rstrip("s")
    check(f"Too many attempts. Try again in {wait} s." in login.transcript, "how long", login)
    check(500 < int(wait) <= 601, "ten minutes, less what has gone by", login)


@test
def after_a_password_tell_reason_tells_why(host):
    """The module cannot know that the password was right; the administrator sets an option."""
    _, secret = enrolled(host)
    host.password_then_code()
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice")
    login = host.login("alice", code=code)
    refused(login, "alice", reason="reused")
    check(ALIKE in login.transcript and USED not in login.transcript, "nothing told", login)
    host.password_then_code("tell_reason")
    login = host.login("alice", code=code)
    refused(login, "alice", reason="reused")
    check(USED in login.transcript, "the reason told", login)
