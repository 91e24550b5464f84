# SPDX-License-Identifier: LGPL-2.1-or-later
"""Machines of a test: network namespaces on one bridge of the private machine. They have the
private machine's files; a Unix socket reaches from one to the other, TCP goes over the bridge."""

import contextlib
import os
import signal
import subprocess

import private_root

PREFIX = "10.9.0."


def begin():
    """Makes the bridge. Called once, on a private machine."""
    os.makedirs("/run/netns", exist_ok=True)
    private_root.run("ip", "link", "add", "fleet", "type", "bridge")
    private_root.run("ip", "address", "add", f"{PREFIX}1/24", "dev", "fleet")
    private_root.run("ip", "link", "set", "fleet", "up")


class Machine:
    """One machine, with an address. A context manager: at its end all of its processes end."""

    def __init__(self, name, number):
        self.name, self.address = name, f"{PREFIX}{number}"
        # Shared memory of its own, too: what a killed server leaves goes with it.
        self.within = ("nsenter", f"--net=/run/netns/{name}", "unshare", "--ipc")

    def __enter__(self):
        ip = private_root.run
        ip("ip", "netns", "add", self.name)
        ip("ip", "link", "add", f"to-{self.name}", "type", "veth", "peer", "name", "eth0",
           "netns", self.name)
        ip("ip", "link", "set", f"to-{self.name}", "master", "fleet", "up")
        for words in (f"address add {self.address}/24 dev eth0", "link set eth0 up",
                      "link set lo up"):
            ip("ip", "-netns", self.name, *words.split())
        return self

    def __exit__(self, *_):
        self.kill()
        private_root.run("ip", "link", "del", f"to-{self.name}")
        private_root.run("ip", "netns", "del", self.name)

    def popen(self, *command, **options):
        """Starts a command on this machine."""
        return subprocess.Popen([*self.within, *command], text=True, **options)

    # The cable

    def unplug(self):
        """The cable is out: nothing comes or goes, and nobody is told."""
        private_root.run("ip", "link", "set", f"to-{self.name}", "nomaster", "down")

    def plug(self):
        """The cable is in again."""
        private_root.run("ip", "link", "set", f"to-{self.name}", "master", "fleet", "up")

    @contextlib.contextmanager
    def unplugged(self):
        """In the block the cable is out."""
        self.unplug()
        try:
            yield
        finally:
            self.plug()

    @contextlib.contextmanager
    def dropping(self):
        """In the block a firewall drops what comes in."""
        nft = ("ip", "netns", "exec", self.name, "nft")
        private_root.run(*nft, "add table inet fleet; add chain inet fleet in "
                         "{ type filter hook input priority 0; policy drop; }")
        try:
            yield
        finally:
            private_root.run(*nft, "delete table inet fleet")

    # Its processes

    def processes(self, title=""):
        """The ids of its processes, or of those whose command line has that text."""
        network, found = os.stat(f"/run/netns/{self.name}").st_ino, []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{pid}/ns/net").st_ino == network and title in _title(pid):
                    found.append(int(pid))
        return found

    def send(self, number, title=""):
        """Sends a signal to these processes."""
        for pid in self.processes(title):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self):
        """Ends all of them at once, as a power cut does."""
        while found := self.processes():
            self.send(signal.SIGKILL)
            # Those whose parent is gone are children of process 1, which is this one.
            for pid in found:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    @contextlib.contextmanager
    def frozen(self, title=""):
        """In the block they do not run."""
        self.send(signal.SIGSTOP, title)
        try:
            yield
        finally:
            self.send(signal.SIGCONT, title)


def _title(pid):
    with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
        return file.read()
