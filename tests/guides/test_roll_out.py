# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guides about who is let in without a code, and about where secrets are, typed as they stand."""

import os
import re
import shutil

import debian_host
from case import SOURCE
from guide import test
from scenario import NO_REUSE, check, let_in, refused, skipped
from sshd_host import EMERGENCY_CODES


def recipe(host, section="A password, then a code"):
    """Types a recipe of docs/ssh.md, whose other parts test_ssh.py types."""
    guide = host.guide("ssh")
    guide.type(section)
    for other in ("A password, then a code", "A key, then a code", "Undo it"):
        if other != section:
            guide.leave(other, why="test_ssh.py types it")


@test
def those_without_a_secret_come_in_until_they_enroll(host):
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    host.add_user("bob")
    recipe(host)
    guide = host.guide("roll-out")
    guide.type("Let users in who have no secret yet")
    let_in(host.login("alice", code=secret.code()), "alice")
    skipped(host.login("bob"), "bob", reason="not-enrolled")
    guide.type("Users enroll themselves at their next login")
    check("From now on you need a code" in host.login("bob", code="000000").transcript,
          "bob is offered a secret")


@test
def robots_come_in_by_key_from_their_network(host):
    host.add_group("root", gid=0)
    host.add_group("totp")
    secret = host.secret()
    host.add_user("ansible")
    host.add_user("carol", "totp").enroll(secret, *NO_REUSE)
    recipe(host, "A key, then a code")
    guide = host.guide("automation-accounts")
    guide.type(block=0)
    guide.type(block=1, **{"Address 192.0.2.0/24": "Address 127.0.0.1"})
    key = host.key_for(host.users["ansible"])
    check(host.login("ansible", key=key, methods="publickey").let_in, "the robot")
    key = host.key_for(host.users["carol"])
    check(not host.login("carol", key=key, methods="publickey").let_in, "a person's key alone")
    let_in(host.login("carol", key=key, code=secret.code()), "carol")


@test
def a_bastion_passes_connections_on(host):
    secret = host.secret()
    key = host.key_for(host.users["alice"].enroll(secret, *NO_REUSE))
    recipe(host, "A key, then a code")
    host.guide("bastion").type()
    let_in(host.login("alice", key=key, code=secret.code()), "alice")


@test
def secrets_are_those_of_root(host):
    host.add_group("root", gid=0)
    text = (SOURCE / "docs/system-store.md").read_text(encoding="utf-8")
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write(re.search(r"^```\n(secret=.*?)^```$", text, re.M | re.S)[1])
    recipe(host)
    guide = host.guide("system-store")
    guide.type(block=0)
    check(not host.users["alice"].has_secret_file(), "nothing is in the home")
    let_in(host.login("alice", code=host.secrets[-1].code(1)), "alice")
    for folder in ("secret", "state"):
        check(os.stat(f"/var/lib/totpgroup/{folder}/alice").st_uid == 0, f"{folder} is root's")
    guide.leave("Move there from homes", why="the next test types it")


@test
def secrets_move_from_homes_to_the_system_store(host):
    host.add_group("root", gid=0)
    host.add_group("totp")
    secret = host.secret()
    alice = host.users["alice"].enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    private = host.guide("system-store")
    private.leave(block=0, why="the test before types it")
    bob = host.add_user("bob", "totp")
    other = host.secret("bob")
    bob.enroll(other, *NO_REUSE)
    recipe(host)
    spent = other.code()
    let_in(host.login("bob", code=spent), "bob")
    private.type("Move there from homes")
    check(not bob.has_secret_file(), "the file in the home is gone")
    check(os.stat("/var/lib/totpgroup/secret/bob").st_uid == 0, "the secret is root's")
    refused(host.login("bob", code=spent), "bob", reason="reused")
    let_in(host.login("bob", code=other.code(1)), "bob")
    check(alice.has_secret_file(), "alice is not in the group")


@test
def a_device_comes_and_goes(host):
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    recipe(host)
    guide = host.guide("devices")
    guide.type(block=0)
    tablet = host.secrets[-1]
    let_in(host.login("alice", code=tablet.code(1)), "alice", device="tablet")
    guide.type(block=1, yes=True)
    refused(host.login("alice", code=tablet.code(2)), "alice")


@test
def a_lost_phone_is_taken_away(host):
    lost = host.secret()
    host.users["alice"].enroll(lost, *NO_REUSE)
    recipe(host)
    devices = host.guide("devices")
    devices.type(block=0)
    devices.leave(block=1, why="the test before types it")
    guide = host.guide("lost-phone")
    said = guide.type(block=0, yes=True)
    check("first" in said and "tablet" in said, f"status names both: {said}")
    refused(host.login("alice", code=lost.code()), "alice")
    guide.type(block=1, yes=True)
    new = host.secrets[-1]
    let_in(host.login("alice", code=new.code(1)), "alice")
    guide.type(block=2, yes=True)
    refused(host.login("alice", code=new.code(2)), "alice")


@test
def the_secrets_of_pam_oath_come_over(host):
    secret = host.secret()
    with open("/etc/users.oath", "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(f"HOTP/T30/6 alice - {secret.key.hex()}\n")
    with open("/etc/pam.d/sshd", "r+", encoding="ascii") as file:
        text = file.read()
        file.seek(0)
        file.write(text.replace("@include common-auth\n", "@include common-auth\nauth required "
                                "pam_oath.so usersfile=/etc/users.oath window=20\n"))
    guide = host.guide("from-pam_oath")
    guide.type()
    with open("/etc/ssh/sshd_config.d/10.conf", "w", encoding="ascii") as file:
        file.write("KbdInteractiveAuthentication yes\nPasswordAuthentication no\n")
    host.stop_sshd()
    debian_host.sshd(host)
    let_in(host.login("alice", code=secret.code()), "alice", method="totp")


@test
def the_configuration_is_shown(host):
    guide = host.guide("configuration")
    guide.type(block=0)
    check("/etc/security/totpgroup.conf" in guide.type(block=1), "the file is named")


@test
def sudo_asks_for_a_code(host):
    host.add_group("root", gid=0)
    host.add_group("totp")
    host.add_user("bob", "totp").enroll(host.secret(), *NO_REUSE)
    with open("/etc/pam.d/sudo", "w", encoding="ascii") as file:
        file.write("#%PAM-1.0\n\n@include common-auth\n@include common-account\n")
    with open("/etc/pam.d/cockpit", "w", encoding="ascii") as file:
        file.write("#%PAM-1.0\nauth       required     pam_sepermit.so\n"
                   "auth       substack     common-auth\naccount required pam_nologin.so\n"
                   "@include common-account\n")
    guide = host.guide("sudo-and-desktop")
    check("Problems: 0." in guide.type(block=0, alice="bob"), "doctor finds no problem")
    guide.type(block=1)
    with open("/etc/pam.d/sudo", encoding="ascii") as file:
        check("totpgroup" not in file.read(), "it is undone")
    guide.type(block=2)
    with open("/etc/pam.d/cockpit", encoding="ascii") as file:
        lines = file.read()
    check("auth include common-auth\nauth required pam_totpgroup.so group=totp\n" in lines, lines)
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write("secret=/var/lib/totpgroup/secret/${USER}\nuser=root\n")
    with open("/etc/pam.d/sudo", "a", encoding="ascii") as file:
        file.write("auth required pam_totpgroup.so group=totp\n")
    os.makedirs("/var/lib/totpgroup/secret", 0o700)
    shutil.move(host.users["bob"].secret_file, "/var/lib/totpgroup/secret/bob")
    os.chown("/var/lib/totpgroup/secret/bob", 0, 0)
    guide.type("Once in a session", 0, alice="bob")


@test
def letters_are_written(host):
    host.add_group("root", gid=0)
    host.add_group("totp")
    host.add_user("bob", "totp")
    guide = host.guide("letters")
    check("created 1" in guide.type(), "a letter for bob")
    host.at_end(os.system, "rm -rf /root/letters")


@test
def secrets_are_sealed_and_opened_again(host):
    host.add_group("root", gid=0)
    secret = host.secret()
    os.makedirs("/var/lib/totpgroup/secret", 0o700)
    path = "/var/lib/totpgroup/secret/alice"
    host.users["alice"].enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES, path=path)
    os.chown(path, 0, 0)
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write("secret=/var/lib/totpgroup/secret/${USER}\nuser=root\n"
                   "state=/var/lib/totpgroup/state/${USER}\n")
    recipe(host)
    guide = host.guide("sealed-store")

    def is_sealed():
        with open(path, "rb") as file:
            return file.read().startswith(b"totpgroup-sealed 1 ")
    guide.type(block=0)
    check("all secrets are sealed with the key 2027: 1" in guide.type(block=1), "doctor counts")
    check(is_sealed(), "it is sealed")
    let_in(host.login("alice", code=secret.code()), "alice")
    guide.type("Change the key")
    let_in(host.login("alice", code=secret.code(1)), "alice")
    guide.type("Turn it off")
    check(not is_sealed(), "it is plain again")
    let_in(host.login("alice", code=EMERGENCY_CODES[0]), "alice")
