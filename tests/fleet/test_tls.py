# SPDX-License-Identifier: LGPL-2.1-or-later
"""The daemon and the program reach a server over TLS with an authority of its own, and no other."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time

from case import Skip, equal
from one_time_code import Secret
from store_host import CONF, SSHD, TOP, Client, check, test
from test_program import run

FOLDER = f"{TOP}/tls"
NAME = "db1.example.org"
DEADLINE = 7
CONFIGURATION = "[req]\ndistinguished_name=name\n[name]\n"


def make(name, subject, *words):
    """A key, and a certificate for it that openssl makes with these words."""
    with open(f"{FOLDER}/openssl.cnf", "w", encoding="ascii") as file:
        file.write(CONFIGURATION)
    done = subprocess.run(
        ["openssl", "req", "-config", f"{FOLDER}/openssl.cnf", "-x509", "-newkey", "ec",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "30", "-subj", f"/CN={subject}",
         "-keyout", f"{FOLDER}/{name}.key", "-out", f"{FOLDER}/{name}.pem", *words],
        capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)


def make_certificates(host):
    """Two authorities, and a server's certificate of the first."""
    if shutil.which("openssl") is None:
        raise Skip("no openssl (package openssl)")
    os.makedirs(FOLDER)
    host.at_end(shutil.rmtree, FOLDER)
    ca = ("-addext", "basicConstraints=critical,CA:TRUE")
    make("authority", "authority", *ca)
    make("other", "authority", *ca)
    make("server", NAME, "-CA", f"{FOLDER}/authority.pem", "-CAkey", f"{FOLDER}/authority.key",
         "-addext", f"subjectAltName=DNS:{NAME}", "-addext", "basicConstraints=critical,CA:FALSE")
    owner = os.stat(host.cluster.folder)
    os.chown(f"{FOLDER}/server.key", owner.st_uid, owner.st_gid)
    os.chmod(f"{FOLDER}/server.key", 0o600)
    os.chmod(FOLDER, 0o755)


def listen(host, *settings):
    """The server is on the network now."""
    host.cluster.stop()
    host.cluster.start("listen_addresses=127.0.0.1", *settings)


def reach(host, name=NAME, authority="authority.pem", deadline=DEADLINE):
    """The host knows the server by that name, and trusts that authority."""
    host.use(deadline=deadline, connection=(
        f"host={name} hostaddr=127.0.0.1 dbname=one user=web1 sslmode=verify-full "
        f"sslrootcert={FOLDER}/{authority}"))


def ask(host, secret, steps=0):
    """The daemon's answer, and what it logged."""
    mark = host.log.mark()
    with Client() as client:
        answer = client.call("Verify", user="alice", code=secret.code(steps), **SSHD)
    return answer.get("error") or answer["parameters"]["result"], host.said(mark)


def refused(host, secret, words):
    """Daemon and program refuse at once, each with one line that has these words."""
    host.start()
    begun = time.monotonic()
    result, lines = ask(host, secret)
    check(time.monotonic() - begun < DEADLINE - 1, "no other try can mend it")
    equal((result, len(lines)), ("org.totpgroup.Verify.StoreError", 1), lines)
    check(words in lines[0].replace("'", '"'), lines)
    host.stop()
    said = run(host, "status", "alice", conf=CONF, status=6)
    check(words in " ".join(said.split()), said)


@test
def a_server_is_known_by_its_certificate(host):
    host.start()
    secret = host.enroll("alice")
    host.stop()
    make_certificates(host)
    encrypted = ("ssl=on", f"ssl_cert_file={FOLDER}/server.pem", f"ssl_key_file={FOLDER}/server.key")
    try:
        listen(host, *encrypted)
        # What is in the home folder does not count: it would be no certificate.
        home = f"{FOLDER}/home/.postgresql"
        os.makedirs(home)
        for name in ("root.crt", "root.crl", "postgresql.crt", "postgresql.key"):
            with open(f"{home}/{name}", "w", encoding="ascii") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write("nothing\n")
        reach(host)
        host.start(environment={"HOME": os.path.dirname(home)})
        equal(ask(host, secret)[0], "accepted", "the right server")
        equal(host.rows("select distinct ssl, client_dn is null from pg_stat_ssl join "
                        "pg_stat_activity using (pid) where usename = 'web1';"), [["t", "t"]],
              "the connection")
        host.stop()
        run(host, "status", "alice", conf=CONF)
        reach(host, name="db2.example.org")
        refused(host, secret, 'does not match host name "db2.example.org"')
        reach(host, authority="other.pem")
        refused(host, secret, "certificate verify failed")
        reach(host, authority="none.pem")
        refused(host, secret, f'root certificate file "{FOLDER}/none.pem" does not exist')
        listen(host, "ssl=off")
        reach(host)
        refused(host, secret, "server does not support SSL, but SSL was required")
    finally:
        host.cluster.stop()
        host.cluster.start()
    equal(host.rows("select count(*) from totpgroup.log;"), [["1"]], "decisions")


@contextlib.contextmanager
def answering(answer):
    """At the server's port somebody gives this answer to the first question, and hangs up."""
    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(8)
                    client.sendall(answer)
                    client.shutdown(socket.SHUT_WR)
                    client.recv(100000)
    with socket.create_server(("127.0.0.1", 5432)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@test
def a_server_that_hangs_up_may_come_back(host):
    """What stands in front of a server that is gone may answer so. It is no mistake of anybody, and
    is asked again until the deadline."""
    make_certificates(host)
    for answer in (b"", b"S"):
        with answering(answer):
            reach(host, deadline=1)
            host.start()
            begun = time.monotonic()
            result, lines = ask(host, Secret("nobody's"))
            equal((result, len(lines)), ("org.totpgroup.Verify.StoreError", 1), lines)
            check(time.monotonic() - begun > 0.9, f"given up at once: {lines}")
            check("cannot connect" in lines[0], lines)
            host.stop()


@test
def a_check_without_an_authority_is_a_mistake(host):
    """libpq would take one from a home folder."""
    host.use(connection=f"host={NAME} dbname=one user=web1 sslmode=verify-full")
    said = run(host, "status", "alice", conf=CONF, status=6)
    check("no sslrootcert= that names" in " ".join(said.split()), said)
