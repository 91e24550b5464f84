# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two hosts at the same moment, and replies that get lost: a code is accepted once, and no
decision is forgotten."""

import contextlib
import shutil
import subprocess
import sys
import time

import case
import trio
from case import Skip, check, equal
from fleet_host import HERE, Fleet, Table
from pool import Pool

RACERS = 24
ROUNDS, POOL_ROUNDS = (50, 20) if case.LONG else (8, 4)
AHEAD = 40
test = Fleet()


def race(hosts, *words):
    """All racers of both hosts decide about the same. Returns the results and the slowest."""
    for host in hosts:
        host.order("race", RACERS // 2, *words)
    answers = [host.answer() for host in hosts]
    return [word for answer in answers for word in answer[1:]], max(float(a[0]) for a in answers)


def one_wins(hosts, rounds, name):
    """In each round one racer is let in."""
    slowest = 0
    for number in range(rounds):
        # All have the same code, even if the step ends meanwhile.
        results, seconds = race(hosts, f"c{number}", "totp", int(time.time()) // 30 * 30)
        equal((results.count("accepted"), results.count("reused")), (1, RACERS - 1), results)
        slowest = max(slowest, seconds)
    Table("race", "rounds with one winner", "slowest").row(
        f"{RACERS} racers on two hosts, {name}", f"{rounds} of {rounds}", f"{slowest:.2f} s")


@test
def of_many_racers_on_two_hosts_one_is_let_in(fleet):
    with fleet.trio() as servers, fleet.host("h1", servers) as one, \
            fleet.host("h2", servers) as two:
        one_wins((one, two), ROUNDS, "direct")


@test
def of_many_racers_over_a_pool_one_is_let_in(fleet):
    with fleet.trio() as servers, Pool(fleet.machines["pool"], servers.a) as pool, \
            fleet.host("h1", [pool.address]) as one, fleet.host("h2", [pool.address]) as two:
        one_wins((one, two), POOL_ROUNDS, "pgbouncer")


@test
def each_of_many_guesses_is_counted(fleet):
    """A wrong code spends nothing, but changes the state: who loses decides again."""
    with fleet.trio() as servers, fleet.host("h1", servers) as one, \
            fleet.host("h2", servers) as two:
        results, _ = race((one, two), "c0", "none", "0")
        equal(set(results) - {"accepted", "deadline"}, set(), "results")
        row, = servers.a.ask("postgres", "select version - 1 from totpgroup.credential "
                             "where username = 'c0';")
        check(int(row[0]) >= results.count("accepted") > 0, f"{row[0]} counted: {results}")


@contextlib.contextmanager
def lossy(fleet, server):
    """A proxy in front of a server: a function that tells it how many replies get lost."""
    machine = fleet.machines["proxy"]
    with machine.popen(sys.executable, "-B", str(HERE / "lossy_proxy.py"), server.machine.address,
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        equal(process.stdout.readline(), "ready\n", "the proxy")

        def lose(number):
            print("lose", number, file=process.stdin, flush=True)
            return int(process.stdout.readline())

        yield machine.address, lose
        process.stdin.close()


def rows(servers, user):
    """The user's version, and how often a login was accepted, by the log."""
    row, = servers.a.ask("postgres", "select version, (select count(*) from totpgroup.log l where "
                         "l.username = c.username and result = 'accepted') "
                         f"from totpgroup.credential c where username = '{user}';")
    return [int(number) for number in row]


@test
def a_reply_that_is_lost_after_the_commit_lets_in_once(fleet):
    with fleet.trio() as servers, lossy(fleet, servers.a) as (address, lose), \
            fleet.host("h1", [address]) as one, fleet.host("h2", servers) as two:
        step = int(time.time()) // 30 * 30
        for number, lost in enumerate((0, 1, 2)):
            lose(lost)
            equal(one.spend(f"c{number}", "totp", step)[0], "accepted", f"{lost} replies lost")
            equal(lose(0), 0, "that were to get lost and did not")
            equal(rows(servers, f"c{number}"), [2, 1], "one change, one line")
            equal(two.spend(f"c{number}", "totp", step)[0], "reused", "another login")
        lose(1000)
        equal(one.spend("c9", "totp", step)[0], "deadline", "no reply ever comes")
        check(lose(0) < 1000, "replies got lost")
        equal(two.spend("c9", "totp", step)[0], "reused", "the code is spent all the same")


@test
def the_clocks_of_hosts_decide_nothing(fleet):
    if shutil.which("faketime") is None:
        raise Skip("no faketime (package faketime)")
    with fleet.trio() as servers, fleet.host("h1", servers) as one, \
            fleet.host("h2", servers, command=("faketime", "-f", f"+{AHEAD}s")) as two:
        times = []
        for host in (one, two, one, two):
            host.order("clock", "c0")
            times.append(int(host.answer()[0]))
        check(times == sorted(times) and times[-1] - times[0] < AHEAD // 2,
              f"the store's clock: {times}")
        offsets = dict(servers.a.ask("postgres", "select name, clock_offset from totpgroup.host;"))
        check(abs(int(offsets["web1"])) < AHEAD // 2, offsets)
        check(abs(int(offsets["web2"]) - AHEAD) < AHEAD // 2, offsets)
        for number in range(10):
            step = times[-1] // 30
            results = [host.spend(f"c{number}")[0] for host in (one, two)]
            one.order("clock", "c0")
            times.append(int(one.answer()[0]))
            # Otherwise a step ended meanwhile, and there were two codes.
            if times[-1] // 30 == step:
                equal(results, ["accepted", "reused"], "the code of the store's step on both")
                return
        check(False, "no two logins within one step")
