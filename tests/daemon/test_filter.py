# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests again, under the part of the unit's confinement that works without systemd as process 1:
its system calls, no capabilities, no new privileges."""

import test_enroll
import test_frames
import test_lifetime
import test_limits
import test_look
import test_many_clients
import test_peers
import test_shares
from case import Skip
from verifyd_host import Client, check, equal, test

CHOSEN = (
    test_enroll.a_user_enrolls_and_confirms,
    test_enroll.of_two_secrets_the_first_confirmed_one_stays,
    test_frames.a_malformed_frame_closes_its_connection_alone,
    test_frames.calls_are_answered_in_order_however_they_arrive,
    test_lifetime.a_store_that_cannot_be_written_lets_nobody_in,
    test_lifetime.an_activated_daemon_uses_the_socket_it_is_passed,
    test_lifetime.only_an_activated_daemon_ends_when_idle,
    test_lifetime.sighup_reloads_the_configuration,
    test_limits.attempts_of_logins_limit_front_ends,
    test_look.nullok_for_begins_with_the_first_login,
    test_look.root_creates_the_secret_that_a_login_has_shown,
    test_many_clients.a_secret_that_stays_locked_is_busy,
    test_many_clients.one_code_is_accepted_once_of_many_attempts,
    test_many_clients.thousands_of_idle_connections_do_not_disturb_a_busy_one,
    test_peers.a_front_end_asks_about_the_members_of_its_groups,
    test_peers.status_says_what_root_users_and_front_ends_may_know,
    test_peers.the_first_grant_that_covers_the_user_counts,
    test_shares.calls_that_take_too_long_are_busy,
)


def _confine(host):
    if "filter" not in host.paths:
        raise Skip("under_filter was not built (package libseccomp-dev)")
    if not host.sources.get("system calls"):
        raise Skip("systemd-analyze does not list the groups of system calls (package systemd)")
    host.confined = True


def _confined(function):
    def again(host):
        _confine(host)
        function(host)
    again.__name__ = f"{function.__name__}_under_the_filter"
    return again


for _function in CHOSEN:
    test(_confined(_function))


@test
def the_filter_is_in_force(host):
    """The daemon has the filter and no capabilities."""
    _confine(host)
    secret = host.secret("alice")
    host.start()
    with open(f"/proc/{host.daemon.pid}/status", encoding="ascii") as file:
        status = dict(line.split(":\t", 1) for line in file.read().splitlines())
    equal(status["Seccomp"], "2", "Seccomp")
    equal(status["NoNewPrivs"], "1", "NoNewPrivs")
    for name in ("CapEff", "CapPrm", "CapBnd"):
        equal(int(status[name], 16), 0, name)
    with Client(uid=33) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "alice")
    check(host.daemon.poll() is None, "the daemon still runs")
