# SPDX-License-Identifier: LGPL-2.1-or-later
"""From outside, by strace: at each system call that a login makes through the module as it is
shipped, the process is killed, or the call fails with each errno. Whatever happens,

  - the login lets in only if its code is spent then, and is never ignored;
  - what was answered as wrong is counted;
  - the files are as before, or as after an undisturbed login;
  - the next login works without help, and a code that let in does not let in again.

The short mode takes some calls of each login at random; TOTPGROUP_LONG=1 takes all."""

import random
import re
import signal

from case import LONG, check, equal, seed
from outside_logins import Host, Isolated, judge, logins, number_of_times

SAMPLE = 5  # calls of each kind of login
ERRORS = ("EIO", "ENOSPC", "EACCES", "ENOMEM", "EMFILE", "EROFS", "EDQUOT", "EPERM", "EINTR",
          "EAGAIN", "ENOENT", "ENOSYS", "EINVAL")
# These cannot fail, or glibc ends the process where they do.
LEFT_OUT = {"exit_group", "futex"}


class TracedHost(Host):
    """Whose logins strace watches."""

    def inject(self, call, number, what):
        """The same of a login into which strace meddles; None where it did not make that call."""
        log = self.path / "injected"
        done = self.log_in(self.answer, "strace", "-o", str(log), "-e", f"trace={call}",
                           "-e", f"inject={call}:{what}:when={number}")
        is_made = done[1] != 0 or "INJECTED" in log.read_text(errors="replace")
        return done if is_made else None

    def calls(self):
        """Each call of a login, as name and number of that name since the program began."""
        self.reset()
        log = self.path / "calls"
        result, _ = self.log_in(self.answer, "strace", "-o", str(log))
        equal(result, self.login.result, f"{self.login.name}, undisturbed")
        seen, found, inside = {}, [], False
        for line in log.read_text(errors="replace").splitlines():
            match = re.match(r"(\w+)\(", line)
            if not match:
                continue
            name = match.group(1)
            seen[name] = seen.get(name, 0) + 1
            if inside and name not in LEFT_OUT and not line.startswith("write(1,"):
                found.append((name, seen[name]))
            inside = inside and not line.startswith("write(1,") or line.startswith("read(0,")
        return found


test = Isolated()


def try_calls(path, what, choose):
    """Injects into calls of each login. Says how many, and how often it let in."""
    rng = random.Random(seed())
    for number, login in enumerate(logins()):
        folder = path / str(number)
        folder.mkdir()
        host = TracedHost(folder, login)
        every = host.calls()
        chosen = every if LONG else rng.sample(every, min(SAMPLE, len(every)))
        results = []
        for call, index in chosen:
            for one in choose(rng):
                host.reset()
                where = f"{login.name}, {call} {index}, {one}"
                done = host.inject(call, index, one)
                if done is not None:
                    what(host, *done, where)
                results.append("not made" if done is None else done[0])
        # Which blocks of memory there are can differ from one process to the next.
        check(results.count("not made") * 5 <= len(results), f"{login.name}: {results}")
        print(f"# {login.name}: {len(chosen)} of {len(every)} calls, {len(results)} trials, let in "
              f"{results.count('in')} times")


@test
def a_login_that_is_killed_at_any_call_leaves_old_or_new(folder):
    def killed(host, result, status, where):
        equal(status, -signal.SIGKILL, f"{where}: how the program ended")
        if result == "refused":
            check(number_of_times(host.texts()) > number_of_times(host.before),
                  f"{where}: answered and not counted")
        judge(host, result, where)

    try_calls(folder.path, killed, lambda _: ("signal=SIGKILL",))


@test
def a_login_whose_call_fails_lets_in_only_if_the_code_is_spent(folder):
    def failed(host, result, status, where):
        # libgcrypt ends the process where it cannot find out whether the kernel is in FIPS mode.
        check(status >= 0 or (status == -signal.SIGABRT and result is None),
              f"{where}: the program ended with {status}")
        judge(host, result, where)

    try_calls(folder.path, failed, lambda rng: [f"error={name}" for name in (
        ERRORS if LONG else rng.sample(ERRORS, 2))])
