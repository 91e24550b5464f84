# SPDX-License-Identifier: LGPL-2.1-or-later
"""A backup of the store, and what a restore on another server means, as docs/fleet.md says it."""

import json
import subprocess

from case import equal
from cluster import Cluster, programs
from one_time_code import STEP
from store_host import SSHD, TOP, Client, check, test
from test_program import run

# So many codes on each side of the current one are good.
WINDOW = 17
DUMP, ROLES = f"{TOP}/totp.dump", f"{TOP}/roles.sql"


def verify(user, code):
    """What the daemon says."""
    with Client() as client:
        answer = client.call("Verify", user=user, code=code, **SSHD)
    check("error" not in answer, answer)
    answer = answer["parameters"]
    return answer.get("reason") or answer["result"]


def tool(cluster, program, *words):
    """Runs a program of the server as the database's owner."""
    done = subprocess.run([f"{programs()}/{program}", f"--host={cluster.socket}",
                           "--username=postgres", *words], capture_output=True, text=True,
                          check=False)
    check(done.returncode == 0, f"{program}: {done.stderr}")


def back_up(host):
    """What the guide says."""
    tool(host.cluster, "pg_dumpall", "--roles-only", f"--file={ROLES}")
    tool(host.cluster, "pg_dump", "--format=custom", f"--file={DUMP}", host.cluster.database)


def restore(host, cluster, name):
    """On a new server, in a database of that name, in which the host and the administrator have their
    store then."""
    tool(cluster, "createdb", name)
    tool(cluster, "pg_restore", "--exit-on-error", "--single-transaction", f"--dbname={name}", DUMP)
    cluster.database = name
    host.use()


def use_up(user, code):
    """The code is accepted once."""
    equal((verify(user, code), verify(user, code)), ("accepted", "reused"), (user, code))


def made(host):
    """Two users, a backup, and what happens after it: alice, who used one code before it and one
    after it, the codes, and bob, whose secret was revoked since."""
    host.start()
    alice = host.enroll("alice", '" RATE_LIMIT 10 30', f'" WINDOW_SIZE {WINDOW}',
                        '" DISALLOW_REUSE', emergency=("12345678", "23456789"))
    bob, early, late = host.enroll("bob"), alice.code(-4), alice.code(-2)
    use_up("alice", early)
    equal(verify("alice", "12345678"), "accepted", "an emergency code")
    back_up(host)
    use_up("alice", late)
    equal(verify("alice", "23456789"), "accepted", "another emergency code")
    run(host, "revoke", "bob", "--force")
    equal(verify("bob", bob.code()), "not-enrolled", "a revoked secret")
    host.stop()
    return alice, early, late, bob


@test
def a_restore_goes_back_in_time(host):
    alice, early, late, bob = made(host)
    with Cluster() as cluster:
        first, host.cluster = host.cluster, cluster
        try:
            cluster.psql("postgres", "--set", "ON_ERROR_STOP=0", "--file", ROLES)
            restore(host, cluster, "careless")
            host.start()
            equal((verify("alice", early), verify("alice", "12345678")), ("reused", "wrong-code"),
                  "what was used before the backup")
            use_up("alice", late)
            equal((verify("alice", "23456789"), verify("bob", bob.code())), ("accepted", "accepted"),
                  "what was used and revoked since")
            host.stop()

            restore(host, cluster, "careful")
            # Time passes. The store's clock of a user is not behind the last decision.
            host.rows("update totpgroup.credential set last = extract(epoch from clock_timestamp()) "
                      f"+ {WINDOW * STEP};")
            report = json.loads(run(host, "codes", "alice", "--json", "--force"))
            run(host, "revoke", "bob", "--force")
            host.start()
            equal((verify("alice", early), verify("alice", late), verify("alice", "23456789"),
                   verify("bob", bob.code(WINDOW))),
                  ("reused", "wrong-code", "wrong-code", "not-enrolled"), "what was used")
            use_up("alice", alice.code(WINDOW))
            equal(verify("alice", report["users"][0]["codes"][0]), "accepted", "a new emergency code")
            host.stop()
        finally:
            host.cluster = first
