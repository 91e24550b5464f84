# SPDX-License-Identifier: LGPL-2.1-or-later
"""The module behind su, where there is no remote host."""

import ssh_client
from scenario import NO_REUSE, check, let_in, refused, skipped, test
from sshd_host import PASSWORD


@test
def su_asks_decides_and_logs_like_sshd(host):
    host.add_group("otp")
    caller = host.add_user("caller")
    alice, secret = host.add_user("alice", "otp"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.add_user("bob")
    host.password_then_code("group=otp", service="su")
    code = secret.code()
    let_in(host.su(caller, "alice", code=code), "alice", rhost="-", method="totp")
    login = host.su(caller, "alice", code=code)
    refused(login, "alice", rhost="-", reason="reused")
    check(login.decision.service == "su", "the log names the service", login)
    skipped(host.su(caller, "bob"), "bob", rhost="-", reason="not-in-group")


@test
def a_code_that_sshd_took_is_spent_for_su(host):
    caller = host.add_user("caller")
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.password_then_code(service="su")
    host.start_sshd()
    code = secret.code()
    let_in(host.login("alice", code=code), "alice")
    refused(host.su(caller, "alice", code=code), "alice", rhost="-", reason="reused")


@test
def no_variable_of_the_caller_makes_a_directory_silent(host):
    """sssd's source and winbind's ask nobody where the environment says so."""
    caller = host.add_user("caller")
    host.add_user("alice").enroll(host.secret(), *NO_REUSE)
    host.password_then_code("group=vpn", service="su")
    host.add_directory()
    mark = host.log.mark()
    terminal = ssh_client.run_as(caller, ["su", "alice", "-c", ssh_client.COMMAND],
                                 env={"TOTPGROUPS_IS_SILENT": "1"})
    login = host.outcome(terminal, terminal.finish(PASSWORD, "000000"), mark)
    refused(login, "alice", rhost="-", reason="wrong-code")
