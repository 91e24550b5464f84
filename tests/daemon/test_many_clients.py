# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many clients at once, and clients that would keep others out or time the replies."""

import array
import concurrent.futures
import fcntl
import resource
import select
import subprocess
import termios
import time

from verifyd_host import STORE, WEB, Client, check, equal, frame, test

VERIFY = "org.totpgroup.Verify.Verify"


def allow_descriptors(count):
    """Allows so many open files, here and in the daemon, which inherits the limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY:
        hard = max(hard, count)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


@test
def thousands_of_idle_connections_do_not_disturb_a_busy_one(host):
    """Of two thousand idle connections a thousand have sent half a call."""
    allow_descriptors(8192)
    host.configure(WEB + "[daemon]\npeer_connections=4000\n")
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    host.start()
    idle = [Client(uid=1004) for _ in range(2000)]
    half = frame(VERIFY, {"user": "alice", "code": "1"})
    for client in idle[::2]:
        client.send(half[:30])
    with Client() as active:
        for _ in range(200):
            equal(active.verify("alice", secret.code()), ("accepted", 0), "the busy one")
    # The idle ones are still served. Half a call may have run out of time by now.
    for client in idle[1::200]:
        equal(client.verify("alice", "1"), "NotPermitted", "an idle one")
    for client in idle:
        client.close()


@test
def half_a_call_has_a_deadline(host):
    """The time is for the whole call, however slowly its bytes arrive."""
    host.start()
    call = frame("org.varlink.service.GetInfo")
    with Client() as slow, Client() as idle:
        begun = time.monotonic()
        answer = None
        try:
            for byte in call * 20:
                slow.send(bytes([byte]) if byte else b" ")
                time.sleep(0.05)
                if time.monotonic() - begun > 30:
                    break
        except BrokenPipeError:
            answer = "closed"
        equal(answer, "closed", "a call that does not end")
        check(time.monotonic() - begun > 4.9, "it was not closed too early")
        equal(idle.verify("ghost", "1")[0], "refused", "a client that was idle meanwhile")


@test
def a_client_that_does_not_read_is_closed_and_delays_nobody(host):
    """Replies that a client does not read are not kept for ever."""
    secret = host.secret("alice")
    host.start()
    call = frame("org.varlink.service.GetInterfaceDescription",
                 {"interface": "org.totpgroup.Verify"})
    with Client(uid=1004) as deaf, Client() as other:
        deaf.socket.settimeout(0.5)
        try:
            while True:
                deaf.send(call)
        except TimeoutError:
            pass
        equal(other.verify("alice", secret.code()), ("accepted", 0), "another client")
        # poll() reports the end of the connection without a read.
        poll = select.poll()
        poll.register(deaf.socket, 0)
        equal(len(poll.poll(30000)), 1, "closed by the daemon")


@test
def no_peer_takes_the_connections_of_others(host):
    host.configure(WEB + "[daemon]\nconnections=20\npeer_connections=8\n")
    host.start()
    own = [Client(uid=1004) for _ in range(8)]
    for client in own:
        equal(client.verify("alice", "1"), "NotPermitted", "up to its share")
    with Client(uid=1004) as client:
        equal(client.receive(), {"error": "org.totpgroup.Verify.Busy", "parameters": {}},
              "one more")
        equal(client.receive(), None, "the end")
    own.pop().close()
    # Ask until the daemon has seen that one was closed.
    for _ in range(1000):
        with Client(uid=1004) as client:
            client.ask("Verify", user="alice", code="1")
            if client.receive()["error"].endswith("NotPermitted"):
                break
    else:
        raise AssertionError("the closed connection still counts")
    # Three peers have all connections. For a fourth peer, the one with the most loses one.
    own += [Client(uid=1003) for _ in range(8)] + [Client(uid=65534) for _ in range(5)]
    for client in own:
        client.verify("alice", "1")
    with Client(uid=1001) as late:
        equal(late.verify("bob", "1"), "NotPermitted", "another peer")
        equal(own[7].receive(), None, "the longest idle one of the peer with the most")
        equal(own[-1].verify("alice", "1"), "NotPermitted", "the others stay")


def await_reading(client):
    """Waits until the daemon has read what the client sent."""
    unread = array.array("i", [1])
    while unread[0] > 0:
        fcntl.ioctl(client.socket, termios.TIOCOUTQ, unread)
        time.sleep(0.001)


@test
def root_has_connections_that_nobody_can_take(host):
    """All are in use, and none is idle, so that none can be closed."""
    secret = host.secret("bob", '" WINDOW_SIZE 17')
    host.secret("alice")
    host.configure(WEB + "[daemon]\nconnections=16\npeer_connections=16\n")
    host.start()
    with open(f"{STORE}/alice", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = [Client(uid=33) for _ in range(16)]
        for client in waiting:
            client.ask("Verify", user="alice", code="123456")
            await_reading(client)
        with Client(uid=1001) as other:
            equal(other.receive(), {"error": "org.totpgroup.Verify.Busy", "parameters": {}},
                  "there is no room for others")
        with Client() as root:
            equal(root.verify("bob", secret.code()), ("accepted", 0), "root")
        fcntl.flock(file, fcntl.LOCK_UN)
    for client in waiting:
        check(client.receive() is not None, "a reply")


@test
def a_locked_secret_delays_no_other_user(host):
    """Not even if many connections wait for the locked secret."""
    secret = host.secret("bob", '" WINDOW_SIZE 17')
    host.secret("alice")
    host.start()
    with open(f"{STORE}/alice", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        waiting = [Client(uid=33) for _ in range(3)] + [Client() for _ in range(50)]
        for client in waiting:
            client.ask("Verify", user="alice", code="123456")
        with Client() as other:
            for _ in range(5):
                equal(other.verify("bob", secret.code()), ("accepted", 0), "bob")
        answered = select.select([client.socket for client in waiting], [], [], 0)[0]
        equal(len(answered), 0, "replies about alice before the lock is free")
        fcntl.flock(file, fcntl.LOCK_UN)
    for client in waiting:
        check(client.receive() is not None, "a reply")


@test
def a_secret_that_stays_locked_is_busy(host):
    host.secret("alice")
    host.start()
    with open(f"{STORE}/alice", "r+b") as file, Client() as client:
        fcntl.flock(file, fcntl.LOCK_EX)
        equal(client.verify("alice", "123456"), "Busy", "after some seconds")


@test
def refusals_to_front_ends_are_held_back(host):
    """A refusal never comes earlier than 20 ms after the call, for whatever reason."""
    host.secret("alice")
    host.start()
    with Client(uid=33) as client:
        for user in ("alice", "bob", "carol", "ghost", "root"):
            begun = time.monotonic()
            equal(client.verify(user, "123456"), ("refused", 0), user)
            check(time.monotonic() - begun > 0.018, f"{user}: too soon")


@test
def a_slow_store_delays_the_refusals_of_all_users(host):
    """After one attempt took long to record, every refusal takes as long."""
    host.secret("alice")
    host.start()
    with open(f"{STORE}/alice", "r+b") as file, Client(uid=33) as client, Client() as other:
        fcntl.flock(file, fcntl.LOCK_EX)
        begun = time.monotonic()
        client.ask("Verify", user="alice", code="123456")
        while time.monotonic() - begun < 0.2:
            other.verify("nobody", "1")
        fcntl.flock(file, fcntl.LOCK_UN)
        equal(client.receive()["parameters"]["result"], "refused", "alice")
        for user in ("bob", "carol", "ghost", "root"):
            begun = time.monotonic()
            equal(client.verify(user, "123456"), ("refused", 0), user)
            took = time.monotonic() - begun
            check(took > 0.15, f"{user}: {took:.3f} s")


@test
def other_replies_do_not_reveal_when_a_refusal_was_ready(host):
    """These wait for the work on the same user, so they are held back as well: the reply that
    follows a oneway call, the reply to an attempt too many, and the refusal to a stranger."""
    host.secret("alice")
    host.start()
    for user in ("alice", "ghost"):
        with Client(uid=33) as client, Client(uid=1004) as stranger:
            client.verify("bob", "123456")
            begun = time.monotonic()
            client.ask("Verify", user=user, code="123456", oneway=True)
            client.send(frame("org.varlink.service.GetInfo"))
            check("interfaces" in client.receive()["parameters"], "the next reply")
            check(time.monotonic() - begun > 0.018, f"{user}: the next reply is too soon")
            for _ in range(2):
                client.verify(user, "123456")
            begun = time.monotonic()
            equal(client.verify(user, "123456")[0], "limited", user)
            check(time.monotonic() - begun > 0.018, f"{user}: limited too soon")
            for method, parameters in (("Verify", {"code": "123456"}), ("Status", {})):
                begun = time.monotonic()
                answer = stranger.call(method, user=user, **parameters)
                equal(answer["error"], "org.totpgroup.Verify.NotPermitted", user)
                check(time.monotonic() - begun > 0.018, f"{user}: {method} refused too soon")


@test
def one_code_is_accepted_once_of_many_attempts(host):
    """Forty connections and eight logins through PAM try the same code at the same time."""
    host.configure(WEB + "attempts=no\n")
    for turn in range(5):
        secret = host.secret("alice", '" WINDOW_SIZE 17', '" DISALLOW_REUSE')
        if turn == 0:
            host.start()
        code = secret.code()
        clients = [Client(uid=uid) for uid in (0, 33) * 20]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            logins = [pool.submit(host.log_in, "alice", code) for _ in range(8)]
            for client in clients:
                client.ask("Verify", user="alice", code=code)
            results = [client.receive()["parameters"]["result"] for client in clients]
            let_in = [login.result() for login in logins]
        equal(results.count("accepted") + let_in.count(True), 1, "accepted attempts")
        for client in clients:
            client.close()


@test
def memory_and_descriptors_do_not_grow(host):
    """Thousands of calls of all kinds leave nothing behind."""
    host.configure(WEB + "attempts=no\npeer_attempts=no\n")
    secret = host.secret("alice", '" WINDOW_SIZE 17')
    host.start()

    def run(turns):
        for turn in range(turns):
            with Client(uid=(0, 33, 1001, 1004)[turn % 4]) as client:
                for user in ("alice", "bob", "ghost"):
                    client.ask("Verify", user=user, code=secret.code())
                client.ask("Status", user="alice")
                client.send(frame("org.varlink.service.GetInfo"))
                for _ in range(5):
                    client.receive()

    def size():
        with open(f"/proc/{host.daemon.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * resource.getpagesize()

    # A sanitizer keeps some freed memory for each thread, and finds leaks itself.
    with open(f"/proc/{host.daemon.pid}/maps", encoding="ascii") as maps:
        room = (8 if "asan" in maps.read() or size() > 20 << 20 else 2) << 20
    run(300)
    before, files = size(), host.descriptors()
    run(1200)
    check(size() < before + room, f"grown from {before} to {size()} bytes")
    check(host.descriptors() <= files + 4, "files are left open")
    subprocess.run(["true"], check=True)
