# SPDX-License-Identifier: LGPL-2.1-or-later
"""A guide of docs/, typed as it stands on a private Debian machine.

The commands of a guide are its blocks that begin with ```sh. They are run by a shell in the
folder of the source, as a reader would run them. sudo runs a command as root, systemctl reloads
sshd, and journalctl searches the log of the machine; everything else is real."""

import contextlib
import glob
import itertools
import os
import re
import shutil

import debian_host
import private_root
import scenario
import ssh_client
from case import SOURCE
from demo_login import APP_PROMPT, YES_OR_NO
from one_time_code import Secret
from scenario import check
from ssh_client import CODE_PROMPT
from sshd_host import TOP

BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.M | re.S)
HEADING = re.compile(r"^##+ (.*)$", re.M)

STANDINS = {
    "sudo": """\
while :; do
	case $1 in
	-u) user=$2; shift 2 ;;
	*) break ;;
	esac
done
[ -z "${user:-}" ] || exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups "$@"
exec "$@"
""",
    "systemctl": """\
[ "$*" = "reload ssh" ] || { echo "systemctl $*: not on this machine" >&2; exit 1; }
kill -HUP "$SSHD_PID"
""",
    "journalctl": """\
while [ $# -gt 0 ]; do
	case $1 in
	-g) pattern=$2; shift 2 ;;
	-t | -o) shift 2 ;;
	*) echo "journalctl $1: not on this machine" >&2; exit 1 ;;
	esac
done
exec grep -P "$pattern" "$JOURNAL"
""",
}


class Guide:
    """One guide. At the end of a test each of its command blocks was typed or left out."""

    def __init__(self, host, name):
        self.host, self.name = host, name
        text = (SOURCE / "docs" / f"{name}.md").read_text(encoding="utf-8")
        self._sections = _sections(text)
        self._left = {(section, number): command for section, blocks in self._sections.items()
                      for number, command in enumerate(blocks)}

    def type(self, section="", block=None, yes=False, **changes):
        """Runs the blocks of a section, or one of them, which must succeed. changes are words to
        be replaced: what the guide's reader would put in. Questions get Enter, or with yes a y.
        Returns what was printed."""
        said = ""
        numbers = range(len(self._sections[section])) if block is None else [block]
        for number in numbers:
            said += self._run(section, number, changes, "y" if yes else "")
        return said

    def leave(self, section="", block=None, why=""):
        """Does not type the blocks of a section, or one of them, for that reason."""
        check(why, "no reason was given")
        for number in range(len(self._sections[section])) if block is None else [block]:
            del self._left[section, number]

    def check_all_typed(self):
        """Fails unless each block was typed or left out."""
        check(not self._left, f"docs/{self.name}.md: nobody typed\n"
              + "\n".join(f"{section}: {command}" for (section, _), command in self._left.items()))

    def _run(self, section, number, changes, answer):
        command = self._sections[section][number]
        self._left.pop((section, number), None)
        for old, new in changes.items():
            check(old in command, f"{old} is not in {command}")
            command = command.replace(old, new)
        with open(f"{TOP}/journal", "w", encoding="utf-8") as file:
            file.write("\n".join(str(line) for line in self.host.whole_log()) + "\n")
        before = len(self.host.sshd_messages)
        if "reload ssh" in command:
            self.host.await_signal_handlers()
        terminal = ssh_client.Terminal(
            ["sh", "-e", "-c", f"cd {TOP}/source\n{command}"],
            {"PATH": f"{TOP}/standins:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
             "HOME": "/root", "SSHD_PID": str(self.host.sshd_pid), "JOURNAL": f"{TOP}/journal"})
        self._answer(terminal, answer)
        said = terminal.transcript.replace("\r\n", "\n")
        check(terminal.child.exitstatus == 0, f"docs/{self.name}.md, {section!r}: status "
              f"{terminal.child.exitstatus} of\n{command}\n{said}")
        if "reload ssh" in command:
            self.host.await_restart(before)
        return said

    def _answer(self, terminal, answer):
        """Answers questions as a reader would: with the code of the app, or with that answer."""
        while (prompt := terminal.next_prompt((APP_PROMPT, CODE_PROMPT, *YES_OR_NO))) is not None:
            if prompt == APP_PROMPT:
                secret = Secret.of_base32(re.findall(r"Secret: ([A-Z2-7 ]+?)\s\s",
                                                     terminal.transcript)[-1])
                self.host.secrets.append(secret)
                terminal.answer(secret.code())
            elif prompt == CODE_PROMPT:
                terminal.answer(self.host.secrets[-1].code())
            else:
                terminal.answer(answer)
        terminal.child.close()


def _sections(text):
    """The command blocks of each section. Those before the first heading are section ""."""
    places = [(0, "")] + [(match.end(), match[1]) for match in HEADING.finditer(text)]
    ends = [start for start, _ in places[1:]] + [len(text)]
    return {name: [match[2].replace("\n" + match[1], "\n").removeprefix(match[1])
                   for match in BLOCK.finditer(text, start, end)]
            for (start, name), end in zip(places, ends)}


class _Fixture(type(scenario.test)):
    """A Debian with totpgroup installed, and a function that opens a guide."""

    @contextlib.contextmanager
    def argument(self):
        with super().argument() as host:
            _install(host)
            host.opened = []

            def guide(name):
                host.opened.append(Guide(host, name))
                return host.opened[-1]
            host.guide = guide
            yield host
            for one in host.opened:
                one.check_all_typed()


test = _Fixture()


def _install(host):
    """What `make install` installs and a login or a guide needs, and Debian's sshd."""
    debian_host.over_folders(host, "/usr", "/var/lib", "/etc")
    debian_host.empty_local(host)
    shutil.copy(host.module, f"{modules()}/pam_totpgroup.so")
    shutil.copy(host.enroll_program, "/usr/local/bin/totp-enroll")
    shutil.copy(host.verifyd_program, "/usr/local/sbin/totp-verifyd")
    os.makedirs(f"{TOP}/standins", exist_ok=True)
    for name, script in STANDINS.items():
        private_root.install(f"standins/{name}", f"#!/bin/sh\n{script}".encode("ascii"))
    host.at_end(shutil.rmtree, f"{TOP}/source")
    os.makedirs(f"{TOP}/source")
    for name in ("conf", "examples"):
        os.symlink(SOURCE / name, f"{TOP}/source/{name}")
    debian_host.pam()
    host.add_user("alice")
    # Debian's own settings.
    debian_host.sshd(host, "KbdInteractiveAuthentication no", "PasswordAuthentication yes")


def modules():
    """The folder of PAM's modules."""
    return os.path.dirname(next(itertools.chain(*(
        glob.iglob(f"{folder}/security/pam_unix.so")
        for folder in ("/usr/lib/*", "/usr/lib64", "/usr/lib")))))
