# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that open a handle of the library with store=pgsql, and a name server that is dead."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

from case import check, equal
from store_host import CONF, TOP, Client, test
from test_program import run


def by_library(host, user, code, *words, environment=None, uid=0, program=None):
    """What verify_by_library prints."""
    command = [program or host.paths["library"], CONF, user, code, *words]
    if uid:
        command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"],
                                                         **(environment or {})})
    equal((done.returncode, done.stderr), (0, ""), done.stdout)
    return done.stdout.strip()


@test
def a_handle_and_the_daemon_share_what_is_spent(host):
    host.start()
    secret = host.enroll("alice")
    code = secret.code()
    equal(by_library(host, "alice", code), "accepted totp", "by the library")
    check(not host.log_in("alice", code), "the same by the module")
    equal(by_library(host, "alice", code), "refused reused", "again by the library")
    check(by_library(host, "bob", "123456").startswith("refused not-enrolled"), "no secret")
    equal(host.rows("select distinct service, rhost from totpgroup.log where result = 'accepted';"),
          [["web", "192.0.2.9"]], "where from")


@test
def a_handle_is_not_used_after_fork(host):
    host.start()
    secret = host.enroll("alice")
    before, child, after = by_library(host, "alice", secret.code(), "fork").split("\n")
    check(before.startswith("refused wrong-code"), before)
    check(child.startswith("refused store-error") and "this process was forked" in child, child)
    equal(after, "accepted totp", "the parent")


@test
def a_set_user_id_program_does_not_load_the_plugin(host):
    """Its starter controls what libraries read. The environment of another program does not count."""
    host.start()
    secret = host.enroll("alice")
    program = f"{TOP}/setuid"
    shutil.copy(host.paths["library"], program)
    host.at_end(os.unlink, program)
    os.chmod(program, 0o4755)
    said = by_library(host, "alice", secret.code(), program=program, uid=1001)
    check(said.startswith("closed plugin") and "others may have started" in said, said)
    hostile = {name: "evil" for name in (
        "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPASSFILE",
        "PGOPTIONS", "PGAPPNAME", "PGSSLMODE", "PGSSLCERT", "PGREQUIREPEER", "PGGSSENCMODE",
        "PGCLIENTENCODING", "PGTARGETSESSIONATTRS", "PGCHANNELBINDING", "PGKRBSRVNAME",
        "PGGSSLIB", "PGSSLMINPROTOCOLVERSION", "PGCONNECT_TIMEOUT")}
    equal(by_library(host, "alice", secret.code(), environment={**hostile, "HOME": "/evil"}),
          "accepted totp", "with a hostile environment")


@test
def a_service_of_the_environment_opens_nothing(host):
    """It would be looked up before any setting counts, in files or with a directory's server."""
    host.start()
    secret = host.enroll("alice")
    home = f"{TOP}/evil"
    os.makedirs(f"{home}/.postgresql")
    host.at_end(shutil.rmtree, home)
    for path, text in ((".pg_service.conf", "[evil]\nreplication=true\nsslpassword=evil\n"),
                       ("pg_service.conf", "[other]\nreplication=true\n"),
                       (".pgpass", "*:*:*:*:evil\n"), (".postgresql/root.crt", "evil\n"),
                       (".postgresql/root.crl", "evil\n"), (".postgresql/postgresql.crt", "evil\n"),
                       (".postgresql/postgresql.key", "evil\n")):
        with open(f"{home}/{path}", "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
    files = {"HOME": home, "PGSYSCONFDIR": home, "PGSERVICEFILE": f"{home}/.pg_service.conf"}
    for service in ("evil", "other", "none", ""):
        said = by_library(host, "alice", secret.code(), environment={**files, "PGSERVICE": service})
        check(said.startswith("closed ") and "has PGSERVICE" in said, (service, said))
    equal(host.rows("select count(*) from totpgroup.log;"), [["0"]], "nothing was asked")
    # What libpq sends to the server besides its settings decides nothing.
    harmless = {**files, "PGTZ": "Asia/Tokyo", "PGDATESTYLE": "SQL, DMY", "PGGEQO": "off",
                "PGLOCALEDIR": home, "PGREQUIRESSL": "1"}
    equal(by_library(host, "alice", secret.code(), environment=harmless), "accepted totp", "others")
    equal(by_library(host, "alice", secret.code(), environment=harmless), "refused reused", "again")
    said = by_library(host, "alice", secret.code(1), environment={**harmless, "PGTZ": "evil"})
    check(said.startswith("refused store-error"), said)


@test
def a_dead_name_server_keeps_nobody_beyond_the_deadline(host):
    """libpq waits for it in the thread that connects; the caller does not."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 53))
        for name, text in (("resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:3\n"),
                           ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n")):
            kept = _read(f"/etc/{name}")
            with open(f"/etc/{name}", "w", encoding="ascii") as file:
                file.write(text)
            host.at_end(_restore, f"/etc/{name}", kept)
        host.use(connection="host=db.example.com dbname=one user=web1", deadline="1")
        host.start()
        begun = time.monotonic()
        with Client() as client:
            answer = client.call("Verify", user="alice", code="123456")
        took = time.monotonic() - begun
        equal(answer["error"].rpartition(".")[2], "StoreError", "the answer")
        check(0.9 < took < 4, f"{took} s")
        silent.setblocking(False)
        check(silent.recv(512), "the name server was asked")
        host.stop()
        # The program does not wait for it, either, when it ends.
        begun = time.monotonic()
        run(host, "status", "alice", conf=CONF, status=6)
        check(time.monotonic() - begun < 6, f"{time.monotonic() - begun} s")


def _read(path):
    with contextlib.suppress(FileNotFoundError), open(path, encoding="ascii") as file:
        return file.read()
    return None


def _restore(path, text):
    if text is None:
        os.unlink(path)
        return
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
