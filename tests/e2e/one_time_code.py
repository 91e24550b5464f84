# SPDX-License-Identifier: LGPL-2.1-or-later
"""Codes of RFC 6238 and RFC 4226, computed without the project's code, as a phone computes them."""

import base64
import hashlib
import hmac
import struct
import time

STEP = 30

# How many steps before and after the current one the module searches for the code of a phone whose
# clock is wrong.
SEARCHED = 1600


class Secret:
    """A secret, and the codes that it gave so far."""

    def __init__(self, name):
        # Derived from a name, so that a test can be run again with the same secret.
        self.key = hashlib.sha1(b"totpgroup e2e " + name.encode()).digest()
        self.codes_given = set()

    @classmethod
    def of_base32(cls, text):
        """The secret that another program made."""
        secret = cls("")
        text = text.replace(" ", "").upper()
        secret.key = base64.b32decode(text + "=" * (-len(text) % 8))
        return secret

    @property
    def base32(self):
        return base64.b32encode(self.key).decode().rstrip("=")

    def code(self, steps=0, digits=6):
        """The code of the current step, or of a later one."""
        code = self._code_at(now_step() + steps, digits)
        self.codes_given.add(code)
        return code

    def code_at(self, seconds):
        """The code that a phone shows at that time."""
        code = self._code_at(int(seconds) // STEP)
        self.codes_given.add(code)
        return code

    def distinct_codes(self, count):
        """So many different codes of steps near the current one."""
        codes = dict.fromkeys(self.code(steps) for steps in range(-count // 2, count))
        return list(codes)[:count]

    def wrong_code(self):
        """A code of no step near the current one."""
        middle = now_step()
        taken = {self._code_at(middle + i) for i in range(-SEARCHED, SEARCHED + 1)}
        code = next(f"{number:06}" for number in range(123456, 10**6)
                    if f"{number:06}" not in taken)
        self.codes_given.add(code)
        return code

    def hotp(self, counter):
        """The code of a counter (RFC 4226)."""
        code = self._code_at(counter)
        self.codes_given.add(code)
        return code

    def _code_at(self, counter, digits=6):
        digest = hmac.digest(self.key, struct.pack(">q", counter), "sha1")
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start:start + 4])[0] & 0x7FFFFFFF
        return f"{number % 10**digits:0{digits}}"


def now_step():
    """The current time step."""
    return int(time.time()) // STEP
