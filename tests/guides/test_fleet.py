# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/fleet.md, typed as it stands, on three servers: the one at hand is at the default socket."""

import os
import re
import sys

import case
import private_root
from case import BUILD, SOURCE, check, equal
from guide import STANDINS, TOP, Guide

sys.path.append(str(SOURCE / "tests/fleet"))
import trio  # pylint: disable=wrong-import-position
from cluster import programs  # pylint: disable=wrong-import-position
from fleet_host import Fleet  # pylint: disable=wrong-import-position

SOCKET = "/var/run/postgresql"
TLS = " sslmode=verify-full sslrootcert=/etc/ssl/db.pem passfile=/etc/totpgroup/store.pass"


class _Fixture(Fleet):
    """Three servers without a store, and a machine with what a guide needs."""

    is_empty = True

    def missing(self):
        if not (BUILD / ".libs/pgsql.so").exists():
            return "the plugin was not built (package libpq-dev)"
        return super().missing()

    def begin(self):
        built = {"enroll": BUILD / "totp-enroll", "plugin": BUILD / ".libs/pgsql.so"}
        content = {name: case.read_program(path) for name, path in built.items()}
        super().begin()
        # The codes of a host are in it.
        private_root.mount("lib", "/var/lib", "-t", "tmpfs", "-o", "mode=755,size=16m")
        self.paths = {name: private_root.install(name, text) for name, text in content.items()}
        for name in ("source", "standins"):
            os.makedirs(f"{TOP}/{name}", exist_ok=True)
        for name, script in STANDINS.items():
            private_root.install(f"standins/{name}", f"#!/bin/sh\n{script}".encode("ascii"))
        for name in os.listdir(programs()):
            os.symlink(f"{programs()}/{name}", f"{TOP}/standins/{name}")
        os.symlink(self.paths["enroll"], f"{TOP}/standins/totp-enroll")
        os.symlink(SOURCE / "plugins", f"{TOP}/source/plugins")
        for folder in (SOCKET, "/etc/security", "/root"):
            os.makedirs(folder, exist_ok=True)
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write("alice:x:1000:1000::/:/bin/sh\n")


test = _Fixture()


class _Desk:
    """Where the guide is typed."""

    sshd_messages, sshd_pid = (), 0

    def __init__(self):
        self.secrets = []

    def whole_log(self):
        """Nobody logs in here."""
        return []

    def guide(self, name):
        """Opens a guide."""
        return Guide(self, name)


def go_to(server):
    """The commands that follow are typed on that server's machine."""
    path = f"{SOCKET}/.s.PGSQL.5432"
    if os.path.lexists(path):
        os.unlink(path)
    os.symlink(f"{server.socket}/.s.PGSQL.5432", path)


def set_up(guide, servers):
    """The sections up to the second standby."""
    copy = f"{servers.a.folder}/copy"
    guide.type("The servers", 0)
    guide.type("The servers", 1, **{"/var/lib/postgresql/15/main": copy,
                                    "--host=db1": f"--host={servers.a.machine.address}"})
    check(os.path.exists(f"{copy}/standby.signal"), "the copy is a standby's")
    said = guide.type("The servers", 2, **{"db2,db3": "b,c"})
    check(said.count("quorum") == 2, said)
    guide.type("Roles")


def join(fleet, guide, servers):
    """A host's configuration, and an administrator's, with which the others follow."""
    addresses = ",".join(servers.addresses())
    guide.type("A host joins", 0)
    guide.type("A host joins", 1, **{
        "/usr/lib/x86_64-linux-gnu/totpgroup/pgsql.so": fleet.paths["plugin"],
        "db1,db2,db3": addresses, TLS: " sslmode=disable"})
    said = guide.type("A host joins", 2)
    check("role admin" in said and "users with a secret: 1" in said, said)


@test
def three_servers_and_a_host(fleet):
    with fleet.trio(sync="") as servers:
        go_to(servers.a)
        host = _Desk()
        guide = host.guide("fleet")
        set_up(guide, servers)
        join(fleet, guide, servers)
        said = guide.type("While no server answers")
        check(len(re.findall(r"\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b", said)) == 5, said)
        guide.type("Backup, and what a restore means")
        said = servers.a.psql("postgres", "--dbname=totp", text="select username from "
                              "totpgroup.credential where secret is not null;").stdout
        equal(said, "alice\n", "what was restored")
        guide.type("The log, dashboards and metrics")
        guide.type("A host leaves")
        left = servers.a.psql("web1", "--dbname=totp", text="select 1;")
        check("not permitted to log in" in left.stderr, "the host that left")
        # The runbook.
        servers.a.machine.kill()
        servers.a.machine.unplug()
        for server in (servers.c, servers.b):
            go_to(server)
            check("/" in guide.type("The primary is lost", 0), "how far it is")
        guide.type("The primary is lost", 1, **{"db1,db3": "a,c"})
        go_to(servers.c)
        guide.type("The primary is lost", 2,
                   **{"host=db2 user=replicator": f"host={servers.b.machine.address} user=replicator"
                      " application_name=c"})
        trio.wait_for(lambda: servers.b.followers() == {"c"}, "the other standby follows")
        guide.check_all_typed()
