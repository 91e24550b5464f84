# SPDX-License-Identifier: LGPL-2.1-or-later
"""Start, reload, stop and kill, and a daemon that has a bad store."""

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
def a_second_daemon_does_not_start(host):
    host.start()
    equal(stat.S_IMODE(os.stat(SOCKET).st_mode), 0o666, "the socket's mode")
    equal(stat.S_IMODE(os.stat(os.path.dirname(SOCKET)).st_mode), 0o755, "the mode of its folder")
    done = subprocess.run([host.paths["verifyd"], f"--conf={CONF}"], capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 6, "a second one")
    check("another process listens" in done.stderr, done.stderr)
    check(os.path.exists(SOCKET), "the socket stays")
    host.stop()
    check(not os.path.exists(SOCKET), "the socket is gone")


@test
def the_socket_of_a_dead_daemon_is_replaced(host):
    host.start()
    host.daemon.kill()
    host.ended(-signal.SIGKILL)
    check(os.path.exists(SOCKET), "the socket is left")
    host.start()
    equal(Client().verify("ghost", "1")[0], "refused", "an answer")


@test
def an_activated_daemon_uses_the_socket_it_is_passed(host):
    secret = host.secret("alice")
    host.start(activated=True)
    equal(Client().verify("alice", secret.code()), ("accepted", 0), "an answer")
    host.stop()
    check(os.path.exists(SOCKET), "the socket of the service manager stays")


@test
def a_wrong_socket_is_refused(host):
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
def only_an_activated_daemon_ends_when_idle(host):
    host.configure(WEB + "[daemon]\nidle_exit=1\n")
    host.secret("alice")
    host.start(activated=True)
    with Client() as client:
        client.verify("alice", "000000")
    host.ended()
    # One that made its socket stays.
    os.unlink(SOCKET)
    host.start()
    with Client() as client:
        try:
            host.daemon.wait(2)
        except subprocess.TimeoutExpired:
            equal(client.verify("ghost", "1")[0], "refused", "it still answers")
        else:
            raise AssertionError("it ended")


@test
def a_daemon_with_counted_attempts_does_not_end(host):
    """The end would forget the attempts in memory."""
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
def calls_that_have_arrived_are_answered_before_the_end(host):
    """Both calls at work and calls that wait behind them."""
    secrets = {name: host.secret(name) for name in ("alice", "bob", "carol")}
    host.start()
    clients = {name: Client() for name in secrets}
    idle, half = Client(), Client()
    half.send(frame(VERIFY, {"user": "alice", "code": "1"})[:20])
    # alice's secret is locked, so that a call is at work when the daemon is told to stop.
    with open("/run/e2e/store/alice", "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for name, client in clients.items():
            client.send(frame(VERIFY, {"user": name, "code": secrets[name].code()}) * 3)
        # The reply to bob shows that the calls have been read.
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
def calls_that_arrive_after_sigterm_are_not_read(host):
    """A client with endless calls cannot keep the daemon from ending."""
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
    equal(busy.receive()["parameters"]["result"], "accepted", "the call at work")
    check("interfaces" in busy.receive()["parameters"], "the call that had arrived")
    equal(busy.receive(), None, "the calls that came later")
    host.ended()


@test
def sighup_reloads_the_configuration(host):
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
              for line in host.said(mark)), "a mistake is reported")
    equal(web.verify("alice", secret.code())[0], "refused", "the old configuration stays")
    # A reload also changes where the secrets are.
    os.mkdir(f"{TOP}/second", 0o700)
    host.at_end(os.rmdir, f"{TOP}/second")
    os.rename("/run/e2e/store/alice", f"{TOP}/second/alice")
    host.at_end(os.unlink, f"{TOP}/second/alice")
    host.configure("secret=/run/e2e/second/${USER}\nuser=root\n" + WEB, store="")
    host.reload()
    with Client() as client:
        equal(client.call("Status", user="alice")["parameters"]["enrolled"], True, "moved")


@test
def a_mistake_in_the_configuration_is_reported_at_the_start(host):
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
    host.configure(WEB.replace("webtotp", "webtotp,nosuchgroup"))
    done = subprocess.run([host.paths["verifyd"], f"--conf={CONF}", "--check"],
                          capture_output=True, text=True, check=False)
    equal(done.returncode, 6, "--check of a group that does not exist")
    check("[verify web]: group nosuchgroup of group= does not exist" in done.stderr, done.stderr)


@test
def a_spent_code_stays_spent_after_a_kill(host):
    """The daemon is killed after any number of replies."""
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
def no_core_is_dumped(host):
    host.start()
    with open(f"/proc/{host.daemon.pid}/limits", encoding="ascii") as file:
        limits = [line.split() for line in file if line.startswith("Max core")]
    equal(limits[0][4:6], ["0", "0"], "the size of a core")
    with open(f"/proc/{host.daemon.pid}/status", encoding="ascii") as file:
        check("Threads:" in file.read(), "status")
    equal(resource.prlimit(host.daemon.pid, resource.RLIMIT_CORE), (0, 0), "the limit")


@test
def an_unprivileged_daemon_serves_its_own_user(host):
    """It reads and writes what the user's own rights reach."""
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
    with Client(uid=1004, path=path) as client:
        equal(client.verify("dave", secret.code()), ("accepted", 0), "dave")
    # Only root may read its memory, although the user runs it.
    done = subprocess.run(["setpriv", "--reuid=1004", "--regid=1004", "--clear-groups",
                           "head", "-c1", f"/proc/{host.daemon.pid}/environ"],
                          capture_output=True, text=True, check=False)
    check(done.returncode != 0 and "denied" in done.stderr, "the user reads its environment")


@test
def a_store_that_cannot_be_written_lets_nobody_in(host):
    """The error is clear, and codes are accepted again when the disk is good again."""
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
def a_damaged_secret_is_a_refusal_to_a_front_end(host):
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
def many_users_at_once_each_use_a_code_once(host):
    """Sixteen connections ask about 64 users."""
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
