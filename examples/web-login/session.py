# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signed sessions, which record who has given a code.

A session is a text for a cookie. It names the user and the time of its end, and is signed with a
key that only this program knows, so that the browser keeps it but cannot change it."""

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

# The prefix of all signed data, so that no other program's signature fits.
CONTEXT = b"totpgroup web-login session 1\0"
FORM_CONTEXT = b"totpgroup web-login form 1\0"

# All sessions are shorter.
MAXIMUM = 2048


class BadKey(Exception):
    """Raised where the key cannot be used, with the reason."""


def load_key(path):
    """Reads the key from the file, which is made at the first start. To remove the file and
    restart the program ends every session."""
    with contextlib.suppress(FileExistsError):
        _make_key(path)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        key = file.read(KEY_SIZE + 1)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise BadKey(f"{path}: must be a file that belongs to this user, with mode 0600")
    if len(key) != KEY_SIZE:
        raise BadKey(f"{path}: must hold {KEY_SIZE} bytes; remove it, and a new one is made")
    return key


def _make_key(path):
    """Makes the whole file or none, because two processes may start at once."""
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
    """Makes, checks and ends sessions. Thread-safe."""

    def __init__(self, key, lifetime, clock):
        self._key, self._lifetime, self._clock = key, lifetime, clock
        self._ended = {}
        self._lock = threading.Lock()

    def make(self, user):
        """Makes a session for a user."""
        fields = {"user": user, "until": int(self._clock()) + self._lifetime,
                  "id": secrets.token_hex(16)}
        body = json.dumps(fields, ensure_ascii=False).encode()
        return f"{_encode(body)}.{_encode(self._sign(body))}"

    def user_of(self, session):
        """Returns the user, or None if the session is forged, has expired or was ended."""
        fields = self._fields(session)
        return fields["user"] if fields else None

    def end(self, session):
        """Ends a session, also for copies of the cookie. This is remembered in memory until the
        session expires; after a restart a copy is good again."""
        fields = self._fields(session)
        if fields:
            with self._lock:
                now = self._clock()
                self._ended = {key: until for key, until in self._ended.items() if until > now}
                self._ended[fields["id"]] = fields["until"]

    def form_token(self, user):
        """A text for the forms of a user, which no other site can know."""
        return _encode(hmac.digest(self._key, FORM_CONTEXT + user.encode(), hashlib.sha256))

    def is_form_token(self, user, text):
        """Whether it is that text."""
        return hmac.compare_digest(self.form_token(user).encode(), text.encode())

    def _fields(self, session):
        if not session or len(session) > MAXIMUM:
            return None
        try:
            body, signature = (_decode(part) for part in session.split("."))
        except ValueError:
            return None
        # Do not parse unsigned data.
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
