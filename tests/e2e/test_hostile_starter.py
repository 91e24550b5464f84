# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the user who starts su can do to it: limits, signals, stops. alice knows bob's password."""

import contextlib
import fcntl
import glob
import os
import re
import resource
import shutil
import signal
import subprocess
import time

import ssh_client
from one_time_code import STEP, now_step
from hostile_starter import Attack, StateAttack, limit
from scenario import Skip, check, test
from sshd_host import EMERGENCY_CODES, PASSWORD
from state_text import read_state, write_state

F_SETPIPE_SZ = 1031


def may_raise_limits():
    """Whether root may raise hard limits on this machine (CAP_SYS_RESOURCE)."""
    with open("/proc/self/status", encoding="ascii") as file:
        return int(re.search(r"CapBnd:\s(\w+)", file.read()).group(1), 16) >> 24 & 1 == 1


def sweep_file_size(attack):
    """Limits around the sizes of what is written."""
    attack.enroll()
    counted = [attack.is_counted(limit(resource.RLIMIT_FSIZE, value), f"RLIMIT_FSIZE {value}")
               for value in attack.sizes()]
    check(any(counted) and (all(counted) or not may_raise_limits()),
          f"under these limits attempts are counted: {counted}")


@test
def guesses_under_a_limit_of_the_file_size_are_counted_or_not_judged(host):
    sweep_file_size(Attack(host))


@test
def so_are_guesses_with_a_state_that_is_kept_apart(host):
    sweep_file_size(StateAttack(host))


class EmergencyAttack(Attack):
    """The right code is an emergency code, which is struck out of the text."""

    def enroll(self):
        super().enroll()
        self.bob.write(self.read() + "\n".join(EMERGENCY_CODES) + "\n")
        return self

    def right_code(self):
        return EMERGENCY_CODES[1]


@test
def so_are_guesses_at_emergency_codes(host):
    sweep_file_size(EmergencyAttack(host))


@test
def guesses_under_tight_memory_are_counted_or_not_judged(host):
    attack = Attack(host)
    for which, kilobytes in ((resource.RLIMIT_DATA, range(300, 1300, 140)),
                             (resource.RLIMIT_AS, range(4000, 14000, 2000)),
                             (resource.RLIMIT_STACK, range(16, 160, 32))):
        for size in kilobytes:
            attack.is_counted(limit(which, size << 10), f"limit {which}, {size} kB")


@test
def guesses_with_few_open_files_are_counted_or_not_judged(host):
    attack = Attack(host)
    for number in range(3, 12):
        attack.is_counted(limit(resource.RLIMIT_NOFILE, number), f"RLIMIT_NOFILE {number}")


@test
def nobody_makes_the_list_of_groups_shorter(host):
    """bob is a member by systemd's user database alone. A source whose library finds no memory, or
    no descriptor, is not asked by the C library for as long as the process lives."""
    if not glob.glob("/usr/lib*/libnss_systemd.so.2") + glob.glob("/lib/*/libnss_systemd.so.2"):
        raise Skip("libnss_systemd is missing (package libnss-systemd)")
    host.add_group("vpn")
    attack = Attack(host, "group=vpn")
    attack.enroll()
    with open("/etc/nsswitch.conf", "a", encoding="ascii") as file:
        file.write("initgroups: files [SUCCESS=continue] systemd\n")
    host.at_end(shutil.rmtree, "/run/userdb")
    os.mkdir("/run/userdb", 0o755)
    with open("/run/userdb/bob:vpn.membership", "w", encoding="ascii") as file:
        file.write("{}")
    check(not attack.su("") and attack.su(attack.secret.code()), "bob should be asked")
    for which, limits in ((resource.RLIMIT_DATA, range(440 << 10, 600 << 10, 4 << 10)),
                          (resource.RLIMIT_AS, range(5 << 20, 9 << 20, 256 << 10)),
                          (resource.RLIMIT_NOFILE, range(3, 12))):
        for value in limits:
            check(not attack.su("", limit(which, value)),
                  f"limit {which} of {value}: let in without a code")


class Watched(Attack):
    """The writes to the disk are held up, so that alice has all the time that she could want."""

    def __init__(self, host, options=""):
        super().__init__(host, options)
        if shutil.which("strace") is None:
            raise Skip("strace is missing (package strace)")

    def held_up(self, code):
        """Starts su, whose writes take their time. Returns strace and the pid of su once the new
        file can be seen, with what is in it."""
        strace = self.host.start_held_up(self.alice, ["su", "bob", "-c", "id -un"])
        strace.stdin.write(f"{PASSWORD}\n{code}\n".encode())
        strace.stdin.flush()
        while not (fresh := [name for name in os.listdir(self.bob.home)
                             if name.startswith(".google_authenticator~")
                             and os.stat(f"{self.bob.home}/{name}").st_size > 0]):
            check(strace.poll() is None, "su ended without a write")
            time.sleep(0.01)
        return strace, self.host.child_of(strace.pid), fresh[0]


def signals_of(user, pid):
    """Which of the signals that user may send to the process."""
    script = "import os, sys\nfor number in (0, 9, 14, 15, 19):\n" \
             "    try:\n        os.kill(int(sys.argv[1]), number)\n        print(number)\n" \
             "    except PermissionError:\n        pass\n"
    done = subprocess.run(["python3", "-c", script, str(pid)], user=user.uid, group=user.gid,
                          extra_groups=[], stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().split()


@test
def nobody_may_signal_or_stop_a_login_that_is_being_recorded(host):
    attack = Watched(host)
    attack.enroll()
    for code in (attack.secret.wrong_code(), attack.secret.code()):
        strace, pid, _ = attack.held_up(code)
        allowed = signals_of(attack.alice, pid)
        # A timer that was set before, or a terminal, asks nobody for leave.
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            waiting = int(re.search(r"SigBlk:\s(\w+)", file.read()).group(1), 16)
        for number in (signal.SIGINT, signal.SIGALRM, signal.SIGPROF, signal.SIGXCPU):
            check(waiting >> (number - 1) & 1 == 1, f"signal {number} does not wait")
        strace.communicate()
        check(allowed == [], f"alice may send the signals {allowed}")
    check(attack.attempts() == 2, "both attempts are counted")


@test
def what_can_be_seen_before_it_is_recorded_does_not_tell_a_right_code(host):
    """Not even a process that is killed with its control group tells an uncounted guess."""
    attack, sizes = Watched(host), []
    # The last one is of another time, which is remembered so as to learn a skew.
    for code in (attack.secret.wrong_code(), attack.secret.code(), attack.secret.code(-120)):
        attack.enroll()
        strace, pid, name = attack.held_up(code)
        sizes.append(os.stat(f"{attack.bob.home}/{name}").st_size)
        os.kill(pid, signal.SIGKILL)
        strace.communicate()
    check(len(set(sizes)) == 1, f"the sizes {sizes} tell a right code from a wrong one")


@test
def a_message_that_nobody_reads_holds_nothing_up(host):
    """The last message finds no room in the pipe, so that su waits for good."""
    attack = Attack(host)
    attack.enroll()
    reader, writer = os.pipe()
    room = len("Password: \nVerification code: \n") + 8
    os.write(writer, b"x" * (fcntl.fcntl(writer, F_SETPIPE_SZ, 4096) - room))
    process = attack.start(attack.secret.wrong_code(), lambda: os.dup2(writer, 2))
    while attack.attempts() == 0:
        check(process.poll() is None, "su ended although its message was not read")
        time.sleep(0.01)
    check(attack.su(attack.secret.code()), "bob cannot log in meanwhile")
    check(process.poll() is None, "su ended although its message was not read")
    os.close(reader)
    os.close(writer)
    process.communicate()


def gdb(user, pid):
    """What gdb says when that user attaches it to the process."""
    if shutil.which("gdb") is None:
        raise Skip("gdb is missing (package gdb)")
    done = subprocess.run(["gdb", "-nx", "-batch", "-p", str(pid)], user=user.uid, group=user.gid,
                          extra_groups=[], cwd="/", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout.decode()


@test
def nobody_but_root_looks_into_the_memory_of_a_login(host):
    attack = Attack(host)
    terminal = ssh_client.su(attack.alice, "bob")
    terminal.await_prompt(ssh_client.PASSWORD_PROMPT)
    terminal.answer(PASSWORD)
    terminal.await_prompt(ssh_client.CODE_PROMPT)
    for user in (attack.alice, attack.bob):
        said = gdb(user, terminal.child.pid)
        check("Operation not permitted" in said, f"gdb of {user.name}: {said}")
    terminal.hang_up()


def enrolling(host, user):
    """totp-enroll in the middle of its questions, with a secret in its memory. Core files may have
    any size."""
    resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE)[1:] * 2)
    terminal = ssh_client.run_as(user, [host.enroll_program])
    terminal.next_prompt(["? ", ": "])
    return terminal


@test
def nobody_but_root_looks_into_the_memory_of_an_enrollment(host):
    alice = host.add_user("alice")
    terminal = enrolling(host, alice)
    said = gdb(alice, terminal.child.pid)
    check("Operation not permitted" in said, f"gdb: {said}")
    terminal.child.kill(signal.SIGSEGV)
    _, status = os.waitpid(terminal.child.pid, 0)
    check(os.WIFSIGNALED(status) and not os.WCOREDUMP(status), f"a core was dumped: {status}")
    # Another program dumps one here, where the system does that at all.
    other = subprocess.Popen(["sleep", "60"], cwd=alice.home)
    os.kill(other.pid, signal.SIGSEGV)
    if not os.WCOREDUMP(os.waitpid(other.pid, 0)[1]):
        raise Skip("this system writes no core files at all")


@test
def the_limits_and_the_uid_are_put_back(host):
    attack = Attack(host)
    attack.enroll()
    script = f"{host.folder('script')}/say"
    with open(script, "w", encoding="ascii") as file:
        file.write("#!/bin/sh\nulimit -f\n/usr/bin/grep Uid /proc/$PPID/status\n")
    os.chmod(script, 0o755)
    host.service("su", "requisite pam_unix.so nodelay", "required MODULE",
                 f"required pam_exec.so stdout {script}")
    process = attack.start(attack.secret.code(), limit(resource.RLIMIT_FSIZE, 1024 * 512))
    said = process.communicate()[0].decode()
    check("1024\n" in said and f"Uid:\t{attack.alice.uid}\t0\t0\t0" in said,
          f"after the module: {said}")
