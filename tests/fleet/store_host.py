# SPDX-License-Identifier: LGPL-2.1-or-later
"""A private machine with a PostgreSQL server and a totp-verifyd that has its store there."""

import atexit
import base64
import contextlib
import glob
import os
import pwd
import sys

import case
from case import BUILD, Skip, check  # pylint: disable=unused-import
from cluster import Cluster, programs

# The machine is that of the daemon's tests.
sys.path.append(str(case.SOURCE / "tests/daemon"))
import private_root  # pylint: disable=wrong-import-position
import verifyd_host  # pylint: disable=wrong-import-position
from one_time_code import Secret  # pylint: disable=wrong-import-position
from verifyd_host import CONF, LINES, TOP, Client  # pylint: disable=wrong-import-position

KEYS = f"{TOP}/store.keys"
SSHD = {"service": "sshd", "rhost": "192.0.2.7"}


def credential(secret, *lines, emergency=()):
    """The text of a credential."""
    return "\n".join([secret.base32, *(lines or LINES), '" TOTP_AUTH', *emergency]) + "\n"


def write_keys(path, *keys):
    """Writes a file of keys: pairs of an id and 32 bytes."""
    with open(path, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o400)
        for name, content in keys:
            file.write(f"key {name} {base64.b64encode(content).decode()}\n")


def clock_moved(seconds):
    """The environment of a host whose clock is so far ahead of the server's."""
    found = glob.glob("/usr/lib*/*/faketime/libfaketime.so.1")
    if not found:
        raise Skip("no faketime (package faketime)")
    return {"LD_PRELOAD": found[0], "FAKETIME": f"{seconds:+}s", "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


class StoreHost(verifyd_host.Host):
    """The daemon's machine; the users' secrets are in the database."""

    def __init__(self, paths, log, sources, cluster):
        super().__init__(paths, log, sources)
        self.cluster = cluster
        self._server_uid = os.stat(cluster.folder).st_uid

    def __enter__(self):
        super().__enter__()
        self.write_users({**verifyd_host.USERS, "postgres": (self._server_uid, ())})
        write_keys(KEYS, ("k1", b"1" * 32))
        self.at_end(os.unlink, KEYS)
        self.use()
        return self

    def use(self, options="", web=verifyd_host.WEB, **keys):
        """Writes the configuration; keys are those of [store], and None leaves one out."""
        values = {"plugin": self.paths["plugin"], "key_file": KEYS,
                  "connection": f"host={self.cluster.socket} dbname={self.cluster.database} "
                                "user=web1", **keys}
        lines = "".join(f"{name}={value}\n" for name, value in values.items() if value is not None)
        self.configure(web, store=f"store=pgsql\n{options}\n[store]\n{lines}")

    def enroll(self, user, *lines, emergency=()):
        """Stores a new secret through the daemon, which must run."""
        secret = Secret(f"{user} of a fleet")
        self.secrets.append(secret)
        with Client() as client:
            answer = client.call("Create", user=user,
                                 credential=credential(secret, *lines, emergency=emergency))
        check("error" not in answer, answer)
        return secret

    def rows(self, text):
        """What the database's owner is told."""
        return self.cluster.ask("postgres", text)


def metrics(path):
    """The store's counts in the file for the collector."""
    with open(path, encoding="utf-8") as file:
        lines = [line.split(" ") for line in file.read().splitlines() if line[0] != "#"]
    return {name.removeprefix("totpgroup_store_"): int(value) for name, value in lines
            if name.startswith("totpgroup_store_")}


class _Fixture(case.Fixture):
    """A machine, and a fresh copy of the store for each test."""

    isolated = True

    def __init__(self):
        self._paths, self._log, self._sources, self._cluster = {}, None, {}, None

    def missing(self):
        if not programs():
            return "no PostgreSQL server (package postgresql)"
        if not (BUILD / ".libs/pgsql.so").exists():
            return "the plugin was not built (package libpq-dev)"
        return None

    def begin(self):
        # Read before the private machine hides the host's folders.
        built = {"verifyd": BUILD / "totp-verifyd", "module": BUILD / ".libs/pam_totpgroup.so",
                 "worker": BUILD / "tests/compat/login_worker", "enroll": BUILD / "totp-enroll",
                 "filter": BUILD / "tests/daemon/under_filter",
                 "memory": BUILD / "tests/bench/peak_memory",
                 "library": BUILD / "tests/fleet/verify_by_library", "plugin": BUILD / ".libs/pgsql.so"}
        content = {name: case.read_program(path) for name, path in built.items() if path.exists()}
        self._sources = verifyd_host.read_sources(case.SOURCE)
        self._cluster = Cluster()
        account = pwd.getpwnam("postgres")
        private_root.enter()
        self._paths = {name: private_root.install(name, program)
                       for name, program in content.items()}
        with open("/etc/passwd", "w", encoding="ascii") as file:
            file.write(f"root:x:0:0::/:/bin/sh\npostgres:x:{account.pw_uid}:{account.pw_gid}::/:"
                       "/bin/sh\n")
        self._log = verifyd_host.log_socket.LogSocket()
        self._start_cluster()

    def _start_cluster(self):
        cluster = self._cluster.__enter__()
        atexit.register(cluster.__exit__)
        cluster.install()
        for role, groups in (("web1", "totp_host, totp_enroll"), ("web2", "totp_host"),
                             ("boss", "totp_admin")):
            cluster.ask("postgres", f"create role {role} login connection limit 8 in role {groups};")
            cluster.ask("postgres", f"insert into totpgroup.member values ('{role}', 'corp');")

    @contextlib.contextmanager
    def argument(self):
        with self._cluster.copy("one"):
            host = StoreHost(self._paths, self._log, self._sources, self._cluster)
            try:
                with host:
                    yield host
            except Exception:
                print("-- the log", *host.log_lines(), "--", sep="\n", file=sys.stderr,
                      flush=True)
                raise


test = _Fixture()
