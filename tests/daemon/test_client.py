# SPDX-License-Identifier: LGPL-2.1-or-later
"""The project's own programs as clients: the module with store=socket, and totp-enroll."""

import subprocess

from verifyd_host import CONF, DEADLINE, WEB, check, equal, test


def totp_enroll(host, uid, *arguments, answer=""):
    """Runs totp-enroll as that uid. Returns the exit status and the output."""
    done = subprocess.run(
        ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", host.paths["enroll"],
         *arguments, f"--conf={CONF}"],
        input=answer, capture_output=True, text=True, timeout=DEADLINE, check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout + done.stderr


@test
def the_module_asks_the_daemon_and_refuses_without_it(host):
    """store=socket in the file is for the module; the daemon itself ignores it."""
    host.configure("store=socket\n" + WEB)
    secret = host.secret("alice")
    host.start()
    code = secret.code()
    check(host.log_in("alice", code), "a right code")
    check(not host.log_in("alice", code), "the same again")
    check(not host.log_in("alice", secret.wrong_code()), "a wrong code")
    equal(host.said()[0].split()[:3], ["accepted", "user=alice", "service=test"], "the log")
    host.stop()
    check(not host.log_in("alice", secret.code()), "without the daemon")


@test
def totp_enroll_verify_needs_no_right_to_read_the_secret(host):
    host.configure("store=socket\n" + WEB)
    secret = host.secret("alice")
    host.start()
    code = secret.code()
    for uid, user, answer, expected in (
            (33, "alice", code, 0), (33, "alice", code, 1), (33, "bob", code, 1),
            (1001, "alice", secret.wrong_code(), 1), (1004, "alice", code, 5)):
        status, said = totp_enroll(host, uid, "verify", user, answer=f"{answer}\n")
        equal(status, expected, f"{uid} {user}: {said}")


@test
def totp_enroll_is_not_permitted_without_self_enroll(host):
    host.configure("store=socket\n" + WEB + "[daemon]\nself_enroll=no\n")
    host.start()
    status, said = totp_enroll(host, 1002, answer="123456\n")
    equal(status, 5, said)
