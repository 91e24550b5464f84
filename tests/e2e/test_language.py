# SPDX-License-Identifier: LGPL-2.1-or-later
"""The language of messages: su sets a locale, sshd does not."""

import os
import re
import shutil

import private_root
import ssh_client
import sshd_host
from scenario import NO_REUSE, Skip, check, refused, test

PO = f"{os.path.dirname(os.path.abspath(__file__))}/../../po/de.po"
GERMAN = "Der Bestätigungscode wurde nicht angenommen."
ENGLISH = "The verification code was not accepted."


def locale_that_translates(folder):
    """A locale in which gettext translates. Newer C libraries translate nothing in C.UTF-8."""
    for name in ("de_DE.UTF-8", "en_US.UTF-8", "C.UTF-8"):
        said = private_root.run("env", f"LC_ALL={name}", "LANGUAGE=de", f"TEXTDOMAINDIR={folder}",
                                "gettext", "totpgroup", ENGLISH)
        if said == GERMAN:
            return name
    raise Skip("there is no locale in which gettext translates")


def install_german(host):
    """Installs the German translation of the module, and hides those of other programs. Returns
    the folder."""
    if shutil.which("msgfmt") is None:
        raise Skip("msgfmt is not installed (package gettext)")
    with open(host.module, "rb") as file:
        found = re.search(rb"\0(/[^\0]*/locale)\0", file.read())
    if found is None:
        raise Skip("the module was configured with --disable-nls")
    folder = found[1].decode()
    for covered in {covered_by(folder), "/usr/share/locale"}:
        if os.path.isdir(covered):
            host.mount_over(covered, "-t", "tmpfs", "-o", "mode=755,size=4m", "tmpfs")
    target = f"{folder}/de/LC_MESSAGES"
    os.makedirs(target, mode=0o755)
    private_root.run("msgfmt", "-o", f"{target}/totpgroup.mo", PO)
    return folder


def covered_by(folder):
    """The folder, or the nearest one above it that exists."""
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    if folder in ("/", "/usr"):
        raise Skip(f"{folder} cannot be covered")
    return folder


@test
def su_speaks_the_language_of_the_user(host):
    """su sets the locale from its environment. The prompt is the same in each language."""
    name = locale_that_translates(install_german(host))
    caller, alice, secret = host.add_user("caller"), host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code(service="su")
    for environment, said in (({"LANGUAGE": "de", "LC_ALL": name}, GERMAN), ({}, ENGLISH),
                              ({"LANGUAGE": "de", "LC_ALL": "C"}, ENGLISH)):
        mark = host.log.mark()
        client = ssh_client.run_as(caller, ["su", "alice", "-c", ssh_client.COMMAND],
                                   env=environment)
        login = host.outcome(client, client.finish(sshd_host.PASSWORD, secret.wrong_code()), mark)
        refused(login, "alice", rhost="-", reason="wrong-code")
        check(said in login.transcript, f"su should say: {said}", login)
        check(ssh_client.CODE_PROMPT in login.prompts, "the prompt stays in English", login)


@test
def sshd_speaks_english(host):
    install_german(host)
    alice, secret = host.add_user("alice"), host.secret()
    alice.enroll(secret, *NO_REUSE)
    host.password_then_code()
    host.start_sshd()
    login = host.login("alice", code=secret.wrong_code(), env={"LANGUAGE": "de"})
    refused(login, "alice", reason="wrong-code")
    check(ENGLISH in login.transcript, f"sshd should say: {ENGLISH}", login)
