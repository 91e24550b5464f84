# SPDX-License-Identifier: LGPL-2.1-or-later
"""Peers that have the daemon wait, for a directory or for locks, keep nobody else from it."""

import contextlib
import fcntl
import os
import select

from directory import ENVIRONMENT, Directory
from verifyd_host import SOCKET, STORE, USERS, WEB, Client, check, equal, frame, test

# Threads of all front ends together, and of one of them (daemon/share.h).
SHARE, ONE_PEER = 16, 8

FRONT_ENDS = range(3000, 3004)
BUSY = {"error": "org.totpgroup.Verify.Busy", "parameters": {}}

MANY = "".join(f"[verify web{uid}]\npeer={uid}\ngroups=webtotp\nattempts=no\n"
               for uid in FRONT_ENDS)


def ask_slowly(uid, count):
    """Connections of one peer, each of which asks about another user that is looked up slowly."""
    clients = [Client(uid=uid) for _ in range(count)]
    for number, client in enumerate(clients):
        client.ask("Verify", user=f"slow{uid}x{number}", code="123456")
    return clients


def answered(clients):
    """How many of the connections have an answer, or have ended."""
    return len(select.select([client.socket for client in clients], [], [], 0)[0])


@contextlib.contextmanager
def locked(users):
    """The users' secrets are locked, as the users could do to their own."""
    with contextlib.ExitStack() as files:
        for user in users:
            file = files.enter_context(open(f"{STORE}/{user}", "r+b"))
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@test
def a_front_end_with_slow_names_delays_nobody_else(host):
    directory = Directory(host)
    host.configure(WEB + "attempts=no\n[verify other]\npeer=nobody\ngroups=webtotp\n")
    secrets = {user: host.secret(user) for user in ("alice", "bob", "carol")}
    host.start(environment=ENVIRONMENT)
    slow = ask_slowly(33, 20)
    directory.wait_for(ONE_PEER)
    for uid, user in ((0, "bob"), (1001, "alice"), (1003, "carol")):
        with Client(uid=uid) as client:
            equal(client.verify(user, secrets[user].code()), ("accepted", 0), f"uid {uid}")
    secret = host.secret("alice")
    with Client(uid=65534) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "another front end")
    equal(answered(slow), 0, "answers to the front end")
    check(not directory.waiting(), "one front end has more lookups than its share")
    directory.open_gate()
    for client in slow:
        equal(client.receive()["parameters"]["result"], "refused", "when the directory answers")


@test
def many_front_ends_with_slow_names_delay_neither_root_nor_users(host):
    directory = Directory(host)
    host.configure(MANY)
    secrets = {user: host.secret(user) for user in ("alice", "bob")}
    host.start(environment=ENVIRONMENT)
    slow = [client for uid in FRONT_ENDS for client in ask_slowly(uid, 20)]
    directory.wait_for(SHARE)
    for uid, user in ((0, "bob"), (1001, "alice")):
        with Client(uid=uid) as client:
            equal(client.verify(user, secrets[user].code()), ("accepted", 0), f"uid {uid}")
            equal(client.call("Status", user=user)["parameters"]["enrolled"], True, "Status")
    equal(answered(slow), 0, "answers to the front ends")
    check(not directory.waiting(), "all front ends have more lookups than their share")


@test
def calls_that_take_too_long_are_busy(host):
    """A connection whose call is with the directory ends. One whose call waits for its turn goes
    on."""
    directory = Directory(host)
    host.configure(WEB + "attempts=no\n")
    secret = host.secret("alice")
    host.start(environment=ENVIRONMENT)
    slow = ask_slowly(33, ONE_PEER + 4)
    directory.wait_for(ONE_PEER)
    equal([client.receive() for client in slow], [BUSY] * len(slow), "the answers")
    going_on = []
    for client in slow:
        try:
            client.send(frame("org.varlink.service.GetInfo"))
        except BrokenPipeError:
            continue
        if client.receive() is not None:
            going_on.append(client)
    equal(len(going_on), 4, "the connections that go on")
    directory.open_gate()
    for client in going_on:
        equal(client.verify("alice", secret.code())[0],
              "accepted" if client is going_on[0] else "refused", "afterwards")


@test
def a_peer_without_a_quick_name_delays_nobody_else(host):
    """The directory is slow with the uid that asks, so the daemon does not know whether the peer
    asks about itself."""
    directory = Directory(host)
    secret = host.secret("alice")
    host.start(environment=ENVIRONMENT)
    unknown = [Client(uid=7001) for _ in range(40)]
    for number, client in enumerate(unknown):
        client.ask("Verify", user=f"user{number}", code="123456")
    directory.wait_for(1)
    with Client(uid=1001) as client:
        equal(client.verify("alice", secret.code()), ("accepted", 0), "alice")
    check(not directory.waiting(), "more than one thread waits for the name of one peer")
    directory.open_gate()
    for client in unknown:
        equal(client.receive()["error"], "org.totpgroup.Verify.NotPermitted", "afterwards")


@test
def users_who_lock_their_secrets_do_not_delay_root(host):
    """They ask about themselves, and a front end asks about them."""
    users = {f"user{n}": (2000 + n, ("webtotp",)) for n in range(40)}
    host.write_users({**USERS, **users})
    host.configure(WEB + "attempts=no\n")
    for user in users:
        host.secret(user)
    secrets = {user: host.secret(user) for user in ("alice", "bob")}
    host.start()
    with locked(users):
        front_end = [Client(uid=33) for _ in range(20)]
        for client, user in zip(front_end, list(users)[20:]):
            client.ask("Verify", user=user, code="123456")
        with Client(uid=1001) as client:
            equal(client.verify("alice", secrets["alice"].code()), ("accepted", 0), "alice")
        equal(answered(front_end), 0, "answers about locked secrets")
        themselves = [Client(uid=users[user][0]) for user in list(users)[:20]]
        for client, user in zip(themselves, users):
            client.ask("Verify", user=user, code="123456")
        with Client() as client:
            equal(client.verify("bob", secrets["bob"].code()), ("accepted", 0), "root")
        equal(answered(front_end + themselves), 0, "answers about locked secrets")
    for client in front_end + themselves:
        equal(client.receive()["parameters"]["result"], "refused", "when they are free")


@test
def a_front_end_does_not_delay_a_user_by_asking_about_her(host):
    """However many of its calls about her wait, her own call comes first."""
    host.configure(WEB + "attempts=no\n")
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    host.start()
    with locked(["alice"]):
        front_end = [Client(uid=33) for _ in range(200)]
        for client in front_end:
            client.ask("Verify", user="alice", code="123456")
        # The answer shows that the calls have been read.
        with Client() as client:
            equal(client.verify("ghost", "1")[0], "refused", "root")
        own = Client(uid=1001)
        own.ask("Verify", user="alice", code=secret.code())
        with Client() as client:
            equal(client.verify("ghost", "1")[0], "refused", "root")
    equal(own.receive()["parameters"]["result"], "accepted", "alice")
    for client in front_end:
        check(client.receive() is not None, "an answer")
    peers = [line.split("peer=")[1].split()[0] for line in host.said() if "user=alice" in line]
    equal(len(peers), 201, "lines about alice")
    check(peers.index("1001") < 100, "her own call was among the first")


@test
def the_daemon_ends_without_an_answer_of_the_directory(host):
    directory = Directory(host)
    host.start(environment=ENVIRONMENT)
    slow = ask_slowly(33, 1)
    directory.wait_for(1)
    host.stop()
    equal(slow[0].receive(), BUSY, "the answer")
    check(not os.path.exists(SOCKET), "the socket is gone")


@test
def users_who_lock_their_secrets_take_turns_with_others(host):
    """Each has many calls, and all were there before hers."""
    users = {f"user{n}": (2000 + n, ()) for n in range(SHARE + 4)}
    host.write_users({**USERS, **users})
    for user in users:
        host.secret(user)
    secret = host.secret("alice")
    host.start()
    with locked(users), contextlib.ExitStack() as clients:
        for _ in range(5):
            for user, (uid, _) in users.items():
                clients.enter_context(Client(uid=uid)).ask("Verify", user=user, code="123456")
        with Client(uid=1001) as client:
            equal(client.verify("alice", secret.code()), ("accepted", 0), "alice")
