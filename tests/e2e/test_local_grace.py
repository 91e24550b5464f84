# SPDX-License-Identifier: LGPL-2.1-or-later
"""grace_services: who is asked for a code again, of real sudo and su on terminals of their own."""

import base64
import os
import re
import shutil

import private_root
import ssh_client
from case import Skip
from one_time_code import Secret
from scenario import NO_REUSE, check, test
from sshd_host import PASSWORD
from state_text import read_state, write_state

SUDO = "sudo true"
ASKED, REMEMBERED = True, False
NO_SESSION = 2**32 - 1
STATE = "/run/e2e/grace/state/alice"
SUDOERS = """\
Defaults passprompt="Password: ", !fqdn, !pam_session, passwd_tries=1
{timestamp}
alice ALL=(ALL:ALL) ALL
"""
AS_ALICE = ("setpriv", "--reuid=alice", "--regid=alice", "--clear-groups")


def begin_audit_session():
    """As pam_loginuid does at a login."""
    with open("/proc/self/loginuid", "w", encoding="ascii") as file:
        file.write("1000")


class Shell:
    """alice's shell on a terminal, in an audit session of its own or in none; `through` are words of
    root's that start it. A context manager."""

    def __init__(self, host, audit=False, environment=None, through=()):
        self._host, user = host, host.users["alice"]

        def become():
            if audit:
                begin_audit_session()
            os.fchown(0, user.uid, user.gid)
            if through:
                return
            os.setgroups([])
            os.setgid(user.gid)
            os.setuid(user.uid)
        self._terminal = ssh_client.Terminal(
            [*through, "sh"], {"HOME": user.home, "USER": "alice", "PS1": "", **(environment or {})}, become)
        self.name = self.run("tty")[1].strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._terminal.hang_up()

    def run(self, command, code=None):
        """Runs a command. Returns whether it asked for a code, and what it printed."""
        before = len(self._terminal.transcript)
        self._terminal.answer(f"{command}; printf '<%s>\\n' $?")
        asked = False
        prompts = ("assword: ", ssh_client.CODE_PROMPT, "<0>", "<1>")
        while (prompt := self._terminal.next_prompt(prompts)) not in ("<0>", "<1>", None):
            if prompt == ssh_client.CODE_PROMPT:
                asked = True
                self._terminal.answer(code or "0")
            else:
                self._terminal.answer(PASSWORD)
        said = self._terminal.transcript[before:]
        check(code is None or prompt == "<0>", f"{command}: {said}")
        return asked, said.partition("\n")[2].rpartition("<")[0]

    def expect(self, asked, command=SUDO, code=None):
        """Runs a command, and checks whether it asks for a code."""
        found, said = self.run(command, code)
        check(found == asked, f"{command}: {'asked' if found else 'not asked'}\n{said}")


class Host:
    """What all tests here need: sudo and su with a secret of root's for alice."""

    def __init__(self, host, options="grace_period=1h grace_services=sudo,su", timestamp=True,
                 store=True):
        for program in ("sudo", "su"):
            if shutil.which(program) is None:
                raise Skip(f"{program} is missing (package {program})")
        self._codes = 0
        folder = host.folder("grace")
        for name in ("secret", "state"):
            os.mkdir(f"{folder}/{name}", 0o700)
        host.add_group("root", gid=0)
        alice = host.add_user("alice")
        self.host, self.secret = host, host.secret()
        where = f"secret={folder}/secret/${{USER}} user=root state={folder}/state/${{USER}} " \
            if store else ""
        alice.enroll(self.secret, *NO_REUSE,
                     path=f"{folder}/secret/alice" if store else None)
        if store:
            os.chown(f"{folder}/secret/alice", 0, 0)
        for service in ("sudo", "su"):
            host.service(service, "requisite pam_unix.so nodelay", f"required MODULE {where}{options}",
                         session=("optional pam_permit.so",))
        with open("/etc/sudoers", "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o440)
            file.write(SUDOERS.format(timestamp="" if timestamp else "Defaults timestamp_timeout=0"))
        os.makedirs("/run/sudo/ts", mode=0o700, exist_ok=True)
        host.at_end(shutil.rmtree, "/run/sudo")

    def code(self):
        """A code that was not used yet."""
        self._codes += 1
        return self.secret.code(self._codes - 8)

    def shell(self, **options):
        """A new terminal."""
        return Shell(self.host, **options)


def without_audit_session():
    """Skips a test of terminals where the whole machine is in an audit session."""
    with open("/proc/self/sessionid", encoding="ascii") as file:
        if int(file.read()) != NO_SESSION:
            raise Skip("the test was started in an audit session, which nobody can leave")


def with_audit_session():
    """Skips a test of audit sessions where the kernel has none."""
    child = os.fork()
    if child == 0:
        try:
            begin_audit_session()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise Skip("this machine lets nobody begin an audit session")


@test
def sudo_remembers_an_audit_session(host):
    """Also another terminal, a background process and setsid in it. Not another session, nor
    another service."""
    with_audit_session()
    machine = Host(host, timestamp=False)
    with machine.shell(audit=True) as one, machine.shell(audit=True) as two:
        one.expect(ASKED, code=machine.code())
        one.expect(REMEMBERED)
        one.expect(REMEMBERED, f"sh -c '{SUDO}'")
        one.expect(REMEMBERED, f"printf '{PASSWORD}\\n' | setsid -w sudo -S true")
        one.expect(ASKED, "su alice -c true")
        two.expect(ASKED)
        two.expect(ASKED, code=machine.code())
        two.expect(REMEMBERED)
        one.expect(REMEMBERED)


@test
def sudo_remembers_a_terminal_where_there_is_no_audit_session(host):
    without_audit_session()
    machine = Host(host, timestamp=False)
    with machine.shell() as one, machine.shell() as two:
        one.expect(ASKED, code=machine.code())
        one.expect(REMEMBERED)
        one.expect(REMEMBERED, f"sh -c '{SUDO} </dev/tty'")
        two.expect(ASKED)
        # Without a terminal, as in a job of cron.
        one.expect(ASKED, f"printf '{PASSWORD}\\n0\\n' | setsid -w sudo -S true")
        # Nothing that alice can set makes another terminal hers.
        for words in ("SUDO_TTY=", "SSH_TTY=", "XDG_SESSION_ID=", "TTY="):
            two.expect(ASKED, f"{words}{one.name} {SUDO}")
        two.expect(ASKED, f"{SUDO} <{one.name}")
        name = one.name
    with machine.shell() as again:
        check(again.name == name, f"the name {name} is used again: {again.name}")
        again.expect(ASKED)


@test
def a_container_is_another_session(host):
    without_audit_session()
    machine = Host(host, timestamp=False)
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        shell.expect(REMEMBERED)
        # The session's leader is outside.
        inside = "unshare --mount --pid --fork --mount-proc setpriv --reuid=alice " \
            "--regid=alice --clear-groups sudo true"
        private_root.install("inside", f"#!/bin/sh\nexec {inside}\n".encode("ascii"))
        shell.expect(ASKED, "sudo /run/e2e/inside")
        shell.expect(REMEMBERED)


@test
def a_container_with_a_terminal_of_its_own_has_sessions_of_its_own(host):
    """What is remembered inside is not remembered outside, nor in the next container."""
    without_audit_session()
    machine = Host(host, timestamp=False)
    container = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "setsid", "--ctty", "--wait",
                 *AS_ALICE)
    with machine.shell(through=container) as inside:
        inside.expect(ASKED, code=machine.code())
        inside.expect(REMEMBERED)
        with machine.shell() as outside:
            outside.expect(ASKED)
        name = inside.name
    with machine.shell(through=container) as again:
        check(again.name == name, f"the name {name} is used again: {again.name}")
        again.expect(ASKED)


@test
def hidden_processes_hide_no_session_from_sudo(host):
    """alice cannot see others' processes; sudo, which is root's, finds the leader of her session."""
    without_audit_session()
    machine = Host(host, timestamp=False)
    private_root.run("mount", "-o", "remount,hidepid=2", "/proc")
    host.at_end(private_root.run, "mount", "-o", "remount,hidepid=0", "/proc")
    with machine.shell() as one, machine.shell() as two:
        check("1" not in one.run("ls /proc")[1].split(), "alice sees process 1")
        one.expect(ASKED, code=machine.code())
        one.expect(REMEMBERED)
        two.expect(ASKED)


@test
def sudos_own_terminals_are_other_sessions(host):
    """With use_pty a command runs on a terminal of its own. What is asked there is remembered there
    alone, and the terminal outside is remembered as without."""
    without_audit_session()
    machine = Host(host, timestamp=False)
    with open("/etc/sudoers", "a", encoding="ascii") as file:
        file.write("Defaults use_pty\n")
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        shell.expect(REMEMBERED)
        asked, said = shell.run("sudo -u alice sh -c 'tty; sudo true'", code=machine.code())
        check(asked and shell.name not in said, f"the inner sudo should ask: {said}")
        shell.expect(REMEMBERED)


@test
def the_time_of_a_suspend_counts(host):
    """A time namespace is as a machine that slept for 20 minutes: its clock of the time since the boot
    is ahead of the one that stands still meanwhile."""
    without_audit_session()
    machine = Host(host, timestamp=False)
    asleep = ("unshare", "--time", "--boottime", "1200", "--fork", *AS_ALICE)
    try:
        private_root.run(*asleep, "true")
    except RuntimeError as error:
        raise Skip(f"this machine has no time namespaces: {error}") from None
    with machine.shell(through=asleep) as shell:
        with open("/proc/uptime", encoding="ascii") as file:
            before = int(float(file.read().split()[0]))
        shell.expect(ASKED, code=machine.code())
        changed_line(lambda time, up: (time, check_between(up - 1200, before, before + 600) or up))
        shell.expect(REMEMBERED)
        # It fell asleep right after the code, and an hour has passed while it slept.
        changed_line(lambda time, up: (time - 3600, up - 3600))
        shell.expect(ASKED)


@test
def sudos_own_timestamp_asks_for_nothing(host):
    machine = Host(host, options="")
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        asked, said = shell.run(SUDO)
        check(not asked and "assword" not in said, said)
        shell.expect(ASKED, "sudo -k true", code=machine.code())


@test
def su_remembers_the_session_for_the_user_it_opens(host):
    machine = Host(host)
    bob = host.add_user("bob")
    other = host.secret("bob")
    bob.enroll(other, *NO_REUSE, path="/run/e2e/grace/secret/bob")
    os.chown("/run/e2e/grace/secret/bob", 0, 0)
    with machine.shell() as shell:
        shell.expect(ASKED, "su alice -c true", code=machine.code())
        shell.expect(REMEMBERED, "su alice -c true")
        shell.expect(ASKED, "su bob -c true")
        shell.expect(ASKED, "su bob -c true", code=other.code())
        shell.expect(REMEMBERED, "su bob -c true")


def check_between(number, low, high):
    """Fails unless the number lies between these."""
    check(low <= number <= high, f"{number} should be {low} to {high}")


def changed_line(change):
    """Changes the numbers of alice's line: time and uptime."""
    text = read_state(STATE)
    found = re.search(r'" LAST0 (session:\S+) (\d+) (\S+) (\d+)', text)
    check(found, f"no session in {text!r}")
    time, uptime = change(int(found[2]), int(found[4]))
    line = f'" LAST0 {found[1]} {time} {found[3]} {uptime}'
    write_state(STATE, text.replace(found[0], line))


@test
def it_ends_with_the_time_the_clock_and_the_machine(host):
    without_audit_session()
    machine = Host(host, timestamp=False)
    with machine.shell() as shell:
        for change, asked in ((lambda time, up: (time, up), REMEMBERED),
                              (lambda time, up: (time - 1000, up - 1000), REMEMBERED),
                              (lambda time, up: (time - 3600, up - 3600), ASKED),
                              (lambda time, up: (time + 600, up), ASKED),
                              (lambda time, up: (time, up - 600), ASKED),
                              (lambda time, up: (time, up + 600), ASKED)):
            shell.expect(ASKED, "sudo -k; rm -f x; " + SUDO, code=machine.code()) \
                if not os.path.exists(STATE) else None
            changed_line(change)
            shell.expect(asked)
            os.unlink(STATE)


@test
def nothing_is_remembered_unless_it_is_turned_on_or_in_a_file_of_the_users(host):
    machine = Host(host, options="grace_period=1h", timestamp=False)
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        shell.expect(ASKED)


@test
def a_session_is_remembered_in_a_sealed_state(host):
    """sudo and su, which are set-user-ID, open what root's key has sealed."""
    keys = f"{host.folder('keys')}/seal.keys"
    with open(keys, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o400)
        file.write(f"key 2027 {base64.b64encode(os.urandom(32)).decode()}\n")
    machine = Host(host, options=f"grace_period=1h grace_services=sudo seal_key={keys}",
                   timestamp=False)
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        with open(STATE, "rb") as file:
            text = file.read()
        check(b"totpgroup-sealed 1 2027" in text and b"session:" not in text, text)
        shell.expect(REMEMBERED)
        shell.expect(ASKED, "su alice -c true", code=machine.code())
        check(shell.run(f"cat {keys}")[1].count("denied") == 1, "alice cannot read the key")
        os.rename(keys, f"{keys}.away")
        shell.expect(ASKED)


@test
def a_home_is_not_believed(host):
    """alice writes that a code was given in this session."""
    without_audit_session()
    machine = Host(host, store=False, timestamp=False)
    with machine.shell() as shell:
        shell.expect(ASKED, code=machine.code())
        shell.expect(ASKED)
        check("session:" not in host.users["alice"].read(), "nothing is written there")
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        numbers = shell.run("cut -d' ' -f6,7 /proc/$$/stat; cut -d' ' -f22 /proc/$$/stat; date +%s; "
                            "cut -d. -f1 /proc/uptime")[1].split()
        leader, terminal, start, now, uptime = numbers
        host.users["alice"].enroll(
            machine.secret, *NO_REUSE,
            f'" LAST0 session:{boot}:t{terminal}.{leader}.{start} {now} sudo {uptime}')
        shell.expect(ASKED)
