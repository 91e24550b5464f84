# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random rounds of a user who starts su, sudo and a careless set-user-ID program with limits, signals,
stops and an environment of her choice: no guess goes uncounted, and nobody else is locked out."""

import contextlib
import itertools
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

from case import LONG, seed
from hostile_starter import Attack, StateAttack
from log_socket import decisions
from scenario import Skip, check, test
from sshd_host import PASSWORD
from state_text import write_state

ROUNDS = 10000 if LONG else 120
DEADLINE = 60

# What is set before the program starts: which limit, and between which values.
LIMITS = (
    (resource.RLIMIT_FSIZE, 0, 12288), (resource.RLIMIT_NOFILE, 3, 24),
    (resource.RLIMIT_DATA, 200 << 10, 2 << 20), (resource.RLIMIT_AS, 4 << 20, 24 << 20),
    (resource.RLIMIT_STACK, 16 << 10, 256 << 10), (resource.RLIMIT_NPROC, 0, 8),
    (resource.RLIMIT_CPU, 0, 1), (resource.RLIMIT_MEMLOCK, 0, 4096),
    (resource.RLIMIT_SIGPENDING, 0, 4), (resource.RLIMIT_CORE, 0, 1 << 30))

# Under these the same program may die in one run and not in the next: addresses and times differ.
UNSTEADY = {resource.RLIMIT_DATA, resource.RLIMIT_AS, resource.RLIMIT_STACK, resource.RLIMIT_CPU,
            resource.RLIMIT_NPROC}

# What the log says of a code that was judged.
JUDGED = {"wrong-code", "reused", "totp"}

# What a set-user-ID program may hear from the user who started it.
SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGALRM,
           signal.SIGUSR1, signal.SIGPIPE, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN,
           signal.SIGXCPU, signal.SIGXFSZ, signal.SIGPROF, signal.SIGVTALRM, signal.SIGKILL,
           signal.SIGSEGV, signal.SIGIO)

ENVIRONMENT = (
    ("LD_PRELOAD", "/run/e2e/none.so"), ("LD_LIBRARY_PATH", "/run/e2e"), ("LD_BIND_NOW", "1"),
    ("GLIBC_TUNABLES", "glibc.malloc.check=3"), ("MALLOC_PERTURB_", "85"), ("MALLOC_ARENA_MAX", "1"),
    ("TZ", "/etc/shadow"), ("TZ", "XXX-24"), ("LC_ALL", "de_DE.UTF-8"), ("LANGUAGE", "../../x"),
    ("LOCPATH", "/run/e2e"), ("NLSPATH", "/run/e2e/%N"), ("HOME", "/"), ("PATH", ""), ("IFS", "/"),
    ("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 22"), ("SSH_AUTH_INFO_0", "publickey x"),
    ("SUDO_USER", "root"), ("USER", "carol"), ("PAM_RHOST", "127.0.0.1"), ("TERM", "x" * 5000),
    ("GCRYPT_BARRETT", "1"), ("RES_OPTIONS", "debug"), ("HOSTALIASES", "/etc/shadow"),
    ("TMPDIR", "/run/e2e"), ("GCONV_PATH", "/run/e2e"), ("NOTIFY_SOCKET", "/run/e2e/x"))

# Sends signals with alice's rights: lines of a process and a number.
AGENT = """
import os, sys
for line in sys.stdin:
    pid, number = map(int, line.split())
    try:
        os.kill(pid, number)
    except (PermissionError, ProcessLookupError):
        pass
    print(flush=True)
"""


class Agent:
    """alice's other process. A context manager."""

    def __init__(self, alice):
        self._process = subprocess.Popen(
            [sys.executable, "-c", AGENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            user=alice.uid, group=alice.gid, extra_groups=[], cwd="/", text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(DEADLINE)
        self._process.stdout.close()

    def send(self, pid, number):
        """Sends it, as far as alice may."""
        self._process.stdin.write(f"{pid} {int(number)}\n")
        self._process.stdout.readline()


def draw(numbers):
    """What happens before a program starts, and what afterwards: (milliseconds, signal)."""
    limits = [(which, numbers.randint(low, high))
              for which, low, high in numbers.sample(LIMITS, numbers.choice((0, 0, 1, 1, 2)))]
    ignored = numbers.sample(SIGNALS, numbers.choice((0, 0, 2, 6)))
    blocked = numbers.sample(SIGNALS, numbers.choice((0, 0, 2, 6)))
    timer = numbers.choice((None, None, None, signal.ITIMER_REAL, signal.ITIMER_PROF,
                            signal.ITIMER_VIRTUAL))
    delay, mask = numbers.uniform(0.0005, 0.03), numbers.choice((0o022, 0o777, 0))

    def prepare():
        for number in ignored:
            with contextlib.suppress(OSError):
                signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        os.umask(mask)
        for which, value in limits:
            resource.setrlimit(which, (value, value))
        if timer is not None:
            signal.setitimer(timer, delay)
    sent = [(numbers.uniform(0, 25), numbers.choice(SIGNALS))
            for _ in range(numbers.choice((0, 0, 1, 2, 4)))]
    environment = dict(numbers.sample(ENVIRONMENT, numbers.randrange(6)))
    said = f"limits {limits}, ignored {ignored}, blocked {blocked}, timer {timer} {delay}, " \
           f"mask {mask:o}, sent {sent}, environment {sorted(environment)}"
    # Then a second run does what the first one did.
    steady = not sent and timer is None and not UNSTEADY & {which for which, _ in limits}
    return prepare, environment, sent, steady, said


class Machine:
    """bob's secret in his home or with a state apart, the three programs, and carol, a bystander."""

    def __init__(self, host, kind):
        self.attack = kind(host)
        self.host, self.secret = host, self.attack.secret
        self.alice, self.bob = self.attack.alice, self.attack.bob
        carol = host.add_user("carol")
        self.carol = host.secret("carol")
        carol.enroll(self.carol, '" WINDOW_SIZE 17')
        with open("/etc/pam.d/su", encoding="ascii") as service:
            lines = service.read()
        self.commands = {"su": ["/usr/bin/su", "bob", "-c", "id -un"]}
        if host.setuid_login:
            os.chmod(host.setuid_login, 0o4755)
            self.add("careless", lines, [host.setuid_login, "bob"])
        if shutil.which("sudo"):
            with open("/etc/sudoers", "w", encoding="ascii") as file:
                os.fchmod(file.fileno(), 0o440)
                file.write("Defaults targetpw, !fqdn, !pam_session, passwd_tries=1, timestamp_timeout=0"
                           "\nalice ALL=(ALL:ALL) ALL\n")
            self.add("sudo", lines, [shutil.which("sudo"), "-S", "-u", "bob", "id", "-un"])
        self.attack.enroll()
        self.state = self.attack.read() if issubclass(kind, StateAttack) else None

    def add(self, service, lines, command):
        """A program, and its service, which is that of su."""
        with open(f"/etc/pam.d/{service}", "w", encoding="ascii") as file:
            file.write(lines)
        self.commands[service] = command

    def forget(self):
        """Nothing is counted, and nothing is spent but what is long past."""
        if self.state is None:
            self.attack.enroll()
            return
        now = int(time.time())
        text = re.sub(r"RATE_LIMIT.*", f"RATE_LIMIT {now - 90} {now - 80}", self.state)
        for name in os.listdir(self.attack.state):
            if name != "bob":
                os.unlink(f"{self.attack.state}/{name}")
        write_state(f"{self.attack.state}/bob", text)

    def start(self, program, code, prepare, environment):
        """Starts the program as alice."""
        def become():
            os.setgroups([])
            os.setgid(self.alice.gid)
            os.setuid(self.alice.uid)
            prepare()
        process = subprocess.Popen(
            self.commands[program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, preexec_fn=become, cwd="/", start_new_session=True,
            env={"PATH": "/usr/bin:/bin", **environment})
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{PASSWORD}\n{code}\n".encode())
            process.stdin.flush()
        return process

    def run(self, agent, program, code, drawn):
        """Runs it to its end. Returns whether alice is bob then, and checks that a code which was
        judged is counted."""
        mark = self.host.log.mark()
        let_in = self.run_to_end(agent, program, code, drawn)
        words = {word for decision in decisions(self.host.log.since(mark))
                 if decision.fields["user"] == "bob"
                 for word in (decision.fields.get("reason"), decision.fields.get("method"))}
        counted = self.attack.attempts()
        check(counted == 1 if let_in or words & JUDGED else counted <= 1,
              f"let in: {let_in}, counted {counted} times, and the log says {words}")
        return let_in

    def run_to_end(self, agent, program, code, drawn):
        """Runs it with all that was drawn."""
        prepare, environment, sent, _, _ = drawn
        begun = time.monotonic()
        try:
            process = self.start(program, code, prepare, environment)
        except (OSError, subprocess.SubprocessError):
            return False  # such limits let nothing start
        for when, number in sorted(sent):
            time.sleep(max(0, begun + when / 1000 - time.monotonic()))
            agent.send(process.pid, number)
            if number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN):
                self.expect_nobody_is_locked_out()
                agent.send(process.pid, signal.SIGCONT)
        # One that sudo sends itself, where a child of its was stopped.
        with contextlib.suppress(subprocess.TimeoutExpired):
            return b"bob" in process.communicate(timeout=DEADLINE)[0].split()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise AssertionError(f"{program} does not end")

    def expect_nobody_is_locked_out(self):
        """carol logs in whatever alice does, and bob's lock is free."""
        check(self.attack.start_for("carol", self.carol.code()), "carol is not let in")
        path = f"{self.attack.state}/bob" if self.state else self.bob.secret_file
        done = subprocess.run(["flock", "-w", str(DEADLINE), path, "true"], check=False)
        check(done.returncode == 0, "bob's lock is held")


class Starter:
    """Adds to an attack what the rounds need."""

    def start_for(self, user, code):
        """Whether su to that user, by alice and without any trick, lets in."""
        done = subprocess.run(
            ["/usr/bin/su", user, "-c", "id -un"], input=f"{PASSWORD}\n{code}\n".encode(),
            user=self.alice.uid, group=self.alice.gid, extra_groups=[], cwd="/", check=False,
            capture_output=True, env={"PATH": "/usr/bin:/bin"}, timeout=DEADLINE)
        return user.encode() in done.stdout.split()


class InHome(Starter, Attack):
    """The state is in bob's own file."""


class Apart(Starter, StateAttack):
    """The state is root's."""


def round_of(machine, agent, program, drawn, wrong):
    """A guess, and then the right code in the same way. Returns what came of it, for the tally."""
    attack = machine.attack
    machine.forget()
    check(not machine.run(agent, program, wrong, drawn), "a wrong code lets in")
    guessed = attack.attempts()
    machine.forget()
    code = machine.secret.code()
    let_in = machine.run(agent, program, code, drawn)
    counted = attack.attempts()
    check(not let_in or guessed == 1 or not drawn[3],
          "a wrong code is not counted, and the right one lets in")
    if let_in:
        check(not attack.start_for("bob", code), "a code lets in twice")
    return ("let-in" if let_in else "refused") + (", counted" if counted else ", not counted")


def rounds(host, kind, count):
    """So many rounds, whose numbers are printed."""
    machine = Machine(host, kind)
    wrong, tally, start = machine.secret.wrong_code(), {}, seed()
    with Agent(machine.alice) as agent:
        for number, program in zip(range(count), itertools.cycle(machine.commands)):
            drawn = draw(random.Random(f"{start}-{number}"))
            try:
                what = f"{program}: {round_of(machine, agent, program, drawn, wrong)}"
            except AssertionError as error:
                raise AssertionError(f"round {number}, {program}, {drawn[4]}: {error}") from None
            tally[what] = tally.get(what, 0) + 1
            if number % 40 == 0:
                machine.expect_nobody_is_locked_out()
    machine.forget()
    check(machine.attack.start_for("bob", machine.secret.code()), "bob is locked out")
    for what, times in sorted(tally.items()):
        print(f"# {what}: {times}", file=sys.stderr)
    for program in machine.commands:
        check(tally.get(f"{program}: let-in, counted", 0) > count // 40,
              f"{program} should let in now and then: {tally}")


@test
def no_guess_is_uncounted_with_the_state_in_a_home(host):
    rounds(host, InHome, ROUNDS // 2)


@test
def no_guess_is_uncounted_with_the_state_apart(host):
    rounds(host, Apart, ROUNDS // 2)


@test
def both_programs_are_there(host):
    """Which of them were tried above."""
    if shutil.which("sudo") is None:
        raise Skip("sudo is missing (package sudo), the rounds went without it")
    check(host.setuid_login, "tests/e2e/setuid_login was not built")
