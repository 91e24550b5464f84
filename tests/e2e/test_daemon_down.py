# SPDX-License-Identifier: LGPL-2.1-or-later
"""When totp-verifyd is down: logins over sshd go on, because the module reads the files; users who
cannot read them are told that it is down."""

import os
import shutil
import socket
import subprocess

from one_time_code import Secret
from scenario import NO_REUSE, check, let_in, refused, test

CONF = "/etc/security/totpgroup.conf"
SOCKET = "/run/totpgroup/verify"
# How long a client waits for an answer. systemd may hold the socket of a daemon that never starts.
SILENCE = 10


def verify(host, user, secret):
    """Runs totp-enroll verify as the user, who may not read the secret."""
    return subprocess.run([host.enroll_program, "verify", user.name], input=secret.code() + "\n",
                          capture_output=True, text=True, user=user.uid, group=user.gid,
                          extra_groups=[], check=False, timeout=6 * SILENCE)


def system_store(host):
    """alice, whose secret only root can read, for totp-enroll and for sshd."""
    alice = host.add_user("alice")
    secret = Secret("alice")
    host.secrets.append(secret)
    folder = host.folder("secret")
    with open(f"{folder}/alice", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("\n".join([secret.base32, *NO_REUSE, '" TOTP_AUTH', ""]))
    with open(CONF, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(f"secret={folder}/${{USER}}\nuser=root\n")
    host.at_end(os.unlink, CONF)
    os.makedirs(os.path.dirname(SOCKET), mode=0o755)
    host.at_end(shutil.rmtree, os.path.dirname(SOCKET))
    host.password_then_code()
    host.start_sshd()
    return alice, secret


def logins_go_on(host, secret):
    """A code is good for one login, without the daemon too."""
    code = secret.code()
    let_in(host.login("alice", code=code), "alice", method="totp")
    refused(host.login("alice", code=code), "alice", reason="reused")


@test
def without_a_socket_logins_go_on(host):
    alice, secret = system_store(host)
    done = verify(host, alice, secret)
    check(done.returncode == 5 and "only root may do that" in done.stderr, done.stderr)
    logins_go_on(host, secret)


@test
def with_a_socket_that_nobody_listens_on_logins_go_on(host):
    alice, secret = system_store(host)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(SOCKET)
    os.chmod(SOCKET, 0o666)
    listener.close()
    done = verify(host, alice, secret)
    check(done.returncode == 6 and "cannot connect: Connection refused" in done.stderr and
          "systemctl status totp-verifyd.socket" in done.stderr, done.stderr)
    logins_go_on(host, secret)


@test
def with_a_socket_that_nobody_answers_on_logins_go_on(host):
    alice, secret = system_store(host)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        os.chmod(SOCKET, 0o666)
        listener.listen(8)
        done = verify(host, alice, secret)
        check(done.returncode == 6 and "no answer in time" in done.stderr, done.stderr)
        logins_go_on(host, secret)
