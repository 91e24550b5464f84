# SPDX-License-Identifier: LGPL-2.1-or-later
"""Asks totp-verifyd about codes, and lets it enroll users."""

import dataclasses
import json
import socket

PATIENCE = 10
REPLY_SIZE = 4096

# The daemon takes no longer names and no longer requests.
NAME_SIZE = 255
REQUEST_SIZE = 1024

INTERFACE = "org.totpgroup.Verify"


class NoVerdict(Exception):
    """Raised where the daemon cannot be asked or gives no verdict, with the reason."""


class Refusal(Exception):
    """Raised where the daemon does not enroll; its only argument is the name of the error:
    NotPermitted, AlreadyEnrolled, NotEnrolling or Busy."""


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
    request = _request("Verify", user=user, code=code)
    if not _is_sent(user, request):
        return Verdict("refused")
    try:
        with _connect(path) as connection:
            answer = _call(connection, request)
    except (OSError, ValueError, RecursionError) as error:
        raise NoVerdict(f"{path}: {error}") from error
    return _verdict(path, answer)


class Enrollment:
    """A secret that the daemon drew for a user and keeps with this connection until a code
    confirms it: uri, secret and emergency_codes. One thread at a time."""

    def __init__(self, path, user):
        """Raises Refusal or NoVerdict."""
        self._path, self._user = path, user
        request = _request("Enroll", user=user)
        if not _is_sent(user, request):
            raise Refusal("NotPermitted")
        self._connection = None
        try:
            self._connection = _connect(path)
            answer = _call(self._connection, request)
            self._check(answer)
            drawn = answer["parameters"]
            self.uri, self.secret = str(drawn["uri"]), str(drawn["secret"])
            self.emergency_codes = [str(code) for code in drawn["emergency_codes"]]
        except (OSError, ValueError, RecursionError, LookupError, TypeError) as error:
            self.close()
            raise NoVerdict(f"{path}: {type(error).__name__}") from error
        except Exception:
            self.close()
            raise

    def confirm(self, code):
        """Returns the verdict on the first code. Once it is accepted, the secret is stored. Raises
        Refusal or NoVerdict."""
        request = _request("Confirm", user=self._user, code=code)
        if len(request) > REQUEST_SIZE:
            return Verdict("refused")
        try:
            answer = _call(self._connection, request)
        except (OSError, ValueError, RecursionError) as error:
            raise NoVerdict(f"{self._path}: {type(error).__name__}") from error
        self._check(answer)
        return _verdict(self._path, answer)

    def close(self):
        """Gives up the secret, unless it was confirmed."""
        if self._connection is not None:
            self._connection.close()

    def _check(self, answer):
        if not isinstance(answer, dict):
            raise NoVerdict(f"{self._path}: no object")
        if "error" in answer:
            name = str(answer["error"]).removeprefix(f"{INTERFACE}.")
            if name in ("NotPermitted", "AlreadyEnrolled", "NotEnrolling", "Busy"):
                raise Refusal(name)
            raise NoVerdict(f"{self._path}: {name[:200]}")


def _request(method, **parameters):
    return json.dumps({"method": f"{INTERFACE}.{method}",
                       "parameters": parameters}).encode() + b"\0"


def _is_sent(user, request):
    return len(user.encode()) <= NAME_SIZE and len(request) <= REQUEST_SIZE


def _connect(path):
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(PATIENCE)
        connection.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


def _call(connection, request):
    reply = b""
    connection.sendall(request)
    while not reply.endswith(b"\0"):
        received = connection.recv(REPLY_SIZE)
        if not received or len(reply) + len(received) > REPLY_SIZE:
            raise ValueError("incomplete or too long reply")
        reply += received
    return json.loads(reply[:-1])


def _verdict(path, answer):
    if isinstance(answer, dict) and "error" not in answer:
        parameters = answer.get("parameters")
        if isinstance(parameters, dict):
            result, seconds = parameters.get("result"), parameters.get("retry_after", 0)
            if result in ("accepted", "refused", "limited") and type(seconds) is int:
                return Verdict(result, max(0, seconds))
    raise NoVerdict(f"{path}: no verdict: {str(answer)[:200]}")
