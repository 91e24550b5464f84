# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a fail-over forgets. Callers log in as fast as they can; each process of the primary is
killed; a standby is promoted; what was accepted is compared with what it knows.

With a quorum and the most advanced standby nothing is forgotten. The other cases are there to be
seen to forget: they say what an administrator must not do, and that this test would notice."""

import case
import trio
from case import check, equal
from fleet_host import Fleet, Load, Table

LOGINS = 2000 if case.LONG else 300
test = Fleet()
tables = []


def table():
    """The table of this file."""
    if not tables:
        tables.append(Table("fail-over", "accepted", "accepted, then forgotten"))
    return tables[0]


def forgotten(load, server):
    """The logins that were accepted, of which the new primary knows nothing."""
    known = {row[0] for row in server.ask("postgres", "select attempt from totpgroup.log;")}
    return [login for attempt, login in load.accepted.items() if attempt not in known]


def try_again(host, logins):
    """The results of logins that use the same codes once more."""
    return {host.spend(user, "totp", step)[0] for user, step in logins[:20]}


def fail_over(load, old, new, third):
    """The primary loses power, and this standby is promoted."""
    old.machine.kill()
    old.machine.unplug()
    new.set(synchronous_standby_names=f"ANY 1 ({old.name},{third.name})")
    new.promote()
    third.follow(new)
    trio.wait_for(lambda: new.followers() == {third.name}, "the other standby follows")
    load.wait_for(LOGINS // 4)


def judge(fleet, servers, load, new, name):
    """Prints the row of a case. Returns how much was forgotten, which is tried once more."""
    lost = forgotten(load, new)
    kept = sorted(set(load.accepted.values()) - set(lost))
    with fleet.host("h2", servers) as host:
        equal(try_again(host, kept), {"reused"}, "what is known")
        if lost:
            equal(try_again(host, lost), {"accepted"}, "what was forgotten is accepted again")
    table().row(name, f"{len(load.accepted):,}", len(lost))
    return len(lost)


@test
def a_quorum_and_the_most_advanced_standby_forget_nothing(fleet):
    with fleet.trio() as servers, fleet.host("h1", servers) as host:
        with Load(host) as load:
            load.wait_for(LOGINS)
            servers.a.machine.kill()
            new, third = servers.most_advanced()
            fail_over(load, servers.a, new, third)
        equal(judge(fleet, servers, load, new, "quorum, the most advanced standby promoted"), 0,
              "forgotten")


@test
def with_frozen_senders_a_quorum_accepts_nothing_that_is_forgotten(fleet):
    with fleet.trio() as servers, fleet.host("h1", servers) as host:
        with Load(host) as load:
            load.wait_for(LOGINS)
            with servers.a.machine.frozen("walsender"):
                trio.wait_for(lambda: servers.a.waiting() >= 8, "all callers wait")
                servers.a.machine.kill()
            new, third = servers.most_advanced()
            fail_over(load, servers.a, new, third)
        equal(judge(fleet, servers, load, new, "quorum, senders frozen before"), 0, "forgotten")


@test
def a_standby_that_was_behind_forgets(fleet):
    with fleet.trio() as servers, fleet.host("h1", servers) as host:
        behind = servers.c
        with Load(host) as load:
            load.wait_for(LOGINS)
            behind.machine.unplug()
            load.wait_for(LOGINS)
            servers.a.machine.kill()
            servers.a.machine.unplug()
            equal(servers.most_advanced(), [servers.b, behind], "who is ahead")
            behind.machine.plug()
            # The other standby is lost, too: who promotes this one forgets what only that had.
            behind.set(synchronous_standby_names="")
            behind.promote()
            load.wait_for(LOGINS // 4)
        check(judge(fleet, servers, load, behind, "quorum, the standby that is behind promoted"),
              "this was to forget")


@test
def without_a_quorum_frozen_senders_forget(fleet):
    with fleet.trio(sync="") as servers, fleet.host("h1", servers) as host:
        with Load(host) as load:
            load.wait_for(LOGINS)
            with servers.a.machine.frozen("walsender"):
                load.wait_for(LOGINS // 2)
                servers.a.machine.kill()
            new, third = servers.most_advanced()
            fail_over(load, servers.a, new, third)
        check(judge(fleet, servers, load, new, "asynchronous, senders frozen before"),
              "this was to forget")
