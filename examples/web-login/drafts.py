# SPDX-License-Identifier: LGPL-2.1-or-later
"""Secrets that were drawn and shown, and that no code has confirmed yet. They are in memory only:
the daemon stores a secret when its first code is right."""

import threading

from verifier import Enrollment, Refusal

LIFETIME = 15 * 60
MAXIMUM = 256
TRIES = 3


class Draft:
    """The secret that one user is being shown, in however many windows."""

    def __init__(self, enrollment):
        self.enrollment = enrollment
        self.wrong = 0
        self.lock = threading.Lock()

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

    def of(self, user):
        """The draft of a user, or None."""
        with self._lock:
            return self._drafts.get(user)

    def begin(self, user):
        """The draft of a user, which is drawn unless there is one. Raises Refusal or
        NoVerdict."""
        if (draft := self.of(user)) is not None:
            return draft
        draft = Draft(Enrollment(self._path, user))
        with self._lock:
            # Another window may have been quicker.
            first = self._drafts.get(user)
            full = first is None and len(self._drafts) >= MAXIMUM
            if first is None and not full:
                self._drafts[user] = draft
        if first is not None or full:
            draft.enrollment.close()
        if full:
            raise Refusal("Busy")
        if first is not None:
            return first
        timer = threading.Timer(self._lifetime, self._drop, (user, draft))
        timer.daemon = True
        timer.start()
        return draft

    def confirm(self, user, draft, code):
        """Gives the first code to the daemon. Returns the verdict. After the third wrong code, and
        after anything but a wrong code, the draft is gone. Raises Refusal or NoVerdict."""
        with draft.lock:
            if self.of(user) is not draft:
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
        draft.enrollment.close()
