# SPDX-License-Identifier: LGPL-2.1-or-later
"""The telephone's part: RFC 6238 codes from a secret, computed independently of the project."""

import base64
import hashlib
import hmac
import struct
import time

STEP = 30

# Steps on either side of now in which a code can be recognised as one of another time.
RECOGNISED = 1600


class Secret:
    """A secret, the codes that it gives, and which of them were used."""

    def __init__(self, name):
        # Derived from a name, so that a scenario can be run again with the same secret.
        self.key = hashlib.sha1(b"totpgroup e2e " + name.encode()).digest()
        self.codes_given = set()

    @classmethod
    def of_base32(cls, text):
        """The secret that another program chose."""
        secret = cls("")
        text = text.replace(" ", "").upper()
        secret.key = base64.b32decode(text + "=" * (-len(text) % 8))
        return secret

    @property
    def base32(self):
        return base64.b32encode(self.key).decode().rstrip("=")

    def code(self, steps=0):
        """The code of the current step, or of one that many steps later."""
        code = self._code_at(now_step() + steps)
        self.codes_given.add(code)
        return code

    def code_at(self, seconds):
        """The code that is shown at that time."""
        code = self._code_at(int(seconds) // STEP)
        self.codes_given.add(code)
        return code

    def distinct_codes(self, count):
        """That many different codes of the steps around now."""
        codes = dict.fromkeys(self.code(steps) for steps in range(-count // 2, count))
        return list(codes)[:count]

    def wrong_code(self):
        """A code that belongs to no time near this one."""
        middle = now_step()
        taken = {self._code_at(middle + i) for i in range(-RECOGNISED, RECOGNISED + 1)}
        code = next(f"{number:06}" for number in range(123456, 10**6)
                    if f"{number:06}" not in taken)
        self.codes_given.add(code)
        return code

    def hotp(self, counter):
        """The code of a counter (RFC 4226)."""
        code = self._code_at(counter)
        self.codes_given.add(code)
        return code

    def _code_at(self, counter):
        digest = hmac.digest(self.key, struct.pack(">q", counter), "sha1")
        start = digest[-1] & 15
        number = struct.unpack(">I", digest[start:start + 4])[0] & 0x7FFFFFFF
        return f"{number % 10**6:06}"


def now_step():
    """The current time step."""
    return int(time.time()) // STEP
