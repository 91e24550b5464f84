# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures a store that hosts share: a primary and two standbys, one of which confirms, on a private
machine. settle() beside plain statements; logins through totp-verifyd beside pgbench, which calls
the same functions; and how soon a login is refused while the primary is stopped.

    sudo top_builddir=BUILD tests/bench/fleet_cost.py [ROW...]
"""

import contextlib
import glob
import os
import re
import statistics
import subprocess
import sys
import time

import rounds

for folder in ("tests", "tests/e2e", "tests/fleet"):
    sys.path.insert(1, str(rounds.HERE.parent.parent / folder))

# pylint: disable=wrong-import-position
import case
import private_root
import trio
from cluster import programs
from daemon_host import DaemonFleet

LOGINS, PASSES, CALLERS = 160, 4, 16
# Between two breaks of the circuit breaker.
REFUSALS = 3

# What is in all statements: a user, and a row of the log.
USER = "\\set n random(0, 19999)\n"
LOG = ("insert into totpgroup.log (realm, username, host, service, rhost, result, method, step, "
       "attempt) select 'corp', username, 'h', 'sshd', 'r', 'accepted', 'totp', 1, attempt from u")
SETTLE = ("totpgroup.settle({user}, {version}, 'state', 'k1', 0, 'totp', {step}, '', "
          "gen_random_uuid(), 'h', 'sshd', 'r', 'accepted', null, 'totp', 0, null, {attempt})")
# A function that makes the same two statements as "one statement", and checks nothing.
FLOOR = """
create function totpgroup.floor(who text, step bigint, this_attempt uuid) returns text
language plpgsql security definer set search_path = totpgroup, pg_temp as $$
begin
	update credential c set state = 'state', state_key = 'k1', version = c.version + 1,
		steps = (c.steps || step)[1:64], attempt = this_attempt
	where c.realm = 'corp' and c.username = who;
	insert into log (realm, username, host, service, rhost, result, method, step, attempt)
	values ('corp', who, 'h', 'sshd', 'r', 'accepted', 'totp', step, this_attempt);
	return 'done';
end $$;
"""
SCRIPTS = {
    # The step is one that no version of the row had.
    "settle": USER + "select s.outcome from totpgroup.credential c, lateral " + SETTLE.format(
        user="c.username", version="c.version", step="c.version * 30", attempt="c.attempt")
    + " s where c.realm = 'corp' and c.username = 'c' || :n;\n",
    "floor": USER + "select totpgroup.floor(c.username, c.version * 30, gen_random_uuid()) "
    "from totpgroup.credential c where c.realm = 'corp' and c.username = 'c' || :n;\n",
    "one statement": USER + "with u as (update totpgroup.credential set state = 'state', "
    "state_key = 'k1', version = version + 1, steps = (steps || version * 30)[1:64], "
    "attempt = gen_random_uuid() where realm = 'corp' and username = 'c' || :n "
    "returning username, attempt) " + LOG + ";\n",
    "select and update": USER + "select secret, state, version from totpgroup.credential "
    "where realm = 'corp' and username = 'c' || :n;\n"
    "update totpgroup.credential set state = 'state', version = version + 1 "
    "where realm = 'corp' and username = 'c' || :n;\n",
    "login": USER + "select version, now / 30 * 30 as step, coalesce(quote_literal(attempt), 'null') "
    "as attempt from totpgroup.look('c' || :n) \\gset r_\nselect outcome from " + SETTLE.format(
        user="'c' || :n", version=":r_version", step=":r_step", attempt=":r_attempt") + ";\n",
}
# Each row: ours, the peer, and how many call at the same time.
STATEMENTS = {"fleet-settle-4": ("settle", "one statement", 4),
              "fleet-settle-16": ("settle", "one statement", 16),
              "fleet-update-4": ("settle", "select and update", 4),
              "fleet-update-16": ("settle", "select and update", 16),
              "fleet-floor-16": ("floor", "one statement", 16)}
# The callers, and the connections to the server.
DAEMON = {"fleet-login": (1, 1), "fleet-logins": (CALLERS, 2)}
REFUSED = ("fleet-refusal", "fleet-breaker")


class Fleet(DaemonFleet):
    """The fleet of the tests, with the program that loads a daemon, and more users."""

    def begin(self):
        with open(rounds.program("tests/bench/verify_cost"), "rb") as file:
            load = file.read()
        super().begin()
        self.paths["load"] = private_root.install("load", load)
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.writelines(f"b{number}:x:{5000 + number}:{5000 + number}::/:/bin/sh\n"
                            for number in range(LOGINS * (PASSES + 1) * len(DAEMON)))


def pgbench(server, name, callers, seconds=1):
    """The seconds of one transaction of a script, with so many callers."""
    path = f"{trio.TOP}/script"
    with open(path, "w", encoding="ascii") as file:
        file.write(SCRIPTS[name])
    done = subprocess.run(
        [f"{programs()}/pgbench", "--host", server.socket, "--username", "postgres", "--no-vacuum",
         f"--client={callers}", "--jobs=1", f"--time={seconds}", f"--file={path}", "postgres"],
        capture_output=True, text=True, check=False)
    rate = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode != 0 or rate is None:
        sys.exit(f"pgbench: {done.stdout}{done.stderr}")
    return 1 / float(rate[1])


def statements(servers, rows):
    """settle() beside others."""
    works = dict.fromkeys((ours, callers) for ours, _, callers in STATEMENTS.values())
    for ours, callers in works:
        peers = {row: lambda peer=STATEMENTS[row][1], callers=callers:
                 pgbench(servers.a, peer, callers) for row in rows
                 if (STATEMENTS[row][0], STATEMENTS[row][2]) == (ours, callers)}
        if peers:
            rounds.measure_beside(peers, lambda ours=ours, callers=callers: pgbench(
                servers.a, ours, callers), PASSES)


def processor_seconds(name):
    """What the processes whose program has that name have taken of the processors."""
    took = 0
    for path in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError), open(path, encoding="ascii") as file:
            if name in file.read():
                for task in glob.glob(f"{os.path.dirname(path)}/task/*/schedstat"):
                    with open(task, encoding="ascii") as numbers:
                        took += int(numbers.read().split()[0])
    return took / 1e9


def logins(fleet, servers, host, row, users):
    """Logins through the daemon, each of a user of its own, beside pgbench."""
    callers, connections = DAEMON[row]
    taken = {"verifyd": [], "postgres": []}

    def ours():
        names = [next(users) for _ in range(LOGINS)]
        lines = [f"{user} {host.enroll(user).code()}\n" for user in names]
        calls = f"{trio.TOP}/calls"
        with open(calls, "w", encoding="ascii") as file:
            file.writelines(lines)
        before = {name: processor_seconds(name) for name in taken}
        output = subprocess.run([fleet.paths["load"], "load", host.socket, str(callers), calls],
                                check=True, capture_output=True, text=True).stdout.split()
        for name, list_of in taken.items():
            list_of.append((processor_seconds(name) - before[name]) / LOGINS)
        if int(output[1]) != LOGINS:
            sys.exit(f"fleet_cost: {output[1]} of {LOGINS} were accepted")
        return float(output[0]) / LOGINS

    rounds.measure(row, ours, lambda: pgbench(servers.a, "login", connections), PASSES)
    daemon, server = (statistics.median(list_of) * 1e6 for list_of in taken.values())
    rounds.note(f"{row}: a login takes {daemon:.0f} µs of the daemon's processor time, and "
                f"{server:.0f} µs of the three servers', here on one machine")


def refusals(servers, host, rows):
    """How soon a login is refused: at the deadline, and while the breaker is open."""
    def refused():
        begun = time.monotonic()
        if host.verify("b0", "000000") == "accepted":
            sys.exit("fleet_cost: a login was accepted without a primary")
        return time.monotonic() - begun

    host.enroll("b0")
    with servers.a.machine.frozen():
        for _ in range(rounds.ROUNDS_MIN):
            # Until the breaker closes, and the first that asks waits.
            while (seconds := refused()) < 1:
                pass
            if "fleet-refusal" in rows:
                rounds.report("fleet-refusal", seconds, 3)
            # A second silence opens it.
            times = [refused() for _ in range(2 * REFUSALS)]
            for seconds in [one for one in times if one < 0.5][:REFUSALS]:
                if "fleet-breaker" in rows:
                    rounds.report("fleet-breaker", seconds, 3)


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted([*STATEMENTS, *DAEMON, *REFUSED])
    rounds.need_private_machine(wanted)
    fleet = Fleet()
    if reason := fleet.missing():
        rounds.skip(wanted, reason)
        return
    fleet.begin()
    with fleet.daemons() as (servers, (host, _)), contextlib.suppress(BrokenPipeError):
        servers.a.ask("postgres",
                      f"insert into totpgroup.member values ('postgres', 'corp'); {FLOOR}")
        statements(servers, [row for row in wanted if row in STATEMENTS])
        users = (f"b{number}" for number in range(1, 10**6))
        for row in wanted:
            if row in DAEMON:
                logins(fleet, servers, host, row, users)
        if set(wanted) & set(REFUSED):
            refusals(servers, host, wanted)


if __name__ == "__main__":
    assert case.BUILD
    os.umask(0o022)
    main()
