# SPDX-License-Identifier: LGPL-2.1-or-later
"""alice, who knows bob's password, and starts su with limits of her choice."""

import contextlib
import glob
import os
import re
import resource
import signal
import subprocess
import time

from case import check
from one_time_code import STEP, now_step
from sshd_host import PASSWORD
from state_text import read_state, write_state


class Attack:
    """A machine with alice, who starts su, and bob, whose home she may list."""

    def __init__(self, host, options=""):
        self.host, self.secret = host, host.secret("bob")
        self.alice, self.bob = host.add_user("alice"), host.add_user("bob")
        os.chmod(self.bob.home, 0o755)
        host.password_then_code(options, service="su")
        # su waits after a refusal.
        with open("/etc/login.defs", "w", encoding="ascii") as file:
            file.write("FAIL_DELAY 0\n")

    def enroll(self):
        """A limit of three attempts in 30 s. The two last codes lie in one window, so that a right
        code makes the text shorter than a wrong one does."""
        now, step = int(time.time()), now_step()
        for path in glob.glob(f"{self.bob.home}/.google_authenticator~*"):
            os.unlink(path)
        self.bob.enroll(self.secret, '" WINDOW_SIZE 3',
                        f'" RATE_LIMIT 3 {STEP} {now - 90} {now - 80}',
                        f'" DISALLOW_REUSE {step - 5} {step - 4}')
        return self

    def right_code(self):
        return self.secret.code()

    def attempts(self):
        """How many attempts of the last minute are counted."""
        times = re.search(r"RATE_LIMIT(.*)", self.read()).group(1).split()
        return len([when for when in times if int(when) > time.time() - 60])

    def read(self):
        return self.bob.read()

    def sizes(self):
        """Sizes around those of the texts after a wrong and after a right code."""
        size = len(self.read())
        return range(size - 30, size + 15, 3)

    def su(self, code, starve=None, through=()):
        """Runs su as alice, on pipes. Returns whether she is bob then."""
        return b"bob" in self.start(code, starve, through).communicate()[0].split()

    def start(self, code, starve=None, through=()):
        alice = self.alice

        def become():
            os.setgroups([])
            os.setgid(alice.gid)
            os.setuid(alice.uid)
            if starve:
                starve()
        process = subprocess.Popen(
            [*through, "/usr/bin/su", "bob", "-c", "id -un"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=become, cwd="/",
            env={"PATH": "/usr/bin:/bin"})
        # Where the program cannot even start, nobody reads that.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{PASSWORD}\n{code}\n".encode())
            process.stdin.flush()
        return process

    def is_counted(self, starve, why):
        """One guess under that limit, and then the right code: what was not counted may not be
        judged."""
        self.enroll()
        self.su(self.secret.wrong_code(), starve)
        counted = self.attempts()
        check(counted == 1 or not self.su(self.right_code(), starve),
              f"{why}: a wrong code is not counted, and the right one lets in")
        return counted == 1


def limit(which, value):
    """Sets a limit in the new process, and lets its signals do nothing."""
    def starve():
        for name in (signal.SIGXFSZ, signal.SIGXCPU):
            signal.signal(name, signal.SIG_IGN)
        resource.setrlimit(which, (value, value))
    return starve


class StateAttack(Attack):
    """The state is kept apart, in a folder that only root may enter."""

    def __init__(self, host):
        self.state = host.folder("state")
        super().__init__(host, f"state={self.state}/${{USER}}")

    def enroll(self):
        super().enroll()
        for entry in os.scandir(self.state):
            os.unlink(entry.path)
        # Two logins make a state; then they are moved back in time. Both codes are still good where a
        # step ends in between.
        for steps in (0, 1):
            check(self.su(self.secret.code(steps)), "a right code should let in")
        now, step = int(time.time()), now_step()
        state = re.sub(r"RATE_LIMIT.*", f"RATE_LIMIT {now - 90} {now - 80}", self.read())
        state = re.sub(r"DISALLOW_REUSE.*", f"DISALLOW_REUSE {step - 5} {step - 4}", state)
        write_state(f"{self.state}/bob", state)
        return self

    def read(self):
        return read_state(f"{self.state}/bob")

    def sizes(self):
        """The ends of both slots, one of which is written."""
        return [size + more for size in (4096, 8192) for more in (-4000, -1, 0, 1)]
