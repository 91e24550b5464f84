# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks totp-verifyd about codes."""

import dataclasses
import json
import socket

PATIENCE = 10
REPLY_SIZE = 4096

# The daemon takes no longer names and no longer requests.
NAME_SIZE = 255
REQUEST_SIZE = 1024


class NoVerdict(Exception):
    """Raised where the daemon cannot be asked or gives no verdict, with the reason."""


@dataclasses.dataclass
class Verdict:
    """accepted, refused or limited, and the seconds until the next attempt, or 0."""
    result: str
    retry_after: int = 0

    @property
    def accepted(self):
        """Whether the code was right. It is spent then."""
        return self.result == "accepted"


def verify(path, user, code):
    """Returns the verdict of the daemon on a code."""
    request = json.dumps({"method": "org.totpgroup.Verify.Verify",
                          "parameters": {"user": user, "code": code}}).encode() + b"\0"
    if len(user.encode()) > NAME_SIZE or len(request) > REQUEST_SIZE:
        return Verdict("refused")
    try:
        answer = json.loads(_call(path, request))
    except (OSError, ValueError, RecursionError) as error:
        raise NoVerdict(f"{path}: {error}") from error
    return _verdict(path, answer)


def _call(path, request):
    reply = b""
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.settimeout(PATIENCE)
        daemon.connect(path)
        daemon.sendall(request)
        while not reply.endswith(b"\0"):
            received = daemon.recv(REPLY_SIZE)
            if not received or len(reply) + len(received) > REPLY_SIZE:
                raise ValueError("incomplete or too long reply")
            reply += received
    return reply[:-1]


def _verdict(path, answer):
    if isinstance(answer, dict) and "error" not in answer:
        parameters = answer.get("parameters")
        if isinstance(parameters, dict):
            result, seconds = parameters.get("result"), parameters.get("retry_after", 0)
            if result in ("accepted", "refused", "limited") and type(seconds) is int:
                return Verdict(result, max(0, seconds))
    raise NoVerdict(f"{path}: no verdict: {str(answer)[:200]}")
