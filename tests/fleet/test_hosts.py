# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two hosts with their daemons, and three servers: races, lost replies, a fail-over, and how soon a
login is refused."""

import contextlib
import itertools
import threading
import time

import case
import trio
from case import check, equal
from daemon_host import SSHD, USERS, DaemonFleet, DaemonHost, said
from events import EVENTS
from fleet_host import Table
from pool import SIZE, Pool
from test_failures import SLACK
from test_races import RACERS, lossy, rows

ROUNDS = 50 if case.LONG else 4
LOGINS = 60 if case.LONG else 12
BUDGET = 3
test = DaemonFleet()


def race(hosts, user, code):
    """All racers, on all hosts in turn, use the code at once. Returns what each was told."""
    clients = [hosts[number % len(hosts)].client() for number in range(RACERS)]
    results, start = [None] * RACERS, threading.Barrier(RACERS)

    def run(number):
        with clients[number] as client:
            start.wait()
            results[number] = said(client.call("Verify", user=user, code=code, **SSHD))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def recovers(host, secrets):
    """Decisions are made again, without help. A code may be spent by a login that was refused."""
    left = dict(secrets)

    def comes_in():
        user = min(left)
        answer = host.verify(user, left[user].code())
        if answer == "reused":
            del left[user]
        return answer == "accepted"
    trio.wait_for(comes_in, "accepted again")


@test
def of_many_racers_on_two_daemons_one_is_let_in(fleet):
    slowest = 0
    with fleet.daemons() as (_, hosts):
        for number in range(ROUNDS):
            code = hosts[0].enroll(f"u{number}").code()
            begun = time.monotonic()
            results = race(hosts, f"u{number}", code)
            slowest = max(slowest, time.monotonic() - begun)
            equal(results.count("accepted"), 1, results)
    Table("race", "rounds with one winner", "slowest").row(
        f"{RACERS} racers on two hosts, through their daemons", f"{ROUNDS} of {ROUNDS}",
        f"{slowest:.2f} s")


@test
def a_pool_of_connections_serves_daemons_and_the_program(fleet):
    """pgbouncer, in transaction mode: each statement may come to another session."""
    with fleet.trio() as servers, Pool(fleet.machines["pool"], servers.a) as pool, \
            contextlib.ExitStack() as opened:
        servers.a.ask("postgres", "grant totp_enroll to web1, web2;")
        hosts = [opened.enter_context(DaemonHost(fleet.machines[name], role, fleet.paths,
                                                 [pool.address]))
                 for name, role in (("h1", "web1"), ("h2", "web2"))]
        for number in range(ROUNDS):
            results = race(hosts, f"u{number}", hosts[0].enroll(f"u{number}").code())
            equal(results.count("accepted"), 1, results)
        names = [f"u{number}" for number in range(100, 180)]
        report = hosts[0].administrate("boss", "bulk", "--users=-", "--format=csv",
                                       f"--output={trio.TOP}/letters", answers="\n".join(names))
        equal((report["created"], report["failed"]), (len(names), 0), "bulk")
        report = hosts[1].administrate("boss", "status", *names)
        equal({row["state"] for row in report["users"]}, {"confirmed"}, "status")
        hosts[0].administrate("boss", "codes", "u0", "--force")
        seen = servers.a.ask("postgres", "select usename, count(*), min(host(client_addr)), "
                             "max(host(client_addr)) from pg_stat_activity where usename in "
                             "('web1', 'web2', 'boss') group by 1 order by 1;")
        equal([row[0] for row in seen], ["boss", "web1", "web2"], "who is there")
        for role, count, *addresses in seen:
            check(int(count) <= SIZE, f"{role}: {count} connections")
            equal(set(addresses), {fleet.machines["pool"].address}, role)
        secrets = {f"u{number}": hosts[0].enroll(f"u{number}") for number in range(180, 190)}
        with servers.a.machine.frozen():
            begun = time.monotonic()
            answer = hosts[0].verify("u180", secrets.pop("u180").code())
            took = time.monotonic() - begun
            check(answer != "accepted" and took < BUDGET + SLACK, f"{answer} after {took} s")
        recovers(hosts[0], secrets)


@test
def a_reply_that_is_lost_lets_in_once(fleet):
    with fleet.daemons() as (servers, (_, other)), lossy(fleet, servers.a) as (address, lose):
        machine = fleet.machines["pool"]
        with DaemonHost(machine, "web1", fleet.paths, [address]) as host:
            for number, lost in enumerate((0, 1, 2)):
                user = f"u{number}"
                code = other.enroll(user).code()
                lose(lost)
                equal(host.verify(user, code), "accepted", f"{lost} replies lost")
                equal(lose(0), 0, "that were to get lost and did not")
                equal(rows(servers, user), [2, 1], "one change, one line")
                equal(other.verify(user, code), "reused", "another login")
            code = other.enroll("u9").code()
            lose(1000)
            check(host.verify("u9", code) != "accepted", "no reply ever comes")
            check(lose(0) < 1000, "replies got lost")
            equal(other.verify("u9", code), "reused", "the code is spent all the same")


@test
def a_fail_over_forgets_no_login(fleet):
    with fleet.daemons() as (servers, (host, other)):
        codes = {f"u{number}": host.enroll(f"u{number}").code() for number in range(LOGINS)}
        fresh = {f"u{number}": host.enroll(f"u{number}") for number in range(LOGINS, LOGINS + 10)}
        for user, code in codes.items():
            equal(host.verify(user, code), "accepted", user)
        servers.a.machine.kill()
        servers.a.machine.unplug()
        new, third = servers.most_advanced()
        new.set(synchronous_standby_names=f"ANY 1 (a,{third.name})")
        new.promote()
        third.follow(new)
        trio.wait_for(lambda: new.followers() == {third.name}, "the other standby follows")
        recovers(other, fresh)
        for user, code in codes.items():
            equal(other.verify(user, code), "reused", user)
    Table("fail-over", "accepted", "accepted, then forgotten").row(
        "quorum, through the daemons", LOGINS, 0)


@test
def a_login_is_refused_at_the_deadline_and_then_at_once(fleet):
    table = Table("primary stopped", "answer", "after")
    with fleet.daemons() as (servers, (host, _)):
        secrets = [host.enroll(f"u{number}") for number in range(LOGINS)]
        times = []
        with servers.a.machine.frozen():
            for number in range(6):
                begun = time.monotonic()
                answer = host.verify(f"u{number}", secrets[number].code())
                times.append(time.monotonic() - begun)
                table.row(f"login {number + 1}", answer, f"{times[-1] * 1e3:,.1f} ms")
                check(answer != "accepted", "without a primary")
                check(times[-1] < BUDGET + SLACK, f"refused after {times[-1]} s")
        check(times[0] > BUDGET - SLACK, f"given up after {times[0]} s")
        check(min(times) < BUDGET / 2, f"never refused at once: {times}")
        recovers(host, {f"u{number}": secrets[number] for number in range(6, LOGINS)})


@test
def each_event_ends_in_a_refusal_in_time(fleet):
    """What happens to servers, as the daemon sees it."""
    table = Table("event", "answer", "after")
    deadline, users = 1, iter(range(USERS))
    with fleet.daemons(deadline=deadline) as (servers, (host, _)):
        for name, event in EVENTS.items():
            secrets = {user: host.enroll(user) for user in
                       (f"u{next(users)}" for _ in range(10))}
            user, secret = secrets.popitem()
            equal(host.verify(user, secret.code()), "accepted", f"before: {name}")
            user, secret = secrets.popitem()
            with event(servers):
                begun = time.monotonic()
                answer = host.verify(user, secret.code())
                took = time.monotonic() - begun
            table.row(name, answer, f"{took:.2f} s")
            check(answer != "accepted" and took < deadline + SLACK, f"{name}: {answer}, {took} s")
            recovers(host, secrets)


@test
def changes_that_wait_do_not_use_up_the_server(fleet):
    """A backend that waits for a standby stays when its host has given up, and each try makes one
    more, up to the role's limit."""
    deadline, limit, seen = 1, 3, [0]
    with fleet.daemons(deadline=deadline) as (servers, (host, other)):
        secrets = {f"u{number}": host.enroll(f"u{number}") for number in range(40)}
        logins = itertools.cycle([secrets.popitem() for _ in range(20)])
        servers.a.ask("postgres", f"alter role web1 connection limit {limit};")

        def tries():
            """One that is not refused at once, or None."""
            user, secret = next(logins)
            begun = time.monotonic()
            check(host.verify(user, secret.code()) != "accepted", "without a standby")
            took = time.monotonic() - begun
            row, = servers.a.ask("postgres", "select count(*) from pg_stat_activity "
                                 "where usename = 'web1';")
            seen.append(int(row[0]))
            return took > deadline * 0.9
        with EVENTS["standbys frozen"](servers):
            trio.wait_for(lambda: tries() and seen[-1] >= limit, "the limit is reached")
            for _ in range(3):
                trio.wait_for(tries, "another try")
        equal(max(seen), limit, f"the most connections: {seen}")
        recovers(host, secrets)
        recovers(other, secrets)
