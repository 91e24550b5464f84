# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios again, in as much of the unit's confinement as there is without systemd as process 1:
its system calls, no capabilities, no new privileges."""

import test_crowd
import test_enroll
import test_frames
import test_life
import test_limits
import test_peers
from case import Skip
from verifyd_host import Client, check, equal, test

CHOSEN = (
    test_crowd.test_a_lock_that_stays_taken, test_crowd.test_exactly_one_winner,
    test_crowd.test_thousands_idle, test_enroll.test_enroll, test_enroll.test_only_once,
    test_frames.test_malformed, test_frames.test_pipelined, test_life.test_activated,
    test_life.test_ends_when_idle, test_life.test_reload,
    test_life.test_store_that_cannot_be_written, test_limits.test_logins_limit_front_ends,
    test_peers.test_front_end, test_peers.test_grants, test_peers.test_status,
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
    again.__name__ = f"{function.__name__}_of_{function.__module__.removeprefix('test_')}"
    return again


for _function in CHOSEN:
    test(_confined(_function))


@test
def test_the_filter_is_in_force(host):
    """The daemon has it, and no capability."""
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
    check(host.daemon.poll() is None, "it lives")
