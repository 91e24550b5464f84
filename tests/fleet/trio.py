# SPDX-License-Identifier: LGPL-2.1-or-later
"""A primary and two standbys, each on a machine of its own. A commit waits until one of the two
standbys has it, unless a test says otherwise."""

import contextlib
import os
import shutil
import subprocess
import time

import network
import private_root
from case import check
from cluster import Cluster

TOP = "/run/fleet"
PATIENCE = 30
QUORUM = "ANY 1 (b,c)"
USERS = 20000

SETTINGS = """
listen_addresses = '*'
unix_socket_directories = '{socket}'
cluster_name = '{name}'
synchronous_standby_names = '{sync}'
primary_conninfo = 'host={primary} user=postgres application_name={name}'
shared_buffers = 16MB
min_wal_size = 32MB
wal_keep_size = 64MB
dynamic_shared_memory_type = mmap
wal_retrieve_retry_interval = 100ms
wal_receiver_timeout = 5s
wal_sender_timeout = 5s
autovacuum = off
jit = off
log_min_messages = warning
"""
ACCESS = """
local all all trust
host all all 10.9.0.0/24 trust
host replication all 10.9.0.0/24 trust
"""


def wait_for(condition, what):
    """Waits until condition() holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        check(time.monotonic() < end, f"{what}: not after {PATIENCE} s")
        time.sleep(0.01)


class Server(Cluster):
    """A server on a machine of its own, with a copy of the template's files."""

    def __init__(self, machine, template, primary, sync):
        super().__init__(f"{TOP}/{machine.name}", machine.within)
        self.machine, self.name = machine, machine.name
        self._template, self._primary, self._sync = template, primary, sync

    def __enter__(self):
        self.make_folders()
        data = f"{self.folder}/data"
        private_root.run("cp", "-a", self._template, data)
        with open(f"{data}/postgresql.conf", "a", encoding="ascii") as file:
            file.write(SETTINGS.format(socket=self.socket, name=self.name, sync=self._sync,
                                       primary=self._primary.address))
        with open(f"{data}/pg_hba.conf", "w", encoding="ascii") as file:
            file.write(ACCESS)
        if self._primary is not self.machine:
            with open(f"{data}/standby.signal", "w", encoding="ascii"):
                pass
        self.start()
        return self

    def __exit__(self, *_):
        self.machine.kill()
        self.machine.plug()
        shutil.rmtree(self.folder)

    def start(self, *settings):
        try:
            self._run("pg_ctl", "--pgdata", f"{self.folder}/data", "--wait", "--silent", "--log",
                      f"{self.folder}/log", "start", *settings)
        except AssertionError as problem:
            with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
                raise AssertionError(f"{problem}{file.read()[-2000:]}") from problem

    # What an administrator does

    def set(self, **settings):
        """Changes settings of the running server."""
        self.ask("postgres", "".join(f"alter system set {name} = '{value}';\n"
                                     for name, value in settings.items())
                 + "select pg_reload_conf();")
        for name, value in settings.items():
            wait_for(lambda name=name, value=value:
                     self.ask("postgres", f"show {name};") == [[value]], f"{name} = {value}")

    def received(self):
        """How far the log of a standby reaches, in bytes."""
        row, = self.ask("postgres", "select pg_wal_lsn_diff(greatest(pg_last_wal_receive_lsn(), "
                        "pg_last_wal_replay_lsn()), '0/0');")
        return int(row[0])

    def promote(self):
        """Makes a primary of a standby."""
        row, = self.ask("postgres", "select pg_promote();")
        check(row == ["t"], f"{self.name} was not promoted")

    def follow(self, primary):
        """Lets a standby follow another primary."""
        self.set(primary_conninfo=f"host={primary.machine.address} user=postgres "
                                  f"application_name={self.name}")

    def waiting(self):
        """How many backends wait for a standby."""
        row, = self.ask("postgres", "select count(*) from pg_stat_activity "
                        "where wait_event = 'SyncRep';")
        return int(row[0])

    def followers(self):
        """The names of standbys that follow it."""
        return {row[0] for row in self.ask("postgres", "select application_name from "
                                           "pg_stat_replication where state = 'streaming';")}


class Trio:
    """Three servers: a is the primary, b and c follow it. A context manager."""

    def __init__(self, machines, template, sync=QUORUM):
        machine = machines["a"]
        self.servers = [Server(machines[name], template, machine, sync if name == "a" else "")
                        for name in "abc"]
        self.a, self.b, self.c = self.servers
        self._open = None

    def __enter__(self):
        with contextlib.ExitStack() as opened:
            for server in self.servers:
                # Pushed first: what did not start is removed, too.
                opened.push(server)
                server.__enter__()
            wait_for(lambda: self.a.followers() == {"b", "c"}, "both standbys follow the primary")
            self._open = opened.pop_all()
        return self

    def __exit__(self, *_):
        self._open.close()

    def addresses(self):
        """Of all servers, as hosts know them."""
        return [server.machine.address for server in self.servers]

    def most_advanced(self):
        """The standbys, the one with the longest log first."""
        return sorted((self.b, self.c), key=Server.received, reverse=True)


def make_template(folder, is_empty=False):
    """The files of a stopped server with the store, its roles, and USERS users c0, c1, ...; or
    without all of that."""
    with Cluster(folder) as cluster:
        if not is_empty:
            _fill(cluster)
        subprocess.run(cluster.command("pg_ctl", "--pgdata", f"{folder}/data", "--silent",
                                       "--mode=fast", "stop"), check=True, cwd="/")
        data = f"{TOP}/template"
        os.rename(f"{folder}/data", data)
    return data


def _fill(cluster):
    cluster.install()
    for role, group in (("web1", "totp_host"), ("web2", "totp_host"), ("boss", "totp_admin"),
                        ("gate", "totp_enroll"), ("eyes", "totp_report")):
        cluster.ask("postgres", f"create role {role} login in role {group}; "
                    f"insert into totpgroup.member values ('{role}', 'corp');")
    cluster.ask("postgres", "insert into totpgroup.credential "
                "(realm, username, version, secret, secret_key, secret_version) "
                "select 'corp', 'c' || n, 1, 'secret', 'k1', 1 "
                f"from generate_series(0, {USERS} - 1) n; "
                "vacuum analyze totpgroup.credential;")


def begin(is_empty=False):
    """Prepares a private machine for servers. Returns the machines and the template."""
    os.makedirs(TOP)
    private_root.mount("fleet", TOP, "-t", "tmpfs", "-o", "mode=755,size=3g")
    network.begin()
    machines = {}
    for number, name in enumerate(("a", "b", "c", "h1", "h2", "pool", "proxy"), 2):
        machines[name] = network.Machine(name, number).__enter__()
    return machines, make_template(f"{TOP}/first", is_empty)
