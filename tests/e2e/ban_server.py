# SPDX-License-Identifier: LGPL-2.1-or-later
"""fail2ban on the private machine, with the project's filter and jail and Debian's other files."""

import ast
import os
import re
import select
import shutil
import socket
import subprocess
from datetime import datetime

import private_root
from case import Skip

TOP = private_root.TOP
HERE = os.path.dirname(os.path.abspath(__file__))
ETC = "/etc/fail2ban"
FILTER = f"{ETC}/filter.d/totpgroup.conf"
DEADLINE = 30
PROGRAMS = "/usr/sbin:/usr/bin:/sbin:/bin:/lib/systemd:/usr/lib/systemd"

# An action that runs after the ban itself and tells the test.
TELL = """\
[Definition]
actionstart = echo start >>{events}
actionban = echo ban '<ip>' >>{events}
actionunban = echo unban '<ip>' >>{events}
"""

SERVER = """\
[Definition]
logtarget = stdout
allowipv6 = auto
socket = {folder}/socket
pidfile = {folder}/pid
dbfile = {folder}/database
"""

JAIL = """\
[totpgroup]
banaction = nftables
action = %(action_)s
         tell
"""


def need(package, *programs):
    """Skips the test when a program is missing."""
    for program in programs:
        if not shutil.which(program, path=PROGRAMS):
            raise Skip(f"{program} is missing (package {package})")


def install(host):
    """Installs the filter and the jail as their comments say."""
    need("fail2ban", "fail2ban-server", "fail2ban-client", "fail2ban-regex")
    for name in ("filter.d", "jail.d"):
        os.mkdir(f"{ETC}/{name}")
        host.at_end(shutil.rmtree, f"{ETC}/{name}")
        shutil.copy(f"{HERE}/../../conf/fail2ban/{name}/totpgroup.conf", f"{ETC}/{name}")


def in_file(lines, iso=False):
    """Lines that were sent to syslog, as Debian writes them to its log file, with times in the old
    or in the ISO format. Nothing is escaped."""
    text = ""
    for line in lines:
        time, rest = re.match(r"<\d+>(\w+ +\d+ [\d:]+) (.*)$", line, re.DOTALL).groups()
        if iso:
            time = datetime.now().astimezone().isoformat(timespec="microseconds")
        text += f"{time} {private_root.HOST_NAME} {rest}\n"
    return text


def matches(text):
    """The pairs of address and time that fail2ban-regex finds in a log, in order."""
    path = f"{TOP}/lines"
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    rows = private_root.run("fail2ban-regex", "--out", "row", path, FILTER)
    return [ast.literal_eval(row.rstrip(","))[:2] for row in rows.splitlines()]


class BanServer:
    """A fail2ban-server with one jail. A context manager."""

    def __init__(self, host, *jail):
        """jail: lines for jail.d/totpgroup.local."""
        install(host)
        folder = host.folder("fail2ban")
        # Gets the server's log and the lines of the action, in the order of time.
        events = f"{folder}/events"
        self._server, self._unread, self._lines = None, b"", []
        os.mkfifo(events)
        self._pipe = os.open(events, os.O_RDWR | os.O_NONBLOCK)
        host.at_end(os.close, self._pipe)
        self._write("action.d/tell.conf", TELL.format(events=events))
        self._write("fail2ban.local", SERVER.format(folder=folder))
        self._write("jail.d/totpgroup.local", "\n".join([JAIL, *jail, ""]))

    def __enter__(self):
        self._server = subprocess.Popen(
            ["fail2ban-server", "-f", "start"], stdin=subprocess.DEVNULL,
            stdout=self._pipe, stderr=self._pipe, env={"PATH": PROGRAMS})
        try:
            self.await_event("start")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._server.terminate()
            self._server.wait(DEADLINE)
        finally:
            self._server.kill()
            self._server.wait()

    def _write(self, name, text):
        with open(f"{ETC}/{name}", "w", encoding="ascii") as file:
            file.write(text)

    def tell(self, *words):
        """Runs fail2ban-client."""
        return private_root.run("fail2ban-client", *words)

    def next_event(self):
        """Waits for what the server does next: `ban 192.0.2.7`, or `late` for a ban that had
        expired before it was in force."""
        while True:
            line = self._next_line()
            if re.match("(start|(ban|unban) .*)$", line):
                return line
            if "expired bantime" in line:
                return "late"

    def await_event(self, event):
        """Waits for what the server does next. It must be this event."""
        found = self.next_event()
        if found != event:
            self._fail(f"fail2ban should {event}, and there was: {found}")

    def _next_line(self):
        while b"\n" not in self._unread:
            if not select.select([self._pipe], [], [], DEADLINE)[0]:
                self._fail("fail2ban does nothing more")
            self._unread += os.read(self._pipe, 4096)
        line, _, self._unread = self._unread.partition(b"\n")
        self._lines.append(line.decode("utf-8", "replace"))
        return self._lines[-1]

    def _fail(self, why):
        raise AssertionError("\n".join([why, "-- fail2ban", *self._lines]))


class SecondMachine:
    """Another machine with a cable to the private one."""

    SPACE = "second"
    THROUGH = ("ip", "netns", "exec", SPACE)

    def __init__(self, host, address, peer, prefix):
        need("iproute2", "ip")
        self._address, self._host = address, host
        try:
            private_root.run("ip", "netns", "add", self.SPACE)
            host.at_end(private_root.run, "ip", "netns", "del", self.SPACE)
            private_root.run("ip", "link", "add", "cable0", "type", "veth", "peer", "name",
                             "cable1", "netns", self.SPACE)
            host.at_end(private_root.run, "ip", "link", "del", "cable0")
            # nodad: the kernel need not look first whether another machine has the IPv6 address.
            dad = ["nodad"] if ":" in peer else []
            private_root.run("ip", "addr", "add", f"{address}/{prefix}", "dev", "cable0", *dad)
            private_root.run("ip", "link", "set", "cable0", "up")
            self.run("ip", "addr", "add", f"{peer}/{prefix}", "dev", "cable1", *dad)
            self.run("ip", "link", "set", "cable1", "up")
        except RuntimeError as error:
            raise Skip(f"no second machine can be made here: {error}") from error

    def run(self, *command):
        """Runs a command on the second machine. It must succeed."""
        return private_root.run(*self.THROUGH, *command)

    def login(self, user, code=None, **options):
        """Logs in over ssh from the second machine."""
        return self._host.login(user, code=code, address=self._address, through=self.THROUGH,
                                **options)


def start_journal(host):
    """Starts systemd-journald, which replaces the log socket until the private machine ends."""
    need("systemd", "systemd-journald")
    done = subprocess.run(["/usr/bin/python3", "-c", "import systemd.journal"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise Skip("fail2ban cannot read the journal (package python3-systemd)")
    with open("/etc/machine-id", "w", encoding="ascii") as file:
        file.write("0123456789abcdef0123456789abcdef\n")
    os.makedirs("/run/systemd", exist_ok=True)
    path = f"{host.folder('journal')}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(path)
        ready.settimeout(DEADLINE)
        journald = subprocess.Popen(
            [shutil.which("systemd-journald", path=PROGRAMS)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"NOTIFY_SOCKET": path, "PATH": PROGRAMS})
        host.at_end(journald.wait)
        host.at_end(journald.kill)
        while b"READY=1" not in ready.recv(4096):
            pass
    os.rename("/dev/log", "/dev/log.aside")
    host.at_end(os.rename, "/dev/log.aside", "/dev/log")
    os.symlink("/run/systemd/journal/dev-log", "/dev/log")
