# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signed sessions: who has given a code, and until when.

A session is a text for a cookie. It names the user and the time of its end, and is signed with a
key that only this program knows, so that the browser can keep it and cannot change it."""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
import threading

KEY_SIZE = 32

# What is signed is marked as this program's, in this form.
CONTEXT = b"totpgroup web-login session 1\0"

# No session that was made here is longer.
MAXIMUM = 2048


class BadKey(Exception):
    """The key cannot be used, with the reason."""


def load_key(path):
    """The key in that file, which is made at the first start. Whoever removes the file and starts
    the program again has ended every session."""
    with contextlib.suppress(FileExistsError):
        _make_key(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        key = file.read(KEY_SIZE + 1)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise BadKey(f"{path}: must be a file of this user's own, mode 0600")
    if len(key) != KEY_SIZE:
        raise BadKey(f"{path}: must hold {KEY_SIZE} bytes; remove it, and another one is made")
    return key


def _make_key(path):
    """Whole or not at all, as two processes may start at once."""
    if os.path.lexists(path):
        return
    temporary = f"{path}.{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_SIZE))
            file.flush()
            os.fsync(descriptor)
        os.link(temporary, path)
    finally:
        os.unlink(temporary)


class Sessions:
    """Makes, checks and ends sessions. Threads may share it."""

    def __init__(self, key, lifetime, clock):
        self._key, self._lifetime, self._clock = key, lifetime, clock
        self._ended = {}
        self._lock = threading.Lock()

    def make(self, user):
        """A new session of that user's."""
        fields = {"user": user, "until": int(self._clock()) + self._lifetime,
                  "id": secrets.token_hex(16)}
        body = json.dumps(fields, ensure_ascii=False).encode()
        return f"{_encode(body)}.{_encode(self._sign(body))}"

    def user_of(self, session):
        """Who made it, or None where it is forged, over, or was ended."""
        fields = self._fields(session)
        return fields["user"] if fields else None

    def end(self, session):
        """Nobody gets in with it any more, even with a copy of the cookie. That is kept in memory
        until the session would be over: after a restart it is the browser alone that forgot it."""
        fields = self._fields(session)
        if fields:
            with self._lock:
                now = self._clock()
                self._ended = {key: until for key, until in self._ended.items() if until > now}
                self._ended[fields["id"]] = fields["until"]

    def _fields(self, session):
        if not session or len(session) > MAXIMUM:
            return None
        try:
            body, signature = (_decode(part) for part in session.split("."))
        except ValueError:
            return None
        # What is not signed is not even parsed.
        if not hmac.compare_digest(signature, self._sign(body)):
            return None
        fields = json.loads(body)
        with self._lock:
            ended = fields["id"] in self._ended
        return None if ended or self._clock() >= fields["until"] else fields

    def _sign(self, body):
        return hmac.digest(self._key, CONTEXT + body, hashlib.sha256)


def _encode(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text):
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error
