# SPDX-License-Identifier: LGPL-2.1-or-later
"""What somebody who owns a host can do to the store: send any call of the functions that hosts
have, a great many of them. No mark of a user ever goes back, and no clock runs away."""

import atexit
import contextlib
import importlib.util
import random
import uuid

import case
from case import check, equal
from cluster import Cluster, programs

CALLS = 5000 if case.LONG else 500
DAY = 86400
SETTLE = ("select outcome from totpgroup.settle('alice', %s, %s, 'k1', %s, %s, %s, %s, %s, 'web1', "
          "'sshd', 'r', %s, null, 'totp', 0, null, "
          "(select attempt from totpgroup.look('alice')))")
HUGE = (0, 1, -1, 2**31, 2**62, -2**62, 2**63 - 1)


class _Fixture(case.Fixture):
    """A store with one user, a session of an administrator and one of the host's role."""

    def __init__(self):
        self._cluster = None

    def missing(self):
        if not programs():
            return "no PostgreSQL server (package postgresql)"
        if importlib.util.find_spec("psycopg2") is None:
            return "no psycopg2 (package python3-psycopg2)"
        return None

    def begin(self):
        self._cluster = cluster = Cluster().__enter__()
        atexit.register(cluster.__exit__)
        cluster.install()
        cluster.ask("postgres", "create role web1 login in role totp_host; "
                    "insert into totpgroup.member values ('web1', 'corp'); "
                    "insert into totpgroup.credential (realm, username, version, secret) "
                    "values ('corp', 'alice', 1, 's');")

    @contextlib.contextmanager
    def argument(self):
        import psycopg2  # pylint: disable=import-outside-toplevel
        with self._cluster.copy("one") as store:
            sessions = [psycopg2.connect(host=store.socket, user=role, dbname=store.database)
                        for role in ("postgres", "web1")]
            for session in sessions:
                session.autocommit = True
            yield [session.cursor() for session in sessions]
            for session in sessions:
                session.close()


test = _Fixture()


def marks(admin):
    """What must not go back, of alice."""
    admin.execute("select version, steps, step_floor, hotp, spent, last, secret, secret_version "
                  "from totpgroup.credential where username = 'alice'")
    names = ("version", "steps", "step_floor", "hotp", "spent", "last", "secret", "secret_version")
    return dict(zip(names, admin.fetchone()))


def only_forward(before, after, call):
    """Fails where a mark went back, or where a host changed what is not its own."""
    for name in ("version", "step_floor", "hotp", "last"):
        check(after[name] >= before[name], f"{name} went back by {call}: {before} {after}")
    gone = set(before["steps"]) - set(after["steps"])
    check(all(step <= after["step_floor"] for step in gone),
          f"a step is good again by {call}: {gone}")
    check({bytes(d) for d in before["spent"]} <= {bytes(d) for d in after["spent"]},
          f"an emergency code is good again by {call}")
    equal((bytes(after["secret"]), after["secret_version"]),
          (bytes(before["secret"]), before["secret_version"]), "the secret")


def some_call(chance, admin, before):
    """A call of settle() as somebody might send it."""
    admin.execute("select extract(epoch from clock_timestamp())::bigint")
    now, = admin.fetchone()
    number = chance.choice((*HUGE, now, now + chance.randrange(-2 * DAY, 2 * DAY),
                            before["hotp"] + chance.randrange(-2, 3)))
    return (chance.choice((before["version"], before["version"], before["version"] - 1, *HUGE)),
            chance.choice((b"state", b"", None)), chance.choice((now, 0, *HUGE)),
            chance.choice(("totp", "hotp", "code", "none", "other", None)), number,
            chance.choice((b"", b"d1", b"d2", None, bytes(16), bytes(1000))),
            chance.choice((str(uuid.UUID(int=1)), str(uuid.uuid4()))),
            chance.choice(("accepted", "refused", "", None)))


@test
def no_call_lowers_a_mark(sessions):
    import psycopg2  # pylint: disable=import-outside-toplevel
    admin, host = sessions
    chance, outcomes = random.Random(case.seed()), {}
    before = marks(admin)
    for _ in range(CALLS):
        call = some_call(chance, admin, before)
        try:
            host.execute(SETTLE, call)
            outcome = host.fetchone()[0]
        except psycopg2.Error as error:
            outcome = error.pgcode
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
        after = marks(admin)
        only_forward(before, after, call)
        before = after
    print("#", outcomes)
    check(outcomes.get("done", 0) > CALLS / 100, f"hardly a call did anything: {outcomes}")


@test
def no_host_moves_a_clock_or_a_mark_far_ahead(sessions):
    """It may spend the steps of the next 26 hours: 25 from the store's clock, which it may put ahead
    by one. With more nobody could log in any more."""
    admin, host = sessions
    for _ in range(5):
        admin.execute("select extract(epoch from clock_timestamp())::bigint")
        now, = admin.fetchone()
        version = marks(admin)["version"]
        for decided_at in (2**62, now + 2 * DAY, now + 1000):
            host.execute(SETTLE, (version, b"s", decided_at, "none", 0, b"", str(uuid.uuid4()),
                                  "accepted"))
            version = marks(admin)["version"]
        host.execute("select now from totpgroup.look('alice')")
        ahead = host.fetchone()[0]
        admin.execute("select extract(epoch from clock_timestamp())::bigint")
        ahead -= admin.fetchone()[0]
        check(ahead <= 3600, f"the store's clock for alice is {ahead} s ahead")
        host.execute(SETTLE, (version, b"s", now, "totp", now + 90000 + 7200, b"",
                              str(uuid.uuid4()), "accepted"))
        equal(host.fetchone()[0], "spent", "a step that is far ahead")
