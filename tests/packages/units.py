#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The units under a systemd of their own: totp-verifyd, the one of docs/sealed-store.md, and
examples/web-login as its README.md and docs/browser-enrollment.md say, typed as they stand. Prints a
line for each point.

    units.py boot     on a Debian that is thrown away, as its process 1: starts systemd, which runs this
    units.py try      what systemd runs

It needs the packages installed, and python3, sudo and systemd.
"""

import base64
import hmac
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import urllib.parse

TREE = pathlib.Path(__file__).resolve().parents[2]
WEB = TREE / "examples/web-login"
LOG, STATUS = pathlib.Path("/var/log/units"), pathlib.Path("/var/log/units-status")
UNIT = """\
[Unit]
After=multi-user.target
[Service]
Type=oneshot
Environment=HOME=/root LC_ALL=C.UTF-8
ExecStart={program} try
ExecStopPost=/bin/systemctl --no-block exit
StandardOutput=file:{log}
StandardError=inherit
"""
STORE = """\
secret=/var/lib/totpgroup/secret/${USER}
user=root
state=/var/lib/totpgroup/state/${USER}
"""
BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.M | re.S)
LITERAL = re.compile(r"(?:^       .*\n)+", re.M)


def boot():
    """Becomes systemd, which runs `try` and ends."""
    program = pathlib.Path(__file__).resolve()
    pathlib.Path("/etc/systemd/system/units.service").write_text(
        UNIT.format(program=program, log=LOG), encoding="ascii")
    for path in (LOG, STATUS):
        path.unlink(missing_ok=True)
    wants = pathlib.Path("/etc/systemd/system/default.target.wants")
    wants.mkdir(exist_ok=True)
    (wants / "units.service").unlink(missing_ok=True)
    (wants / "units.service").symlink_to("../units.service")
    # systemd mounts what a unit gets in another namespace.
    subprocess.run(["mount", "--make-rshared", "/"], check=True)
    os.environ["container"] = "namespace"
    os.execv("/lib/systemd/systemd", ["systemd", "--log-target=journal", "--show-status=no"])


def run(command, folder="/"):
    """Types a command. Returns what it prints."""
    done = subprocess.run(["sh", "-e", "-c", command], cwd=folder, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"status {done.returncode} of\n{command}\n{done.stdout}")
    return done.stdout


def blocks(path):
    """The commands of a guide: its blocks, or what README.md indents below its numbers."""
    text = path.read_text(encoding="utf-8")
    found = [match[2] for match in BLOCK.finditer(text)]
    return found or [re.sub("^       ", "", match[0], flags=re.M) for match in LITERAL.finditer(text)]


def code(secret):
    """RFC 6238, of now."""
    digest = hmac.digest(base64.b32decode(secret), (int(time.time()) // 30).to_bytes(8, "big"), "sha1")
    at = digest[-1] & 15
    return f"{(int.from_bytes(digest[at:at + 4], 'big') & 0x7fffffff) % 10**6:06d}"


class Page(http.client.HTTPConnection):
    """The application's socket, as nginx reaches it."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/web-login/socket")


def ask(user, **form):
    """Sends a form as that user, or asks for the page. Returns the status, the cookie and the page."""
    page = Page("www.example.org", timeout=30)
    headers = {"X-Remote-User": user, "Origin": "https://www.example.org",
               "Content-Type": "application/x-www-form-urlencoded"}
    page.request("POST" if form else "GET", "/login", urllib.parse.urlencode(form) or None, headers)
    reply = page.getresponse()
    return reply.status, reply.getheader("Set-Cookie") or "", reply.read().decode()


def is_active(unit):
    """Whether systemd has it running, and never had to start it again."""
    said = run(f"systemctl show --property=ActiveState,NRestarts,Result {unit}").split()
    assert "ActiveState=active" in said and "Result=success" in said, f"{unit}: {said}"
    assert unit.endswith(".socket") or "NRestarts=0" in said, f"{unit}: {said}"


def journal(unit):
    """All that it has written."""
    return run(f"journalctl --sync; journalctl --unit={unit} --output=cat")


def the_socket_starts_the_daemon(secrets):
    """The system store in the unit's own folder."""
    pathlib.Path("/etc/security/totpgroup.conf").write_text(STORE, encoding="ascii")
    for user in ("alice", "bob"):
        run(f"useradd --create-home {user}")
    for folder in ("secret", "state"):
        os.makedirs(f"/var/lib/totpgroup/{folder}", 0o700, exist_ok=True)
    made = json.loads(run("totp-enroll enroll --if-missing --json --with-secret alice"))
    secrets["alice"] = made["secret"]
    run("systemctl enable --now totp-verifyd.socket")
    run("systemctl start totp-verifyd")
    is_active("totp-verifyd.service")


def the_key_of_sealed_secrets_comes_from_systemd(_):
    """docs/sealed-store.md. Without a TPM systemd encrypts with a key of the host."""
    guide = TREE / "docs/sealed-store.md"
    text = guide.read_text(encoding="utf-8")
    run(blocks(guide)[0])
    run("totp-enroll seal --all")
    command, unit = re.search(
        r"^    (sudo systemd-creds .*)\n\n((?:    .*\n|\n)*)", text, re.M).groups()
    path, _, unit = unit.replace("\n    ", "\n").strip().partition("\n")
    os.makedirs("/etc/credstore.encrypted", exist_ok=True)
    run(command)
    pathlib.Path(path.removeprefix("# ")).write_text(unit + "\n", encoding="ascii")
    run("sed -i 's,^seal_key=.*,seal_key=/run/totpgroup-seal/seal.keys,' "
        "/etc/security/totpgroup.conf")
    run("systemctl enable --now totpgroup-seal; rm /etc/totpgroup/seal.keys")
    run("systemctl restart totp-verifyd")
    assert b"totpgroup-sealed" in pathlib.Path("/var/lib/totpgroup/secret/alice").read_bytes()
    assert b"totpgroup-" not in pathlib.Path("/etc/credstore.encrypted/seal.keys").read_bytes()


def the_application_is_set_up(_):
    """README.md, but for nginx."""
    for command in blocks(WEB / "README.md")[:4]:
        if "peer=web-login" in command:
            with open("/etc/security/totpgroup.conf", "a", encoding="ascii") as file:
                file.write(command)
        else:
            run(command, WEB)
    is_active("web-login.socket")


def a_code_lets_in_once(secrets):
    """Behind nginx, which says who gave a password."""
    assert ask("alice")[0] == 200, "the page"
    typed = code(secrets["alice"])
    status, cookie, page = ask("alice", code=typed)
    assert status == 303 and "web_login" in cookie.replace("-", "_"), f"{status} {cookie} {page}"
    status, cookie, page = ask("alice", code=typed)
    assert status == 403, f"the code again: {status} {page}"
    is_active("web-login.service")


def the_daemon_has_said_so(_):
    """Its log goes to the journal."""
    said = journal("totp-verifyd")
    for words in ("accepted user=alice service=web", "refused user=alice service=web"):
        assert words in said, said


def users_may_enroll_in_the_browser(_):
    """docs/browser-enrollment.md."""
    run("gpasswd -a bob webtotp")
    assert "enroll" not in ask("bob")[2], "before"
    for command in blocks(TREE / "docs/browser-enrollment.md"):
        run(command)
    assert "enroll" in ask("bob")[2], "the link"
    is_active("web-login.service")


def the_daemon_reloads_and_stops(_):
    """Callers that come later start it again."""
    before = run("systemctl show --property=MainPID totp-verifyd")
    run("systemctl reload totp-verifyd")
    assert run("systemctl show --property=MainPID totp-verifyd") == before, "the same process"
    run("systemctl stop totp-verifyd.service")
    run("systemctl is-active totp-verifyd.socket")
    assert ask("alice", code="000000")[0] == 403, "a wrong code"
    # It may have answered before systemd heard that it is ready.
    run("systemctl start totp-verifyd.service")
    is_active("totp-verifyd.service")


def nothing_is_kept_from_them(_):
    """A call that the units forbid is in the log of the kernel or of the program."""
    said = journal("totp-verifyd") + journal("web-login")
    for words in ("SIGSYS", "Operation not permitted", "Permission denied", "Traceback"):
        assert words not in said, said


def try_all():
    """Stops at the first point that fails, as the next ones build on it."""
    secrets, status = {}, 1
    try:
        for point in (the_socket_starts_the_daemon, the_key_of_sealed_secrets_comes_from_systemd,
                      the_application_is_set_up, a_code_lets_in_once, the_daemon_has_said_so,
                      users_may_enroll_in_the_browser, the_daemon_reloads_and_stops,
                      nothing_is_kept_from_them):
            name = point.__name__.replace("_", " ")
            try:
                point(secrets)
            except (AssertionError, OSError) as problem:
                print(f"not ok {name}: {problem}")
                print(run("journalctl --output=cat --lines=60"))
                return
            print(f"ok {name}", flush=True)
        status = 0
    finally:
        STATUS.write_text(str(status), encoding="ascii")


if __name__ == "__main__":
    {"boot": boot, "try": try_all}[sys.argv[1]]()
