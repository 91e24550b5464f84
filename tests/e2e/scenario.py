# SPDX-License-Identifier: LGPL-2.1-or-later
"""What scenarios say about a login, in one line each."""

import re

# The options of a secret file that most scenarios use: no code twice, and a window wide enough
# that a time step which ends while a scenario runs changes nothing.
NO_REUSE = ('" WINDOW_SIZE 17', '" DISALLOW_REUSE')


class Skip(Exception):
    """Raised by a scenario that cannot be played here, with the reason."""


def check(condition, why, login=None):
    """Fails with that reason, and with what was seen."""
    if not condition:
        seen = ""
        if login is not None:
            seen = "\n-- terminal\n" + login.transcript + "\n-- log\n" + "\n".join(login.log)
        raise AssertionError(why + seen)


def let_in(login, user, rhost="127.0.0.1", **fields):
    """Let in, and logged so."""
    check(login.let_in, "the login should have been let in", login)
    _logged(login, "accepted", user=user, rhost=rhost, **fields)


def refused(login, user, rhost="127.0.0.1", **fields):
    """Refused, and logged so."""
    check(not login.let_in, "the login should have been refused", login)
    _logged(login, "refused", user=user, rhost=rhost, **fields)


def skipped(login, user, rhost="127.0.0.1", **fields):
    """Let in without being asked for a code, and logged so."""
    check(login.let_in, "the login should have been let in", login)
    check(not asked_for_code(login), "a code should not have been asked for", login)
    _logged(login, "skipped", user=user, rhost=rhost, **fields)


def asked_for_code(login):
    """Whether the prompt for a code was shown."""
    return any("code" in prompt for prompt in login.prompts)


def _logged(login, verb, **fields):
    decision = login.decision
    check(decision.verb == verb, f"the log should say {verb}, and says {decision}", login)
    for key, wanted in fields.items():
        found = decision.fields.get(key)
        good = found is not None and (
            wanted.search(found) if isinstance(wanted, re.Pattern) else found == wanted)
        check(good, f"the log should say {key}={wanted!r}, and says {decision}", login)
