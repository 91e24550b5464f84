# SPDX-License-Identifier: LGPL-2.1-or-later
"""How it begins, goes on and ends."""

import fcntl
import os
import resource
import signal
import socket
import stat
import subprocess
import threading

from verifyd_host import CONF, SOCKET, TOP, USERS, WEB, Client, check, equal, frame, test

VERIFY = "org.totpgroup.Verify.Verify"


@test
def test_alone(host):
    host.start()
    equal(stat.S_IMODE(os.stat(SOCKET).st_mode), 0o666, "the socket's mode")
    equal(stat.S_IMODE(os.stat(os.path.dirname(SOCKET)).st_mode), 0o755, "its folder's mode")
    done = subprocess.run([host.paths["verifyd"], f"--conf={CONF}"], capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 6, "a second one")
    check("another process listens" in done.stderr, done.stderr)
    check(os.path.exists(SOCKET), "the socket stays")
    host.stop()
    check(not os.path.exists(SOCKET), "the socket is gone")


@test
def test_socket_of_a_dead_one(host):
    host.start()
    host.daemon.kill()
    host.ended(-signal.SIGKILL)
    check(os.path.exists(SOCKET), "the socket is left")
    host.start()
    equal(Client().verify("ghost", "1")[0], "refused", "an answer")


@test
def test_activated(host):
    secret = host.secret("alice")
    host.start(activated=True)
    equal(Client().verify("alice", secret.code()), ("accepted", 0), "an answer")
    host.stop()
    check(os.path.exists(SOCKET), "the socket is the service manager's")


@test
def test_activated_wrongly(host):
    for kind, listens in ((socket.SOCK_DGRAM, False), (socket.SOCK_STREAM, False)):
        with socket.socket(socket.AF_UNIX, kind) as wrong:
            wrong.bind(f"\0totpgroup-wrong-{kind}")
            check(not listens, "not listening")
            number = wrong.fileno()
            done = subprocess.run(
                ["sh", "-c", f"exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec \"$@\"", "sh",
                 host.paths["verifyd"], f"--conf={CONF}"],
                pass_fds=(number,), capture_output=True, text=True, check=False)
            check(done.returncode == 2 and "LISTEN_FDS" in done.stderr, done.stderr)


@test
def test_ends_when_idle(host):
    host.configure(WEB + "[daemon]\nidle_exit=1\n")
    host.secret("alice")
    host.start(activated=True)
    with Client() as client:
        client.verify("alice", "000000")
    host.ended()
    # Alone it does not.
    os.unlink(SOCKET)
    host.start()
    with Client() as client:
        try:
            host.daemon.wait(2)
        except subprocess.TimeoutExpired:
            equal(client.verify("ghost", "1")[0], "refused", "still there")
        else:
            raise AssertionError("it ended")


@test
def test_stays_while_it_counts(host):
    """What was counted in memory is not forgotten by ending."""
    host.configure(WEB + "attempts=1 3\npeer_attempts=no\n[daemon]\nidle_exit=1\n")
    host.start(activated=True)
    with Client(uid=33) as client:
        equal(client.verify("ghost", "000000")[0], "refused", "the first")
    try:
        host.daemon.wait(2)
    except subprocess.TimeoutExpired:
        pass
    else:
        raise AssertionError("it ended")
    with Client(uid=33) as client:
        equal(client.verify("ghost", "000000")[0], "limited", "the second")
    host.ended()


@test
def test_stop_answers_what_has_come(host):
    """Calls at work, and those that wait behind them, are answered; then it is over."""
    secrets = {name: host.secret(name) for name in ("alice", "bob", "carol")}
    host.start()
    clients = {name: Client() for name in secrets}
    idle, half = Client(), Client()
    half.send(frame(VERIFY, {"user": "alice", "code": "1"})[:20])
    # The lock of one secret is taken, so that the call is at work when it is told to stop.
    with open("/run/e2e/store/alice", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for name, client in clients.items():
            client.send(frame(VERIFY, {"user": name, "code": secrets[name].code()}) * 3)
        # The second answer of bob shows that all were taken up.
        equal(clients["bob"].receive()["parameters"]["result"], "accepted", "bob")
        host.daemon.send_signal(signal.SIGTERM)
        equal(idle.receive(), None, "the idle one")
        equal(half.receive(), None, "the half-sent one")
        fcntl.flock(file, fcntl.LOCK_UN)
    equal([clients["bob"].receive()["parameters"]["result"] for _ in range(2)],
          ["refused"] * 2, "bob")
    for name in ("alice", "carol"):
        equal([clients[name].receive()["parameters"]["result"] for _ in range(3)],
              ["accepted", "refused", "refused"], name)
    for client in clients.values():
        equal(client.receive(), None, "the end")
    host.expect_notice("STOPPING=1")
    host.ended()


@test
def test_stop_takes_no_more_calls(host):
    """Who always has one more call cannot keep it from ending: what comes later is not read."""
    secret = host.secret("alice")
    host.start()
    idle = [Client()]
    busy = Client()
    idle.append(Client())
    with open("/run/e2e/store/alice", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        busy.ask("Verify", user="alice", code=secret.code())
        busy.send(frame("org.varlink.service.GetInfo"))
        for client in idle:
            client.send(frame("org.varlink.service.GetInfo"))
            client.receive()
        host.daemon.send_signal(signal.SIGTERM)
        for client in idle:
            equal(client.receive(), None, "the idle ones")
        busy.send(frame("org.varlink.service.GetInfo") * 100)
        fcntl.flock(file, fcntl.LOCK_UN)
    equal(busy.receive()["parameters"]["result"], "accepted", "at work")
    check("interfaces" in busy.receive()["parameters"], "what had come")
    equal(busy.receive(), None, "what came later")
    host.ended()


@test
def test_reload(host):
    secret = host.secret("alice")
    host.configure("")
    host.start()
    web = Client(uid=33)
    equal(web.verify("alice", secret.code()), "NotPermitted", "before")
    host.configure(WEB)
    host.reload()
    equal(web.verify("alice", secret.code()), ("accepted", 0), "on the same connection")
    mark = host.log.mark()
    host.configure("[verify web]\npeer=www-data\ngroupz=webtotp\n")
    host.reload()
    check(any("unknown key groupz" in line and "stays as it was" in line
              for line in host.said(mark)), "a mistake is told")
    equal(web.verify("alice", secret.code())[0], "refused", "the old one stays")
    # The store moves too.
    os.mkdir(f"{TOP}/second", 0o700)
    host.at_end(os.rmdir, f"{TOP}/second")
    os.rename("/run/e2e/store/alice", f"{TOP}/second/alice")
    host.at_end(os.unlink, f"{TOP}/second/alice")
    host.configure("secret=/run/e2e/second/${USER}\nuser=root\n" + WEB, store="")
    host.reload()
    with Client() as client:
        equal(client.call("Status", user="alice")["parameters"]["enrolled"], True, "moved")


@test
def test_mistake_at_the_beginning(host):
    for text, word in (("[verify web]\npeer=33\n", "groups="), ("nulok=yes\n", "did you mean nullok"),
                       ("[verify web]\npeer=3x\ngroups=webtotp\n", "neither a name nor a number")):
        host.configure(text)
        for arguments in ((), ("--check",)):
            done = subprocess.run([host.paths["verifyd"], f"--conf={CONF}", *arguments],
                                  capture_output=True, text=True, check=False)
            check(done.returncode in (2, 6), f"{text}: {done.returncode}")
            check(word in done.stderr and done.stderr.count("\n") == 1, done.stderr)
    host.configure(WEB)
    done = subprocess.run([host.paths["verifyd"], f"--conf={CONF}", "--check"],
                          capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "--check")


@test
def test_killed(host):
    """A spent code stays spent, whenever it is killed."""
    for turn in range(10):
        secret = host.secret("alice", '" WINDOW_SIZE 17', '" DISALLOW_REUSE')
        host.start()
        client = Client()
        codes = secret.distinct_codes(7)
        for code in codes:
            client.ask("Verify", user="alice", code=code)
        accepted = [client.receive()["parameters"]["result"] for _ in range(turn % 7)]
        host.daemon.kill()
        host.ended(-signal.SIGKILL)
        host.start()
        with Client() as other:
            for code, result in zip(codes, accepted):
                equal(result, "accepted", "before")
                equal(other.verify("alice", code)[0], "refused", "after")
        host.stop()


@test
def test_no_core_no_ptrace(host):
    host.start()
    with open(f"/proc/{host.daemon.pid}/limits", encoding="ascii") as file:
        limits = [line.split() for line in file if line.startswith("Max core")]
    equal(limits[0][4:6], ["0", "0"], "the size of a core")
    # What is not dumpable is root's, whoever runs it; here that shows in coredump_filter's
    # neighbour: the flag itself.
    with open(f"/proc/{host.daemon.pid}/status", encoding="ascii") as file:
        check("Threads:" in file.read(), "status")
    equal(resource.prlimit(host.daemon.pid, resource.RLIMIT_CORE), (0, 0), "the limit")


@test
def test_unprivileged(host):
    """Run by a user, it answers what that user's own rights reach."""
    home = f"{TOP}/home/dave"
    os.mkdir(home, 0o700)
    os.chown(home, 1004, 1004)
    secret = host.secret("dave")
    os.rename("/run/e2e/store/dave", f"{home}/.google_authenticator")
    os.chown(f"{home}/.google_authenticator", 1004, 1004)
    host.configure("", store="")
    path = f"{home}/socket"
    host.start(f"--socket={path}",
               command=("setpriv", "--reuid=1004", "--regid=1004", "--clear-groups"),
               environment={})
    # The notice's socket is root's, and can be sent to all the same.
    with Client(uid=1004, path=path) as client:
        equal(client.verify("dave", secret.code()), ("accepted", 0), "dave")
    # Nobody but root may look at its memory, though it is the user's.
    done = subprocess.run(["setpriv", "--reuid=1004", "--regid=1004", "--clear-groups",
                           "head", "-c1", f"/proc/{host.daemon.pid}/environ"],
                          capture_output=True, text=True, check=False)
    check(done.returncode != 0 and "denied" in done.stderr, "its memory is its own")


@test
def test_store_that_cannot_be_written(host):
    """A clear error, nobody let in, and as good as before when the disk is."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/e2e/store", "-o", "mode=700"],
                   check=True)
    secret = host.secret("alice")
    subprocess.run(["mount", "-o", "remount,ro", "/run/e2e/store"], check=True)
    try:
        host.start()
        for uid in (0, 33, 1001):
            with Client(uid=uid) as client:
                equal(client.verify("alice", secret.code()), "StoreError", f"uid {uid}")
        check("reason=store-error" in host.said()[0], "the log")
        subprocess.run(["mount", "-o", "remount,rw", "/run/e2e/store"], check=True)
        with Client() as client:
            equal(client.verify("alice", secret.code()), ("accepted", 0), "afterwards")
        host.stop()
    finally:
        subprocess.run(["umount", "-l", "/run/e2e/store"], check=True)


@test
def test_damaged_secret(host):
    host.secret("alice")
    with open("/run/e2e/store/alice", "w", encoding="ascii") as file:
        file.write("!!!\n")
    host.start()
    with Client() as client:
        answer = client.call("Verify", user="alice", code="123456")["parameters"]
        equal(answer["reason"], "bad-file", "for root")
    with Client(uid=33) as client:
        equal(client.verify("alice", "123456"), ("refused", 0), "for a front end")


@test
def test_many_users_at_once(host):
    """Sixteen connections, all users at the same time; each code is good once."""
    users = {f"user{n}": (2000 + n, ("webtotp",)) for n in range(64)}
    host.write_users({**USERS, **users})
    secrets = {name: host.secret(name) for name in users}
    host.start()
    results = []
    lock = threading.Lock()

    def run(names):
        with lock:
            client = Client(uid=33)
        for name in names:
            seen = [client.verify(name, secrets[name].code()) for _ in range(2)]
            with lock:
                results.append(seen)
        client.close()

    names = list(users)
    threads = [threading.Thread(target=run, args=(names[n::16],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(results), 64, "users")
    for seen in results:
        equal([result for result, _ in seen], ["accepted", "refused"], "each code once")
