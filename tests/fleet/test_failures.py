# SPDX-License-Identifier: LGPL-2.1-or-later
"""A store that fails: each decision is refused when its time is over, and not later, and the next
one is made as soon as the store is there again. Two primaries: which of them accepts."""

import time
import uuid

import case
import trio
from caller import BUDGET
from case import check, equal
from events import EVENTS
from fleet_host import Fleet, Table
from pool import Pool

# A busy machine may wake a process late.
SLACK = 2.0
test = Fleet()


def refused(host, user, table, name):
    """A decision is refused in time."""
    result, seconds = host.spend(user)
    table.row(name, result, f"{seconds:.2f} s")
    check(seconds < BUDGET + SLACK, f"{name}: {result} after {seconds} s")
    equal(result, "deadline", name)
    check(seconds > BUDGET - SLACK, f"{name}: given up after {seconds} s")


def recovers(host, number):
    """Decisions are made again, without help."""
    users = iter(range(number, number + 1000))
    trio.wait_for(lambda: host.spend(f"c{next(users)}")[0] == "accepted", "accepted again")


@test
def a_decision_ends_at_its_deadline(fleet):
    table = Table("event", "decision", "after")
    with fleet.trio() as servers, fleet.host("h1", servers) as host:
        for number, (name, event) in enumerate(EVENTS.items()):
            equal(host.spend(f"c{number}")[0], "accepted", f"before: {name}")
            with event(servers):
                refused(host, "c100", table, f"{name}, warm")
                if case.LONG or number == 0:
                    refused(host, "c101", table, f"{name}, cold")
            recovers(host, 1000 * (number + 1))


@test
def a_pool_in_front_of_a_frozen_primary_changes_nothing(fleet):
    table = Table("event", "decision", "after")
    with fleet.trio() as servers, Pool(fleet.machines["pool"], servers.a) as pool, \
            fleet.host("h1", [pool.address]) as host:
        equal(host.spend("c0")[0], "accepted", "over the pool")
        with servers.a.machine.frozen():
            refused(host, "c1", table, "pgbouncer, primary stopped")
        recovers(host, 1000)


@test
def a_session_without_synchronous_commit_waits_all_the_same(fleet):
    """Each function that changes a credential sets it; a function's own SET would be gone by the
    time of the commit."""
    with fleet.trio() as servers, \
            fleet.host("h1", servers, options="-c synchronous_commit=off") as host:
        equal(host.spend("c0")[0], "accepted", "before")
        with EVENTS["standbys frozen"](servers):
            equal(host.spend("c1")[0], "deadline", "without a standby")
        for role, call in (("boss", "put('dave', 0, 's', 'k1', null, null)"),
                           ("boss", "put_many('{erin}', '{0}', '{s}', '{k1}')"),
                           ("boss", "revoke('c2', 1, null, null)"),
                           ("gate", "enroll('frank', 's', 'k1', 1)")):
            waits(servers, role, call)
            # The wait of the first one may have been cut short.
            waits(servers, role, call)
            equal(servers.a.ask(role, f"select * from totpgroup.{call};")[0][-1], "t",
                  f"{call} once more")


def waits(servers, role, call):
    """Checks that this call does not end before a standby has what it did."""
    trio.wait_for(lambda: servers.a.waiting() == 0, "nobody waits")
    with EVENTS["standbys frozen"](servers):
        with servers.a.start_psql(role, "set synchronous_commit = off; "
                                  f"select * from totpgroup.{call};\n") as process:
            process.stdin.close()
            trio.wait_for(lambda: servers.a.waiting() > 0, f"{call} waits")
            process.kill()


@test
def a_cancelled_wait_is_no_success(fleet):
    """The server says that it did it, with a warning: no standby has it yet."""
    with fleet.trio() as servers, fleet.host("h1", servers) as host:
        for user, function in (("c1", "pg_cancel_backend"), ("c2", "pg_terminate_backend")):
            trio.wait_for(lambda: servers.a.waiting() == 0, "nobody waits")
            equal(host.spend(f"{user}0")[0], "accepted", "before")
            with EVENTS["standbys frozen"](servers):
                host.order("spend", user, "totp", "now")
                trio.wait_for(lambda: servers.a.waiting() > 0, "the decision waits")
                servers.a.ask("postgres", f"select {function}(pid) from pg_stat_activity "
                              "where wait_event = 'SyncRep';")
                result, _, _ = host.answer()
                check(result != "accepted", f"{function}: {result}")


def split(fleet, sync_of_new, require, fenced=False):
    """A primary is cut off together with a standby, and the other standby is promoted. One code is
    used on both sides; returns the results, first that of the new primary."""
    step = int(time.time()) // 30 * 30
    with fleet.trio() as servers:
        if require:
            servers.a.ask("postgres", "update totpgroup.setting set require_sync = true;")
        with servers.a.machine.frozen():
            servers.b.set(synchronous_standby_names=sync_of_new)
            servers.b.promote()
            with fleet.host("h1", [servers.b.machine.address]) as host:
                one = host.spend("c0", "totp", step)[0]
        if fenced:
            servers.a.machine.unplug()
        else:
            trio.wait_for(lambda: "c" in servers.a.followers(), "a standby stayed with the old one")
        with fleet.host("h2", [servers.a.machine.address]) as host:
            return one, host.spend("c0", "totp", step)[0]


@test
def of_two_primaries_one_accepts_a_code(fleet):
    table = Table("split brain", "new primary", "old primary", "accepted")
    for name, expected, *settings in (
            ("new primary without names of standbys", ("accepted", "accepted"), "", False),
            ("the same, require_sync", ("55000", "accepted"), "", True),
            ("new primary waits for the standby that stayed with the old one",
             ("deadline", "accepted"), "ANY 1 (a,c)", True),
            ("new primary without names, the old one fenced", ("accepted", "deadline"), "", False,
             True)):
        seen = split(fleet, *settings)
        table.row(name, *seen, seen.count("accepted"))
        equal(seen, expected, name)


def settle(server, version, seen, attempt):
    """Counts a guess on a version that was made by the attempt seen. Returns the outcome."""
    seen = f"'{seen}'" if seen else "null"
    row, = server.ask("web1", "select outcome from totpgroup.settle('c0', "
                      f"{version}, 'state', 'k1', 0, 'none', 0, '', '{attempt}', 'h', 's', 'r', "
                      f"'refused', 'wrong-code', null, 0, null, {seen});")
    return row[0]


def look(server):
    """The version, and the attempt that made it."""
    row, = server.ask("web1", "select version, attempt from totpgroup.look('c0');")
    return row


@test
def a_version_of_an_old_primary_is_another_one(fleet):
    """Both went on from one version, so that the numbers are the same. Who looked at the old one
    decided on a state that the new one does not have, and must not write it over the new one's."""
    with fleet.trio() as servers:
        old, new, third = servers.servers
        for server in (new, third):
            server.machine.unplug()
        with old.start_psql("web1", "select * from totpgroup.settle('c0', 1, 'state', 'k1', 0, "
                            f"'none', 0, '', '{uuid.UUID(int=1)}', 'h', 's', 'r', 'refused', null, "
                            "null, 0, null, null);\n") as process:
            process.stdin.close()
            trio.wait_for(lambda: old.waiting() == 1, "the old primary waits")
            old.ask("postgres", "select pg_cancel_backend(pid) from pg_stat_activity "
                    "where wait_event = 'SyncRep';")
        old.machine.unplug()
        for server in (new, third):
            server.machine.plug()
        new.set(synchronous_standby_names="ANY 1 (a,c)")
        new.promote()
        third.follow(new)
        equal(settle(new, 1, None, uuid.UUID(int=2)), "done", "on the new primary")
        seen = look(old)
        equal(seen, ["2", str(uuid.UUID(int=1))], "on the old one")
        equal(settle(new, *seen, uuid.UUID(int=3)), "conflict", "looked there, settled here")
        equal(settle(new, *look(new), uuid.UUID(int=4)), "done", "looked here")
