# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user at a terminal, who answers the prompts of ssh and su. It keeps what the terminal showed."""

import io
import os

import pexpect

DEADLINE = 30

PASSWORD_PROMPT = "assword: "
CODE_PROMPT = "Verification code: "

# Printed by the command that is run after a login, and by nothing else.
MARKER = "You are in, "
COMMAND = f"echo '{MARKER}'$(id -un)."


class Terminal:
    """One program on a terminal of its own."""

    def __init__(self, command, env=None, become=None, window=None):
        columns, rows = window or (80, 24)
        self._seen = io.BytesIO()
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TERM": "dumb",
               **(env or {})}
        self.child = pexpect.spawn(command[0], list(command[1:]), env=env, timeout=DEADLINE,
                                   cwd="/", preexec_fn=become, dimensions=(rows, columns))
        # The programs turn the echo off before they prompt, so there is nothing to wait for.
        self.child.delaybeforesend = None
        self.child.logfile_read = self._seen
        self.prompts = []

    @property
    def transcript(self):
        """Everything that the terminal showed, as text."""
        return self._seen.getvalue().decode("utf-8", "replace")

    def next_prompt(self, prompts=(PASSWORD_PROMPT, CODE_PROMPT)):
        """Waits for the next prompt. Returns None when the program ends instead."""
        prompts = list(prompts)
        which = self.child.expect_exact(prompts + [pexpect.EOF])
        if which == len(prompts):
            return None
        self.prompts.append(prompts[which])
        return prompts[which]

    def await_prompt(self, prompt):
        """Waits for a prompt, which must be this one."""
        found = self.next_prompt()
        if found != prompt:
            raise AssertionError(f"awaited {prompt!r}, saw {found!r}:\n{self.transcript}")

    def answer(self, text):
        """Types a line."""
        self.child.sendline(text)

    def finish(self, password=None, code=None):
        """Answers the prompts until the program ends. Returns whether the command was run."""
        answers = {PASSWORD_PROMPT: password, CODE_PROMPT: code}
        while (prompt := self.next_prompt()) is not None:
            if answers[prompt] is None:
                self.hang_up()
                raise AssertionError(f"asked {prompt!r}, which nobody expected:\n"
                                     f"{self.transcript}")
            self.answer(answers[prompt])
        self.child.close()
        ran = MARKER in self.transcript
        if ran != (self.child.exitstatus == 0):
            raise AssertionError(f"exit status {self.child.exitstatus}, but the command was "
                                 f"{'' if ran else 'not '}run:\n{self.transcript}")
        return ran

    def hang_up(self):
        """Closes the terminal and kills the program."""
        self.child.close(force=True)


def ssh(user, known_hosts, key=None, methods=None, command=COMMAND, env=None,
        address="127.0.0.1", through=(), flags=()):
    """Starts ssh to the private machine as that user, for one login, without the host's
    configuration. Without a command it asks for a shell. through is a command that starts ssh
    elsewhere; flags are more flags of ssh, such as -tt."""
    methods = methods or ("publickey," if key else "") + "keyboard-interactive"
    words = [*through, "ssh", "-F", "/dev/null", "-l", user,
             "-o", f"UserKnownHostsFile={known_hosts}", "-o", "GlobalKnownHostsFile=/dev/null",
             "-o", "HostKeyAlias=127.0.0.1", "-o", "StrictHostKeyChecking=yes",
             "-o", "NumberOfPasswordPrompts=1",
             "-o", f"PreferredAuthentications={methods}", "-o", "IdentityAgent=none", *flags]
    if key:
        words += ["-o", "IdentitiesOnly=yes", "-i", key]
    return Terminal([*words, address, *([command] if command else [])], env)


def su(caller, target):
    """Starts su to the target, as another user."""
    return run_as(caller, ["su", target, "-c", COMMAND])


def run_as(user, command, window=None, env=None):
    """Starts a command at the terminal of that user."""
    def become():
        os.setgroups([])
        os.setgid(user.gid)
        os.setuid(user.uid)
    variables = {"HOME": user.home, "USER": user.name, "LOGNAME": user.name, **(env or {})}
    return Terminal(command, variables, become, window)
