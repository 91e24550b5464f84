# SPDX-License-Identifier: LGPL-2.1-or-later
"""The /dev/log of the private machine: keeps what programs send to syslog, in order."""

import os
import re
import secrets
import socket
import threading

DEADLINE = 30

AUTHPRIV = 10

_LINE = re.compile(r"^<(\d+)>(?:\S+ +\S+ +\S+ )?([^:\[]+)(?:\[\d+\])?: (.*)$", re.DOTALL)
# Strict, so that a line is no decision when a user name forges a part of it.
_DECISION = re.compile(r"^pam_totpgroup\(([^:)]+):(auth|session)\): (accepted|refused|skipped) "
                       r"(user=\S+ rhost=\S+ (?:reason|method)=[a-z-]+(?: .*)?)$")
_PAIR = re.compile(r'([a-z_]+)=("[^"]*"|\S*)')


class Decision:
    """One line of the module: `refused user=alice rhost=127.0.0.1 reason=wrong-code`."""

    def __init__(self, service, verb, pairs):
        self.service, self.verb = service, verb
        self.fields = {key: value.strip('"') for key, value in _PAIR.findall(pairs)}

    def __str__(self):
        return f"{self.verb} {self.fields}"


class LogSocket:
    """Receives everything that is sent to /dev/log, in order."""

    def __init__(self, path="/dev/log"):
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(path)
        os.chmod(path, 0o666)
        self._lines = []
        self._arrived = threading.Condition()
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            line = self._socket.recv(65536).decode("utf-8", "backslashreplace").rstrip("\0")
            with self._arrived:
                self._lines.append(line)
                self._arrived.notify_all()

    def mark(self):
        """The current end of the log, for since()."""
        self._settle()
        with self._arrived:
            return len(self._lines)

    def since(self, mark):
        """Every line that was sent after the mark and before this call."""
        self._settle()
        with self._arrived:
            return [line for line in self._lines[mark:] if "e2e-settle " not in line]

    def await_line(self, mark, words):
        """Waits for a line with these words after the mark."""
        with self._arrived:
            if not self._arrived.wait_for(
                    lambda: any(words in line for line in self._lines[mark:]), DEADLINE):
                raise AssertionError(f"no line with {words!r} after:\n" +
                                     "\n".join(self._lines[mark:]))

    def _settle(self):
        """Sends a line and waits for it. All lines that were sent before come first."""
        token = f"e2e-settle {secrets.token_hex(8)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(self._path)
            sender.send(token.encode())
        with self._arrived:
            if not self._arrived.wait_for(lambda: token in self._lines, DEADLINE):
                raise RuntimeError("the log socket does not receive")


def decisions(lines, kind="auth"):
    """The module's decisions among lines, by the auth stack or the session stack."""
    found = []
    for line in lines:
        parts = _LINE.match(line)
        decision = parts and _DECISION.match(parts[3])
        if decision and decision[2] == kind:
            found.append(Decision(decision[1], decision[3], decision[4]))
    return found


def of_module(lines):
    """(facility, severity, text) of each line that the module wrote."""
    found = []
    for line in lines:
        parts = _LINE.match(line)
        if parts and parts[3].startswith("pam_totpgroup("):
            found.append((int(parts[1]) >> 3, int(parts[1]) & 7, parts[3]))
    return found
