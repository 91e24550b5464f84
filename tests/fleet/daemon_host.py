# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hosts of a fleet as they are: each has a totp-verifyd, which asks the servers by the plugin."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys

import case
import private_root
import trio
from case import BUILD, SOURCE, check
from fleet_host import Fleet

sys.path.append(str(SOURCE / "tests/daemon"))
from store_host import SSHD, credential, write_keys  # pylint: disable=wrong-import-position
from one_time_code import Secret  # pylint: disable=wrong-import-position
from verifyd_host import DEADLINE, Client  # pylint: disable=wrong-import-position

USERS = 200


class DaemonHost:
    """A host with its daemon. A context manager."""

    def __init__(self, machine, role, paths, addresses, deadline=3):
        """addresses are those of servers, each with a port or without."""
        self._machine, self._process = machine, None
        self._folder = f"{trio.TOP}/{machine.name}"
        self.socket = f"{self._folder}/verify"
        self._verifyd = paths["verifyd"]
        self._program = paths["enroll"]
        servers = [(address + ":5432").split(":")[:2] for address in addresses]
        self._lines = (f"store=pgsql\n[store]\nplugin={paths['plugin']}\n"
                       f"key_file={self._folder}/keys\ndeadline={deadline}\n"
                       f"connection=host={','.join(host for host, _ in servers)} "
                       f"port={','.join(port for _, port in servers)} dbname=postgres user={role} "
                       "sslmode=disable\n")

    def __enter__(self):
        os.makedirs(self._folder)
        with open(f"{self._folder}/conf", "w", encoding="ascii") as file:
            file.write(self._lines)
        write_keys(f"{self._folder}/keys", ("k1", b"1" * 32))
        path = f"{self._folder}/notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notice, \
                open(f"{self._folder}/log", "w", encoding="ascii") as log:
            notice.settimeout(DEADLINE)
            notice.bind(path)
            self._process = self._machine.popen(
                self._verifyd, f"--conf={self._folder}/conf", f"--socket={self.socket}",
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NOTIFY_SOCKET": path})
            check(notice.recv(1000), "the daemon is ready")
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder)

    def administrate(self, role, *words, answers=""):
        """Runs totp-enroll on this host, with another role. Returns its report."""
        conf = f"{self._folder}/{role}.conf"
        with open(conf, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(re.sub(" user=[a-z0-9]+", f" user={role}", self._lines))
        with self._machine.popen(self._program, *words, f"--conf={conf}", "--json",
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) as process:
            said, complaints = process.communicate(answers)
        check(process.returncode == 0, f"{words}: {said}{complaints}")
        return json.loads(said)

    def client(self):
        """A connection to the daemon."""
        return Client(path=self.socket)

    def enroll(self, user):
        """A new secret of a user."""
        secret = Secret(f"{user} of the fleet")
        with self.client() as client:
            answer = client.call("Create", user=user, credential=credential(secret))
        check("error" not in answer, answer)
        return secret

    def verify(self, user, code):
        """The result of a code, and the reason."""
        with self.client() as client:
            return said(client.call("Verify", user=user, code=code, **SSHD))


def said(answer):
    """What an answer says: accepted, or why not."""
    if "error" in answer:
        return answer["error"].rpartition(".")[2]
    answer = answer["parameters"]
    return "accepted" if answer["result"] == "accepted" else answer["reason"]


class DaemonFleet(Fleet):
    """A fleet whose hosts have daemons."""

    def missing(self):
        if not (BUILD / ".libs/pgsql.so").exists():
            return "the plugin was not built (package libpq-dev)"
        return super().missing()

    def begin(self):
        built = {"verifyd": BUILD / "totp-verifyd", "plugin": BUILD / ".libs/pgsql.so",
                 "enroll": BUILD / "totp-enroll"}
        content = {name: case.read_program(path) for name, path in built.items()}
        super().begin()
        self.paths = {name: private_root.install(name, text) for name, text in content.items()}
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.writelines(f"u{number}:x:{1000 + number}:{1000 + number}::/:/bin/sh\n"
                            for number in range(USERS))

    @contextlib.contextmanager
    def daemons(self, *addresses, deadline=3):
        """Three servers, and a host for each list of addresses; without lists, two hosts that know
        all servers."""
        with self.trio() as servers, contextlib.ExitStack() as opened:
            servers.a.ask("postgres", "grant totp_enroll to web1, web2;")
            hosts = [opened.enter_context(DaemonHost(
                self.machines[name], role, self.paths, known or servers.addresses(),
                deadline))
                for name, role, known in zip(("h1", "h2"), ("web1", "web2"),
                                             addresses or (None, None))]
            yield servers, hosts
