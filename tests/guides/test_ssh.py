# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/ssh.md and docs/who-is-asked.md, typed as they stand."""

import re

from case import SOURCE
from guide import test
from scenario import NO_REUSE, asked_for_code, check, let_in, refused, skipped

PAM = "/etc/pam.d/sshd-totpgroup"


def shown_files(name):
    """The files that a guide shows: blocks whose first line is a comment with the path."""
    text = (SOURCE / "docs" / f"{name}.md").read_text(encoding="utf-8")
    return re.findall(r"^```\n# (/etc/\S+)\n(.*?)^```$", text, re.M | re.S)


def check_shown(path, *shown):
    """Checks that the file holds one of the texts that the guide shows, besides comments."""
    with open(path, encoding="ascii") as file:
        lines = [line for line in file.read().splitlines() if line and not line.startswith("#")]
    check("\n".join(lines) + "\n" in [text for where, text in shown if where == path],
          f"{path} is not what the guide shows: {lines}")


@test
def a_password_then_a_code_and_back(host):
    guide, secret = host.guide("ssh"), host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    check(host.login("alice", methods="password").let_in, "Debian asks for the password")
    guide.type("A password, then a code")
    for path in (PAM, "/etc/ssh/sshd_config.d/10-totpgroup.conf"):
        check_shown(path, *shown_files("ssh"))
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")
    refused(host.login("alice", code=secret.code()), "alice", reason="reused")
    wrong = host.login("alice", password="wrong")
    check(not wrong.let_in and not asked_for_code(wrong), "a wrong password", wrong)
    guide.type("Undo it")
    check(host.login("alice", methods="password").let_in, "the recipe is undone")
    guide.leave("A key, then a code", why="the next test types it")


@test
def a_key_then_a_code_and_back(host):
    guide, secret = host.guide("ssh"), host.secret()
    key = host.key_for(host.users["alice"].enroll(secret, *NO_REUSE))
    guide.type("A key, then a code")
    for path in (PAM, "/etc/ssh/sshd_config.d/10-totpgroup.conf"):
        check_shown(path, *shown_files("ssh"))
    login = host.login("alice", key=key, code=secret.code())
    let_in(login, "alice", method="totp")
    check("Password" not in login.transcript, "the password is not asked for", login)
    check(not host.login("alice").let_in, "no key, no prompt")
    guide.type("Undo it")
    check(host.login("alice", key=key, methods="publickey").let_in, "the recipe is undone")
    guide.leave("A password, then a code", why="the test before typed it")


@test
def only_members_of_a_group(host):
    host.add_group("root", gid=0)
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    host.add_user("bob")
    host.guide("ssh").type("A password, then a code")
    for section in ("A key, then a code", "Undo it"):
        host.opened[-1].leave(section, why="test_ssh types it")
    guide = host.guide("who-is-asked")
    guide.type("Only members of a group", 0)
    said = guide.type("Only members of a group", 1)
    check("Problems: 0." in said, f"doctor:\n{said}")
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")
    skipped(host.login("bob"), "bob", reason="not-in-group")
    key = host.key_for(host.users["bob"])
    check(not host.login("bob", key=key, methods="publickey").let_in, "no key alone")
    guide.type("Only members of a group", 2)
    check(host.login("bob", key=key, methods="publickey").let_in, "a key alone")
    key = host.key_for(host.users["alice"])
    check(not host.login("alice", key=key, methods="publickey").let_in, "a member's key alone")
    let_in(host.login("alice", code=secret.code(1)), "alice", method="totp")
