# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that were drawn and shown, and that no code has confirmed yet. They are in memory only:
the daemon stores a secret when its first code is right.

A secret is shown in the browser for which it was drawn, in however many windows, and in no other:
somebody else who knows the password could otherwise look at it first and wait until its owner
confirms it."""

import hmac
import threading

from verifier import Enrollment, Refusal

LIFETIME = 15 * 60
# Each keeps a connection to the daemon: fewer than its peer_connections=.
MAXIMUM = 256
TRIES = 3


class Draft:
    """The secret that one user is being shown in one browser."""

    def __init__(self, enrollment, browser):
        self.enrollment = enrollment
        self.wrong = 0
        self.lock = threading.Lock()
        self.timer = None
        self._browser = browser

    def is_of(self, browser):
        """Whether it was drawn for that browser."""
        return hmac.compare_digest(self._browser.encode(), browser.encode())

    @property
    def tries_left(self):
        """How many more codes may be wrong."""
        return TRIES - self.wrong


class Drafts:
    """At most one for each user. Thread-safe."""

    def __init__(self, path, lifetime=LIFETIME):
        self._path, self._lifetime = path, lifetime
        self._drafts = {}
        self._lock = threading.Lock()

    def of(self, user, browser):
        """The draft of a user in a browser, or None."""
        with self._lock:
            draft = self._drafts.get(user)
        return draft if draft is not None and draft.is_of(browser) else None

    def begin(self, user, browser):
        """The draft of a user, which is drawn unless this browser has one. One of another browser
        ends. Raises Refusal or NoVerdict."""
        if (draft := self.of(user, browser)) is not None:
            return draft
        if self._is_full_for(user):
            raise Refusal("Busy")
        draft = Draft(Enrollment(self._path, user), browser)
        with self._lock:
            # Another window may have been quicker.
            first = self._drafts.get(user)
            is_second = first is not None and first.is_of(browser)
            full = first is None and len(self._drafts) >= MAXIMUM
            if not is_second and not full:
                self._drafts[user] = draft
                draft.timer = threading.Timer(self._lifetime, self._drop, (user, draft))
                draft.timer.daemon = True
                draft.timer.start()
        if is_second or full:
            draft.enrollment.close()
        elif first is not None:
            _end(first)
        if full:
            raise Refusal("Busy")
        return first if is_second else draft

    def _is_full_for(self, user):
        with self._lock:
            return user not in self._drafts and len(self._drafts) >= MAXIMUM

    def confirm(self, user, browser, draft, code):
        """Gives the first code to the daemon. Returns the verdict. After the third wrong code, and
        after anything but a wrong code, the draft is gone. Raises Refusal or NoVerdict."""
        with draft.lock:
            if self.of(user, browser) is not draft:
                raise Refusal("NotEnrolling")
            keep = False
            try:
                verdict = draft.enrollment.confirm(code)
                if not verdict.accepted:
                    draft.wrong += 1
                    keep = draft.tries_left > 0
            except Refusal as refusal:
                # Too many calls at once: the secret is still there.
                keep = refusal.args[0] == "Busy"
                raise
            finally:
                if not keep:
                    self._drop(user, draft)
            return verdict

    def _drop(self, user, draft):
        with self._lock:
            if self._drafts.get(user) is draft:
                del self._drafts[user]
        _end(draft)


def _end(draft):
    """Forgets the secret, which nobody is to wait for any more."""
    draft.timer.cancel()
    draft.enrollment.close()
