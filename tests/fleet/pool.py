# SPDX-License-Identifier: LGPL-2.1-or-later
"""pgbouncer in transaction mode on a machine of its own, in front of a server."""

import os
import shutil
import socket
import subprocess

import trio
from case import Skip

PORT = 6432
# So many connections to the server has each role at most.
SIZE = 8
CONFIGURATION = """\
[databases]
postgres = host={server} port=5432
[pgbouncer]
listen_addr = *
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
logfile =
pidfile =
user = postgres
"""


class Pool:
    """A context manager."""

    def __init__(self, machine, server):
        self._machine, self._server, self._process = machine, server, None
        self.address = f"{machine.address}:{PORT}"
        self._folder = f"{trio.TOP}/pool"

    def __enter__(self):
        program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
        if program is None:
            raise Skip("no pgbouncer (package pgbouncer)")
        os.makedirs(self._folder)
        with open(f"{self._folder}/users", "w", encoding="ascii") as file:
            file.writelines(f'"{role}" ""\n' for role in ("web1", "web2", "boss"))
        with open(f"{self._folder}/ini", "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(server=self._server.machine.address, port=PORT, size=SIZE,
                                            folder=self._folder))
        with open(f"{self._folder}/log", "w", encoding="ascii") as log:
            self._process = self._machine.popen(program, f"{self._folder}/ini", stdout=log,
                                                stderr=log, stdin=subprocess.DEVNULL)
        trio.wait_for(self._answers, "pgbouncer answers")
        return self

    def _answers(self):
        with socket.socket() as tried:
            return tried.connect_ex((self._machine.address, PORT)) == 0

    def __exit__(self, *_):
        self._machine.kill()
        self._process.wait()
        shutil.rmtree(self._folder)
