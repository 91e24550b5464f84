# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guides for the time after it is set up, and for those who come from elsewhere."""

import glob
import os
import shutil

import debian_host
from case import SOURCE, Skip
from guide import test
from pskc_files import Plain, container, token, with_password
from scenario import NO_REUSE, check, let_in
from sshd_host import EMERGENCY_CODES, TOP


def ask_for_codes(host):
    """sshd asks for a password and a code, without the recipe of a guide."""
    debian_host.pam("@include common-auth\nauth required pam_totpgroup.so\n"
                    "account required pam_unix.so\nsession required pam_unix.so\n")
    with open("/etc/ssh/sshd_config.d/10.conf", "w", encoding="ascii") as file:
        file.write("KbdInteractiveAuthentication yes\nPasswordAuthentication no\n"
                   "AuthenticationMethods keyboard-interactive:pam\n")
    host.stop_sshd()
    debian_host.sshd(host)


@test
def the_state_of_secrets_is_looked_at_and_changed(host):
    host.add_group("root", gid=0)
    host.add_group("totp")
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE, emergency=EMERGENCY_CODES)
    host.add_user("bob", "totp")
    ask_for_codes(host)
    guide = host.guide("doctor")
    guide.type()
    check("bob" in guide.type("Who is enrolled?", 0), "status names bob")
    said = guide.type("Who is enrolled?", 1, yes=True)
    check(secret.base32[:4] in said, "show shows the secret")
    check(not host.users["alice"].has_secret_file(), "it was revoked")


@test
def one_word_is_changed_to_come_from_google_authenticator(host):
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    ask_for_codes(host)
    with open("/etc/pam.d/sshd", "r+", encoding="ascii") as file:
        text = file.read()
        file.seek(0)
        file.truncate()
        file.write(text.replace("pam_totpgroup.so", "pam_google_authenticator.so nullok"))
    host.guide("from-google-authenticator").type()
    let_in(host.login("alice", code=secret.code()), "alice")


@test
def the_log_is_read(host):
    secret = host.secret()
    host.users["alice"].enroll(secret, *NO_REUSE)
    ask_for_codes(host)
    let_in(host.login("alice", code=secret.code()), "alice")
    check("accepted user=alice" in host.guide("log").type(), "the log has the login")


@test
def a_script_enrolls_those_who_are_missing(host):
    host.guide("ansible").type()
    check(host.users["alice"].has_secret_file(), "alice has a secret")


def token_files(host):
    """What a vendor delivers, and whose the tokens are."""
    secrets = [host.secret(), host.secret()]
    serials = ("2308000017", "2308000018")
    files = {"users.csv": f"user,serial\nalice,{serials[0]}\nbob,{serials[1]}\n",
             "password.txt": "a password\n",
             "tokens.csv": "".join(f"{serial},{secret.key.hex()}\n"
                                   for serial, secret in zip(serials, secrets))}
    for name, cipher in (("tokens.xml", Plain), ("encrypted.xml", with_password("a password"))):
        tokens = (token(serial, secret.key, cipher=cipher, period=30)
                  for serial, secret in zip(serials, secrets))
        files[name] = container(*tokens, cipher=cipher)
    for name, text in files.items():
        with open(f"{TOP}/source/{name}", "w", encoding="ascii") as file:
            file.write(text)
    return secrets


@test
def hardware_tokens_go_to_their_users(host):
    if not glob.glob("/usr/lib/*/libpskc.so.0"):
        raise Skip("there is no libpskc")
    host.add_user("bob")
    ask_for_codes(host)
    secrets = token_files(host)
    guide = host.guide("hardware-tokens")
    said = guide.type("Take them", 0)
    for line in ("would import alice", "would import bob", "imported alice", "imported bob"):
        check(line in said.splitlines(), f"{line}: {said}")
    let_in(host.login("alice", code=secrets[0].code()), "alice")
    check("imported bob" in guide.type("Take them", 1), "the encrypted one")
    let_in(host.login("bob", code=secrets[1].code()), "bob")
    check("6 digits and 30 s are assumed" in guide.type("Tables"), "the table")
    guide.leave("A button that was pressed too often", why="tests/cli/test_resync.py types codes")


@test
def what_other_tests_type(host):
    guide = host.guide("install")
    guide.leave("Packages, on Debian 12 or 13", why="scripts/check --packages does on bare Debians")
    for section in ("From source, on Debian 12 or 13", "Remove it"):
        guide.leave(section, why="scripts/check builds, installs and removes")
    guide.leave("On Fedora", why="there is no Fedora here")
    host.guide("library").leave(why="tests/library/programs.sh compiles and runs it")
    host.guide("web-services").leave(why="tests/examples asks the daemon in six languages")


@test
def the_web_page_may_enroll(host):
    """tests/examples/test_web_enroll.py enrolls in a browser."""
    host.add_user("web-login", password=False)
    host.add_group("webtotp")
    os.makedirs("/etc/systemd/system", exist_ok=True)
    for name, path in (("web-login.service", "/etc/systemd/system/web-login.service"),):
        shutil.copy(SOURCE / "examples/web-login" / name, path)
    with open("/etc/security/totpgroup.conf", "w", encoding="ascii") as file:
        file.write("secret=/var/lib/totpgroup/secret/${USER}\nuser=root\n\n"
                   "[verify web]\npeer=web-login\ngroups=webtotp\n")
    guide = host.guide("browser-enrollment")
    guide.type(block=0)
    guide.type(block=1)
    with open("/etc/systemd/system/web-login.service", encoding="ascii") as file:
        check(" --enroll\n" in file.read(), "the unit has the option")
    guide.leave(block=2, why="there is no systemd on this machine")
