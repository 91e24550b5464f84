# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client learns at a real sshd about a user whose password it does not know: the same bytes,
whoever the user is and whatever the code is worth. The times are printed, with the test of Mann and
Whitney."""

import random
import re
import time

from case import LONG, seed
from comparison import report
from scenario import NO_REUSE, check, refused, test
from sshd_host import PASSWORD
from ssh_client import CODE_PROMPT, PASSWORD_PROMPT, ssh

ROUNDS = 100 if LONG else 4
# A code leaves the window of NO_REUSE after 240 s.
FRESH = 120
WRONG_PASSWORD = "battery staple"


def watch(host, user, code, password=WRONG_PASSWORD):
    """One login that fails: what the terminal showed, without the name, and how long the last answer
    was waited for."""
    terminal, answered = ssh(user, host.known_hosts), 0.0
    while (prompt := terminal.next_prompt()) is not None:
        answered = time.perf_counter()
        terminal.answer({PASSWORD_PROMPT: password, CODE_PROMPT: code}[prompt])
    took = time.perf_counter() - answered
    terminal.child.close()
    check(terminal.child.exitstatus != 0, f"{user} is let in")
    return terminal.transcript.replace(user, "NAME"), took


class People:
    """A user of each kind, by the kind: a name and a code."""

    def __init__(self, host):
        self.host, self.prepared = host, None
        host.add_group("otp")
        self.secrets = {}
        for kind, lines in (("wrong", NO_REUSE), ("spent", NO_REUSE), ("outer", NO_REUSE),
                            ("limit", ('" RATE_LIMIT 1 600', *NO_REUSE))):
            self.secrets[kind] = host.secret(kind)
            user = host.add_user(kind, *(() if kind == "outer" else ("otp",)))
            user.enroll(self.secrets[kind], *lines)
        host.add_user("empty", "otp")

    def prepare(self):
        """Spends a code and reaches the limit, where that was too long ago. Returns who is asked about,
        and with which code."""
        now = time.monotonic()
        if self.prepared is None or now - self.prepared > FRESH:
            self.prepared = now
            self.code = self.secrets["spent"].code()
            self.host.login("spent", code=self.code)
            self.host.login("limit", code=self.secrets["limit"].wrong_code())
        return {"wrong": ("wrong", self.secrets["wrong"].wrong_code()), "spent": ("spent", self.code),
                "limited": ("limit", self.secrets["limit"].code()), "not enrolled": ("empty", "123456"),
                "unknown": ("whois", "123456"),
                "not in the group": ("outer", self.secrets["outer"].code())}


def without_the_code(transcript):
    """A user who is limited is not prompted for a code, which SECURITY.md says."""
    return re.sub(r"\r[^\r]*" + CODE_PROMPT + "\r\n", "", transcript)


def compare_all(host, kinds, password=WRONG_PASSWORD):
    """Watches each kind in a random order, checks the bytes, and prints the times."""
    people, numbers = People(host), random.Random(seed())
    host.start_sshd()
    times, seen = {kind: [] for kind in kinds}, {kind: set() for kind in kinds}
    for _ in range(ROUNDS):
        asked = people.prepare()
        for kind in numbers.sample(kinds, len(kinds)):
            transcript, took = watch(host, *asked[kind], password)
            seen[kind].add(transcript)
            times[kind].append(took)
    check(len(seen["wrong"]) == 1, f"a wrong code looks like {seen['wrong']}")
    for kind, transcripts in seen.items():
        expected = seen["wrong"]
        if kind == "limited":
            expected = {without_the_code(transcript) for transcript in expected}
        check(transcripts == expected, f"{kind} looks like {transcripts}, not {expected}")
    found = report(times, "wrong")
    # A short run on a busy machine says nothing about times, and what limits saves a prompt.
    for kind, later in found.items() if LONG else ():
        check(0.15 < later < 0.85 or kind == "limited",
              f"{kind} is later than wrong in {100 * later:.0f} %")
    return people


@test
def a_client_without_the_password_learns_nothing_of_the_code(host):
    """Where password and code are both asked for, whatever the password is."""
    host.service("sshd", "required pam_unix.so nodelay", "required MODULE")
    people = compare_all(host, ["wrong", "spent", "limited", "not enrolled", "unknown"])
    for user, reason in (("spent", "reused"), ("limit", "rate-limited"), ("empty", "not-enrolled")):
        login = host.login(user, password=WRONG_PASSWORD, code=people.code)
        refused(login, user, reason=reason)


@test
def a_client_without_the_password_learns_nothing_of_the_group(host):
    """The password alone is asked for, and a wrong one never meets the module."""
    host.password_then_code("group=otp")
    compare_all(host, ["wrong", "spent", "limited", "not enrolled", "unknown", "not in the group"])


@test
def a_client_with_the_password_learns_nothing_of_the_code(host):
    """Which of them it is that keeps it out."""
    host.password_then_code("group=otp")
    compare_all(host, ["wrong", "spent", "limited", "not enrolled"], PASSWORD)
