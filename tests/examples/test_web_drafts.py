# SPDX-License-Identifier: LGPL-2.1-or-later
"""The secrets that the page of examples/web-login keeps until a code confirms them."""

import gc
import sys
import threading
import weakref

from case import SOURCE, check, equal
from support import test

sys.path.insert(0, str(SOURCE / "examples/web-login"))
# pylint: disable=wrong-import-position
import drafts
from verifier import Refusal, Verdict


class FakeEnrollment:
    """What the daemon would have drawn. Its right code is 1; all that were drawn are counted."""

    drawn, open = 0, 0

    def __init__(self, *_):
        FakeEnrollment.drawn += 1
        FakeEnrollment.open += 1
        self._closed = False

    def confirm(self, code):
        """Verdict of the daemon."""
        return Verdict("accepted" if code == "1" else "refused")

    def close(self):
        """Hangs up."""
        FakeEnrollment.open -= not self._closed
        self._closed = True


def begin(maximum=256):
    """Drafts without a daemon."""
    FakeEnrollment.drawn = FakeEnrollment.open = 0
    drafts.Enrollment, drafts.MAXIMUM = FakeEnrollment, maximum
    return drafts.Drafts("/nowhere")


def refused(why, function, *arguments):
    """Calls, and expects that refusal."""
    try:
        function(*arguments)
    except Refusal as refusal:
        equal(refusal.args[0], why, "the refusal")
    else:
        check(False, f"{why} was expected")


@test
def a_secret_is_shown_in_the_browser_for_which_it_was_drawn_alone(_):
    """Somebody else who knows the password must not have a copy of what its owner confirms."""
    all_drafts = begin()
    mallory = all_drafts.begin("alice", "mallory's browser")
    check(all_drafts.of("alice", "alice's browser") is None, "it is not shown to another browser")
    check(all_drafts.of("alice", "") is None, "nor to one without a cookie")
    own = all_drafts.begin("alice", "alice's browser")
    check(own is not mallory, "a secret of her own")
    equal(FakeEnrollment.open, 1, "what the daemon keeps")
    refused("NotEnrolling", all_drafts.confirm, "alice", "mallory's browser", mallory, "1")
    refused("NotEnrolling", all_drafts.confirm, "alice", "mallory's browser", own, "1")
    check(all_drafts.begin("alice", "alice's browser") is own, "the same in another window")
    check(all_drafts.confirm("alice", "alice's browser", own, "1").accepted, "it is confirmed")
    equal(FakeEnrollment.open, 0, "what the daemon keeps")


def wait_for_timers():
    """Those that were cancelled end at once."""
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer) and thread.finished.is_set():
            thread.join(10)


@test
def nothing_of_a_secret_is_left_when_it_ends(_):
    """No thread waits for the end of one that was confirmed, dropped or replaced, and holds it."""
    all_drafts = begin()
    wait_for_timers()  # those of the case before may still be ending
    before = threading.active_count()
    seen = []
    for _ in range(50):
        draft = all_drafts.begin("alice", "a")
        seen.append(weakref.ref(draft))
        for _ in range(drafts.TRIES):
            all_drafts.confirm("alice", "a", draft, "2")
        seen.append(weakref.ref(all_drafts.begin("bob", "b")))
        draft = all_drafts.begin("bob", "c")
        seen.append(weakref.ref(draft))
        all_drafts.confirm("bob", "c", draft, "1")
    del draft
    wait_for_timers()
    equal(threading.active_count(), before, "threads")
    gc.collect()
    equal([each for each in seen if each() is not None], [], "secrets")
    equal(FakeEnrollment.open, 0, "what the daemon keeps")


@test
def there_are_no_more_than_the_maximum(_):
    all_drafts = begin(maximum=3)
    for name in "abc":
        all_drafts.begin(name, "x")
    refused("Busy", all_drafts.begin, "d", "x")
    equal(FakeEnrollment.drawn, 3, "none is drawn for nothing")
    check(all_drafts.begin("a", "x") is all_drafts.of("a", "x"), "those who have one go on")
    all_drafts.begin("a", "y")
    equal(FakeEnrollment.open, 3, "what the daemon keeps")
    for name in "abc":
        all_drafts.confirm(name, "y" if name == "a" else "x",
                           all_drafts.of(name, "y" if name == "a" else "x"), "1")
    all_drafts.begin("d", "x")
    equal(FakeEnrollment.open, 1, "what the daemon keeps")


@test
def a_form_that_is_sent_twice_draws_one_secret(_):
    all_drafts = begin()
    barrier = threading.Barrier(8)
    found = []

    def send():
        barrier.wait()
        found.append(all_drafts.begin("alice", "a"))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(len(set(map(id, found))), 1, "secrets")
    equal(FakeEnrollment.open, 1, "what the daemon keeps")
