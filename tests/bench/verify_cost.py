# SPDX-License-Identifier: LGPL-2.1-or-later
"""The measurements of verify_cost.sh, in namespaces of their own."""

import os
import shutil
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))

# pylint: disable=wrong-import-position
import log_socket
import private_root
from one_time_code import Secret

PASSES = 5
CALLERS = (1, 16)


class Machine:
    """The daemon, its users and their secrets."""

    def __init__(self, verifyd, load, work):
        self.load, self.work = load, work
        self.store, self.bare = f"{work}/store", f"{work}/bare"
        self.socket = f"{private_root.TOP}/socket"
        for folder in (self.store, self.bare):
            os.mkdir(folder, 0o700)
        conf = f"{private_root.TOP}/t.conf"
        with open(conf, "w", encoding="ascii") as file:
            file.write(f"secret={self.store}/${{USER}}\nuser=root\n")
        self._verifyd = [verifyd, f"--conf={conf}", f"--socket={self.socket}"]
        self.daemon = None

    def start(self):
        """Starts the daemon again, and waits until it is ready."""
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice:
            path = f"{private_root.TOP}/notify"
            if os.path.exists(path):
                os.unlink(path)
            notice.bind(path)
            self.daemon = subprocess.Popen(self._verifyd, env={"NOTIFY_SOCKET": path})
            notice.recv(100)

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

    def call(self, callers, lines):
        """Makes calls. Returns the seconds, and median and 99th percentile in microseconds."""
        path = f"{self.work}/calls"
        with open(path, "w", encoding="ascii") as file:
            file.writelines(lines)
        output = subprocess.run([self.load, "load", self.socket, str(callers), path], check=True,
                                capture_output=True, text=True).stdout.split()
        if int(output[1]) != len(lines):
            sys.exit(f"verify_cost: {output[1]} of {len(lines)} were accepted")
        return float(output[0]), int(output[2]), int(output[3])

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


def read_only(machine, users, count):
    """Right codes for credentials that are not written."""
    secrets = [Secret(f"bench {n}") for n in range(1, users + 1)]
    machine.users(users)
    for number, secret in enumerate(secrets, 1):
        machine.put(machine.store, f"user{number}",
                    f"{secret.base32}\n\" WINDOW_SIZE 17\n\" TOTP_AUTH\n")
    machine.start()
    for callers in CALLERS:
        best = min(machine.call(callers, [f"user{1 + n % users} {secrets[n % users].code()}\n"
                                          for n in range(count)]) for _ in range(PASSES))
        print(f"read-only, {users} user{'s' * (users > 1)}, {callers} "
              f"caller{'s' * (callers > 1)}: {count / best[0]:.0f} calls a second, median "
              f"{best[1]} us, 99th percentile {best[2]} us", flush=True)


def durable_many(machine, users):
    """The first code of each user, which is spent."""
    machine.users(users)
    for callers in CALLERS:
        ratios, floors, calls = [], [], []
        for turn in range(PASSES):
            secrets = [Secret(f"bench {turn} {n}") for n in range(1, users + 1)]
            for number, secret in enumerate(secrets, 1):
                machine.put(machine.store, f"user{number}",
                            f"{secret.base32}\n\" WINDOW_SIZE 17\n\" DISALLOW_REUSE\n"
                            "\" TOTP_AUTH\n")
            os.sync()
            machine.start()
            before = machine.replace(1, users, 100)
            calls.append(machine.call(callers, [f"user{n} {secret.code()}\n"
                                                for n, secret in enumerate(secrets, 1)]))
            floors.append((before + machine.replace(1, users, 100)) / 2)
            ratios.append(calls[-1][0] / floors[-1])
        report(f"durable, {users} users", callers, users, calls, floors, ratios)


def durable_one(machine, count):
    """Emergency codes of one user, in any order."""
    machine.users(1)
    for callers in CALLERS:
        ratios, floors, calls = [], [], []
        for _ in range(PASSES):
            codes = [f"{10000000 + n}" for n in range(count)]
            text = "\n".join([Secret("one").base32, '" TOTP_AUTH', *codes]) + "\n"
            machine.put(machine.store, "user1", text)
            os.sync()
            machine.start()
            before = machine.replace(1, count, len(text) // 2)
            calls.append(machine.call(callers, [f"user1 {code}\n" for code in codes]))
            floors.append((before + machine.replace(1, count, len(text) // 2)) / 2)
            ratios.append(calls[-1][0] / floors[-1])
        report("durable, 1 user", callers, count, calls, floors, ratios)


def report(what, callers, count, calls, floors, ratios):
    """Prints the pass with the median ratio, so that a disturbed pass does not count."""
    middle = sorted(range(len(ratios)), key=lambda turn: ratios[turn])[len(ratios) // 2]
    took, median, worst = calls[middle]
    print(f"{what}, {callers} caller{'s' * (callers > 1)}: {count / took:.0f} calls a second, "
          f"median {median} us, 99th percentile {worst} us; a plain loop replaces "
          f"{count / floors[middle]:.0f} files a second; ratio {ratios[middle]:.2f}", flush=True)


def main():
    """Runs all measurements."""
    verifyd, load, work, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    programs = {}
    for path in (verifyd, load):
        built = os.path.join(os.path.dirname(path), ".libs", os.path.basename(path))
        with open(built if os.path.exists(built) else path, "rb") as file:
            programs[path] = file.read()
    private_root.enter()
    log_socket.LogSocket()
    paths = [private_root.install(os.path.basename(path), content)
             for path, content in programs.items()]
    machine = Machine(*paths, work)
    try:
        read_only(machine, 1, count)
        read_only(machine, count, count)
        durable_one(machine, min(count, 2000))
        durable_many(machine, count)
    finally:
        if machine.daemon is not None:
            machine.daemon.terminate()
            machine.daemon.wait()
        shutil.rmtree(machine.store)
        shutil.rmtree(machine.bare)


if __name__ == "__main__":
    main()
