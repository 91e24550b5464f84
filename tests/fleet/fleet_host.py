# SPDX-License-Identifier: LGPL-2.1-or-later
"""What tests of a fleet have in common: the private machine with its servers' template, hosts that
call the store, and the tables that are printed."""

import contextlib
import importlib.util
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import threading

import case
import private_root
import trio
from case import check
from cluster import programs

HERE = pathlib.Path(__file__).resolve().parent


class Host:
    """A host that calls the functions. A context manager."""

    def __init__(self, machine, role, addresses, options="", command=()):
        self._machine, self._process = machine, None
        self._command = [*command, sys.executable, "-B", str(HERE / "caller.py"), role,
                         ",".join(addresses), options]

    def __enter__(self):
        self._process = self._machine.popen(*self._command, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def order(self, *words):
        """Sends an order."""
        print(*words, file=self._process.stdin, flush=True)

    def answer(self):
        """The words of the next line."""
        line = self._process.stdout.readline()
        check(line, "the caller ended")
        return line.split()

    def spend(self, user="c0", kind="totp", value="now", attempt=""):
        """A decision: its result and how long it took."""
        self.order("spend", user, kind, value, attempt)
        result, seconds, _ = self.answer()
        return result, float(seconds)


class Load:
    """Callers of a host that log in, each time as another user, for the length of a block."""

    def __init__(self, host, callers=8):
        self._host, self._callers = host, callers
        self.accepted, self._changed = {}, threading.Condition()

    def __enter__(self):
        self._host.order("load", self._callers)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def _read(self):
        with contextlib.suppress(AssertionError):
            while True:
                _, user, attempt, step = self._host.answer()
                with self._changed:
                    self.accepted[attempt] = (user, int(step))
                    self._changed.notify()

    def wait_for(self, more):
        """Waits until so many more logins were accepted."""
        with self._changed:
            aim = len(self.accepted) + more
            check(self._changed.wait_for(lambda: len(self.accepted) >= aim, trio.PATIENCE),
                  f"only {len(self.accepted)} of {aim} logins")

    def __exit__(self, *_):
        self._host._process.stdin.close()  # pylint: disable=protected-access
        self._thread.join()


class Fleet(case.Fixture):
    """A private machine with the files of a store, and machines for servers and hosts."""

    isolated = True
    is_empty = False

    def __init__(self):
        self.machines, self.template = None, None

    def missing(self):
        if not programs():
            return "no PostgreSQL server (package postgresql)"
        for program, package in (("ip", "iproute2"), ("nft", "nftables")):
            if shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin") is None:
                return f"no {program} (package {package})"
        if importlib.util.find_spec("psycopg2") is None:
            return "no psycopg2 (package python3-psycopg2)"
        return None

    def begin(self):
        postgres = pwd.getpwnam("postgres")
        private_root.enter()
        for name in ("passwd", "group"):
            with open(f"/etc/{name}", "w", encoding="ascii") as file:
                file.write({"passwd": "root:x:0:0::/root:/bin/sh\npostgres:x:{0}:{1}::/:/bin/sh\n",
                            "group": "root:x:0:\npostgres:x:{1}:\n"}[name].format(
                                postgres.pw_uid, postgres.pw_gid))
        os.chmod("/run", 0o755)
        self.machines, self.template = trio.begin(self.is_empty)

    @contextlib.contextmanager
    def argument(self):
        yield self

    def trio(self, sync=trio.QUORUM):
        """Three servers."""
        return trio.Trio(self.machines, self.template, sync)

    def host(self, name, servers, **options):
        """A host: h1 or h2."""
        return Host(self.machines[name], {"h1": "web1", "h2": "web2"}[name],
                    servers.addresses() if isinstance(servers, trio.Trio) else servers, **options)


class Table:
    """A table that is printed row by row."""

    def __init__(self, *heads):
        print("#", "|", " | ".join(heads), "|", flush=True)
        print("#", "|", " | ".join("---" for _ in heads), "|", flush=True)

    @staticmethod
    def row(*cells):
        """Prints a row."""
        print("#", "|", " | ".join(map(str, cells)), "|", flush=True)
