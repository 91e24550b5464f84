# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desk of the private machine: an X server, i3lock, and totp-verifyd, which i3lock has to ask."""

import contextlib
import os
import shutil
import socket
import subprocess

from case import Skip
from scenario import check

CONF = "/etc/security/totpgroup.conf"
RUN = "/run/totpgroup"
SERVICE = "/etc/pam.d/i3lock"
DEADLINE = 30


def read_until_end(descriptor):
    """Waits until nobody has the other end of a pipe open."""
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


class Screen:
    """The X server of the private machine, without a screen, and what is typed there."""

    def __init__(self, host):
        for program, package in (("i3lock", "i3lock"), ("Xvfb", "xvfb"), ("xdotool", "xdotool")):
            if shutil.which(program) is None:
                raise Skip(f"{program} is missing (package {package})")
        # The keyboard is compiled into this folder.
        if os.path.isdir("/var/lib/xkb"):
            host.mount_over("/var/lib/xkb", "-t", "tmpfs", "tmpfs")
        reader, writer = os.pipe()
        # An abstract socket belongs to the private network.
        self._server = subprocess.Popen(  # pylint: disable=consider-using-with
            ["Xvfb", "-nolock", "-nolisten", "unix", "-listen", "local", "-screen", "0",
             "640x480x24", "-displayfd", str(writer)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, pass_fds=(writer,))
        host.at_end(self._stop)
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            number = stream.readline().decode().strip()
        check(number.isdecimal(), "Xvfb does not start")
        self._display = f":{number}"

    def _stop(self):
        self._server.kill()
        self._server.wait()

    def lock(self, host, user):
        """Starts i3lock as the user, and waits until it holds the keyboard."""
        reader, writer = os.pipe()
        # i3lock closes this descriptor when the screen is locked.
        locker = subprocess.Popen(  # pylint: disable=consider-using-with
            ["i3lock", "--nofork"], stdin=subprocess.DEVNULL, pass_fds=(writer,), cwd="/",
            user=user.uid, group=user.gid, extra_groups=[],
            env={"DISPLAY": self._display, "XSS_SLEEP_LOCK_FD": str(writer), "LC_ALL": "C.UTF-8",
                 "HOME": user.home, "USER": user.name, "PATH": "/usr/bin:/bin"})

        def end():
            with contextlib.suppress(ProcessLookupError):
                locker.kill()
            locker.wait()
        host.at_end(end)
        os.close(writer)
        read_until_end(reader)
        return locker

    def type(self, text):
        """Types a line."""
        for words in (["type", "--delay", "0", text], ["key", "Return"]):
            subprocess.run(["xdotool", *words], check=True, timeout=DEADLINE,
                           env={"DISPLAY": self._display, "PATH": "/usr/bin:/bin"})


class Desk:
    """alice at her locked screen. Only root can read her secret, with those lines."""

    def __init__(self, host, *lines, options="", emergency=()):
        self.host = host
        self.screen = Screen(host)
        self.user, self.secret = host.add_user("alice"), host.secret()
        folder = host.folder("secret")
        root = host.users["root"]
        root.enroll(self.secret, *lines, emergency=emergency, mode=0o600, path=f"{folder}/alice")
        self.path = f"{folder}/alice"
        with open(CONF, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o644)
            file.write(f"secret={folder}/${{USER}}\nuser=root\n")
        host.at_end(os.unlink, CONF)
        self._put_service(options)
        # Checks passwords for pam_unix, with the rights of its group or as root.
        os.chown("/etc/shadow", 0, os.stat("/usr/sbin/unix_chkpwd").st_gid)
        os.chmod("/etc/shadow", 0o640)
        self.locker = self.screen.lock(host, self.user)

    def _put_service(self, options):
        example = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               "../../conf/pam.d/locker-password-and-code")
        with open(example, encoding="ascii") as file:
            text = file.read()
        with open(SERVICE, "w", encoding="ascii") as file:
            file.write(text.replace("pam_totpgroup.so", f"{self.host.module} {options}"))

    def start_daemon(self):
        """Starts totp-verifyd, and waits until it is ready."""
        os.makedirs(RUN, mode=0o755)
        self.host.at_end(shutil.rmtree, RUN)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.bind(f"{RUN}/notices")
            notices.settimeout(DEADLINE)
            daemon = subprocess.Popen(  # pylint: disable=consider-using-with
                [self.host.verifyd_program], stdin=subprocess.DEVNULL,
                env={"NOTIFY_SOCKET": f"{RUN}/notices", "PATH": "/usr/sbin:/usr/bin"})
            self.host.at_end(daemon.wait)
            self.host.at_end(daemon.terminate)
            check(b"READY=1" in notices.recv(4096), "totp-verifyd does not start")

    def unlocks(self, text):
        """Types a line that has to unlock the screen."""
        mark = self.host.log.mark()
        self.screen.type(text)
        try:
            status = self.locker.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError("still locked: " +
                                 "\n".join(self.host.log.since(mark))) from None
        check(status == 0, f"i3lock ended with {status}")

    def refuses(self, text, *said):
        """Types a line that must not unlock the screen, after which each of these words must
        stand in a line of the log."""
        mark = self.host.log.mark()
        self.screen.type(text)
        for words in said:
            self.host.log.await_line(mark, words)
        check(self.locker.poll() is None, "the screen is unlocked")

    def attempts(self):
        """How many attempts the secret has counted."""
        with open(self.path, encoding="ascii") as file:
            line = next(line for line in file if "RATE_LIMIT" in line)
        return len(line.split()) - 4
