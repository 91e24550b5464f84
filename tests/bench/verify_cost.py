# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures calls of totp-verifyd on a private machine: durable ones beside a plain loop that
replaces as many files durably, others beside a bare echo over the same kind of socket, and that echo
where each reply is made by another thread.

    sudo top_builddir=BUILD tests/bench/verify_cost.py [ROW...]
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root
from one_time_code import Secret

# Each row: its users, and how many call at the same time.
DURABLE = {"daemon-durable-1": (1, 1), "daemon-durable-1-16": (1, 16),
           "daemon-durable-10000": (10000, 1), "daemon-durable-10000-16": (10000, 16)}
READ_ONLY, HANDED = "daemon-read-only", "daemon-floor"
# As many as the daemon has for one kind of callers.
THREADS = 16
CALLS, READ_ONLY_CALLS, CALLERS, PASSES = 400, 10000, 16, 3


class Machine:
    """The daemon, its users and their secrets."""

    def __init__(self, programs, work):
        self.load, self._echo, self.work = programs["verify_cost"], programs["echo"], work
        self.store, self.bare = f"{work}/store", f"{work}/bare"
        self.socket = f"{private_root.TOP}/socket"
        for folder in (self.store, self.bare):
            os.mkdir(folder, 0o700)
        conf = f"{private_root.TOP}/t.conf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"secret={self.store}/${{USER}}\nuser=root\n")
        self._verifyd = [programs["totp-verifyd"], f"--conf={conf}", f"--socket={self.socket}"]
        self.daemon = None

    def start(self):
        """Starts the daemon again, and waits until it is ready."""
        self.stop()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice:
            path = f"{private_root.TOP}/notify"
            if os.path.exists(path):
                os.unlink(path)
            notice.bind(path)
            self.daemon = subprocess.Popen(self._verifyd, env={"NOTIFY_SOCKET": path})
            notice.recv(100)

    def stop(self):
        """Stops the daemon, if it runs."""
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait()
            self.daemon = None

    @contextlib.contextmanager
    def echo(self, *threads):
        """A server that sends back what comes, by so many threads; the path of its socket."""
        path = f"{private_root.TOP}/echoes{''.join(threads)}"
        with subprocess.Popen([self._echo, path, *threads], stdout=subprocess.PIPE) as server:
            server.stdout.readline()
            yield path
            server.kill()
        os.unlink(path)

    def users(self, count):
        """Writes /etc/passwd with so many users."""
        with open("/etc/passwd", "w", encoding="ascii") as file:
            file.write("root:x:0:0::/root:/bin/sh\n")
            file.writelines(f"user{n}:x:{1000 + n}:{1000 + n}::/nowhere:/bin/sh\n"
                            for n in range(1, count + 1))
        with open("/etc/group", "w", encoding="ascii") as file:
            file.write("root:x:0:\n")

    def put(self, folder, name, text):
        """Writes a file with the mode of a secret."""
        with open(f"{folder}/{name}", "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)

    def call(self, callers, lines, path=None):
        """Calls the daemon, or the echo at that path. Returns the seconds."""
        calls = f"{self.work}/calls"
        with open(calls, "w", encoding="ascii") as file:
            file.writelines(lines)
        output = subprocess.run([self.load, "load", path or self.socket, str(callers), calls],
                                check=True, capture_output=True, text=True).stdout.split()
        if not path and int(output[1]) != len(lines):
            sys.exit(f"verify_cost: {output[1]} of {len(lines)} were accepted")
        return float(output[0])

    def replace(self, callers, count, size):
        """Replaces files without the daemon. Returns the seconds."""
        for number in range(1, count + 1):
            self.put(self.bare, f"user{number}", "x")
        os.sync()
        output = subprocess.run(
            [self.load, "replace", self.bare, str(callers), str(count), str(size)], check=True,
            capture_output=True, text=True).stdout
        for name in os.listdir(self.bare):
            os.unlink(f"{self.bare}/{name}")
        return float(output)


def is_for(users, number):
    """The user whom a call is about: spread over all of them."""
    return 1 + number * users // CALLS


def durable(machine, row, users, callers):
    """The first code of each of some users, or emergency codes of one, in their order."""
    turn = 0

    def ours():
        nonlocal turn
        turn += 1
        if users == 1:
            codes = [f"{10000000 + n}" for n in range(CALLS)]
            lines = [f"user1 {code}\n" for code in codes]
            machine.put(machine.store, "user1",
                        "\n".join([Secret("one").base32, '" TOTP_AUTH', *codes]) + "\n")
        else:
            secrets = {is_for(users, n): Secret(f"bench {turn} {n}") for n in range(CALLS)}
            lines = [f"user{n} {secret.code()}\n" for n, secret in secrets.items()]
            for number, secret in secrets.items():
                machine.put(machine.store, f"user{number}",
                            f"{secret.base32}\n\" DISALLOW_REUSE\n"
                            "\" TOTP_AUTH\n")
        os.sync()
        machine.start()
        return machine.call(callers, lines) / CALLS

    machine.users(users)
    # The text of one user's emergency codes is half of all of them on the average.
    size = 100 if users > 1 else CALLS * 9 // 2
    rounds.measure(row, ours, lambda: machine.replace(1, CALLS, size) / CALLS, PASSES)


def read_only(machine, row):
    """Right codes for credentials that are not written; each caller asks about all of them. The
    daemon, or an echo of threads, beside an echo."""
    secrets = {f"user{n}": Secret(f"bench {n}") for n in range(1, CALLERS + 1)}
    machine.users(len(secrets))
    for user, secret in secrets.items():
        machine.put(machine.store, user, f"{secret.base32}\n\" TOTP_AUTH\n")

    def calls(path=None):
        lines = [f"{user} {secret.code()}\n" for user, secret in secrets.items()]
        return machine.call(CALLERS, lines * (READ_ONLY_CALLS // CALLERS),
                            path) / READ_ONLY_CALLS

    with machine.echo() as path:
        if row == HANDED:
            with machine.echo(str(THREADS)) as handed:
                rounds.measure(row, lambda: calls(handed), lambda: calls(path), PASSES)
        else:
            machine.start()
            rounds.measure(row, calls, lambda: calls(path), PASSES)


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted([*DURABLE, READ_ONLY, HANDED])
    rounds.need_private_machine(wanted)
    programs = {}
    for name in ("totp-verifyd", "tests/bench/verify_cost", "tests/bench/echo"):
        with open(rounds.program(name), "rb") as file:
            programs[os.path.basename(name)] = file.read()
    private_root.enter()
    paths = {name: private_root.install(name, content) for name, content in programs.items()}
    log = subprocess.Popen([paths["verify_cost"], "drain", "/dev/log"], stdout=subprocess.PIPE)
    log.stdout.readline()
    with tempfile.TemporaryDirectory(prefix="verify-cost.", dir="/var/tmp") as work:
        machine = Machine(paths, work)
        try:
            for row in wanted:
                if row in DURABLE:
                    durable(machine, row, *DURABLE[row])
                else:
                    read_only(machine, row)
        finally:
            machine.stop()
            log.kill()
            log.wait()


if __name__ == "__main__":
    main()
