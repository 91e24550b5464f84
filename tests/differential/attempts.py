# SPDX-License-Identifier: LGPL-2.1-or-later
"""Random credentials with every kind of line, and attempts on them."""

import base64
import hashlib

from model import HASHED, Attempt, generator

SERVICES = (None, "sshd", "sudo", "su-l", "a_b")
HOSTS = (None, "192.0.2.7", "2001:db8::1", "h%1", "a_b", "session:x", "host.example")
DAMAGE = (b"", b"x", b"-1", b"0", b"1 x", b"x 1", b"101", b"3601", b"9", b"7 ", b" 7", b"\t8\t",
          b"3 30 x", b"3 30 17 ", b"3  30", b"0 30", b"3 0", b"9223372036854775808", b"+6", b"SHA1x",
          b"scrypt 1 8 1 x y", b"MFRGGZDF a", b"!!! name", b"MFRGGZDF", b"5-", b"17-20 3", b"\xff")
FOREIGN = (b"# a comment", b"", b" ", b'"NO_BLANK 1', b'" UNKNOWN 1 2', b'"  WINDOW_SIZE 1',
           b'" WINDOW_SIZEx 1', b"1234567", b"123456789", b"01234567", b"12345678 ", b"\t87654321",
           b"+87654321", b"no code", b'" ', b'"')


def base32(key):
    return base64.b32encode(key).rstrip(b"=")


class Scenario:
    """A credential and what its owner and others do."""

    def __init__(self, rng):
        self.rng = rng
        self.algorithm = rng.choice(("SHA1", "SHA1", "SHA1", "SHA256", "SHA512"))
        self.digits = rng.choice((6, 6, 6, 7, 8))
        self.step = rng.choice((30, 30, 30, 1, 60, 3600))
        self.window = rng.choice((3, 3, 3, 1, 2, 5, 17, 100))
        self.is_hotp = rng.random() < 0.25
        self.counter = rng.choice((1, 7, 1000, rng.randrange(1, 10**6)))
        self.keys = [rng.randbytes(rng.choice((20, 20, 10, 16, 32, 1)))
                     for _ in range(rng.choice((1, 1, 1, 2, 3, 8)))]
        self.start = rng.randrange(1_200_000_000, 2_000_000_000)
        self.skew = rng.choice((0, 0, 0, 2, -5, 300, -1499, 1499, 1500, rng.randrange(-1600, 1600)))
        self.hashed = []
        self.codes = [b"%d" % rng.randrange(10**7, 10**8) for _ in range(rng.choice((0, 1, 2, 5)))]
        self.is_apart = rng.random() < 0.15
        self.history = []
        self.grace = rng.choice((0, 0, 20, 600))
        self.text = self.damaged(self.make_text())
        # What all attempts of a module have in common.
        self.options = {name: rng.random() < chance for name, chance in (
            ("password", 0.15), ("disallow_reuse", 0.2), ("noskewadj", 0.2),
            ("no_increment_hotp", 0.2), ("resync_hotp", 0.4), ("strict", 0.3))}
        # The owner of a device with a wrong clock, who does not give up.
        self.is_learning = rng.random() < 0.1

    # The text

    def option_lines(self):
        rng = self.rng
        yield b"TOTP_AUTH", b"", 0.95 if not self.is_hotp else 0.1
        if self.is_hotp:
            yield b"HOTP_COUNTER", b"%d" % self.counter, 1
        yield b"DIGITS", b"%d" % self.digits, 1 if self.digits != 6 else 0.2
        yield b"STEP_SIZE", b"%d" % self.step, 1 if self.step != 30 else 0.2
        yield b"WINDOW_SIZE", b"%d" % self.window, 1 if self.window != 3 else 0.3
        yield b"ALGORITHM", self.algorithm.encode(), 1 if self.algorithm != "SHA1" else 0.2
        yield b"RATE_LIMIT", self.limit_value(), 0.5
        yield b"FRONT_END_ATTEMPTS", self.times(4), 0.2
        yield b"DISALLOW_REUSE", self.steps(), 0.6
        yield b"TIME_SKEW", b"%d" % rng.choice((self.skew, -1, 1, 0, 2**31, -2**31)), 0.15
        yield b"RESETTING_TIME_SKEW", self.sightings(), 0.15
        yield b"PENDING_UNTIL", b"%d" % (self.start + rng.choice((-1, 0, 1, 100, 9999))), 0.12
        yield b"LABEL", rng.choice((b"phone", b"", b"key 1", b"phone  ")), 0.3
        for i in range(10):
            yield b"LAST%d" % i, self.host_value(), 0.05 if self.grace_is_rare() else 0.9

    def grace_is_rare(self):
        return self.start % 8 != 0

    def limit_value(self):
        rng = self.rng
        return (b"%d %d " % (rng.choice((1, 2, 3, 3, 10)), rng.choice((1, 30, 30, 600, 3600))) +
                self.times(12)).rstrip()

    def times(self, most):
        rng = self.rng
        return b" ".join(b"%d" % (self.start + rng.choice((-1, 0, 1, -30, -31, 40, -700)) -
                                  rng.randrange(30)) for _ in range(rng.randrange(most)))

    def steps(self):
        now = self.start // self.step
        return b" ".join(b"%d" % (now + self.rng.randrange(-4, 4) + self.rng.choice((0, self.skew)))
                         for _ in range(self.rng.randrange(5)))

    def sightings(self):
        now = self.start // self.step
        return b" ".join(b"%d%+d" % (now - self.rng.randrange(4), self.skew + self.rng.randrange(2))
                         for _ in range(self.rng.randrange(4)))

    def host_value(self):
        rng = self.rng
        host = rng.choice(HOSTS) or "other"
        service = rng.choice(SERVICES)
        ago = rng.choice((self.grace, self.grace - 1, rng.randrange(-5, 900)))
        return f"{host} {self.start - ago}".encode() + (
            f" {service}".encode() if service else b"")

    def hashed_lines(self):
        rng = self.rng
        salts = [rng.randbytes(rng.choice((16, 20, 64))) for _ in range(rng.choice((1, 1, 2, 3)))]
        for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 2, 4))):
            code = "".join(rng.choice(HASHED) for _ in range(15)) + "X"
            cost, salt = rng.choice((1, 1, 1, 2)), rng.choice(salts)
            digest = hashlib.scrypt(code.encode(), salt=salt, n=2**cost, r=8, p=1, dklen=32)
            self.hashed.append(code)
            yield b'" SCRATCH_HASH scrypt %d 8 1 %s %s' % (cost, base32(salt), base32(digest))

    def make_text(self):
        rng = self.rng
        found = [(b'" %s %s' % (key, value)).rstrip(b" ") if rng.random() < 0.9 or not value
                 else b'" %s\t %s' % (key, value)
                 for key, value, chance in self.option_lines() if rng.random() < chance]
        found += [b'" DEVICE %s device %d' % (base32(key), i) for i, key in enumerate(self.keys[1:])]
        found += list(self.hashed_lines())
        if rng.random() < 0.5:
            rng.shuffle(found)
        if rng.random() < 0.3:
            both = found + self.codes
            rng.shuffle(both)
        else:
            both = found + self.codes
        first = base32(self.keys[0])
        if rng.random() < 0.1:
            first = b" ".join(first[i:i + 4] for i in range(0, len(first), 4)).lower()
        end = rng.choice((b"\n", b"\n", b"\n", b"\n", b"\r\n"))
        return end.join([first, *both]) + rng.choice((end, end, end, b""))

    def damaged(self, text):
        rng = self.rng
        for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2, 4))):
            lines = text.split(b"\n")
            at = rng.randrange(len(lines))
            kind = rng.randrange(6)
            if kind == 0 and lines[at][:2] == b'" ':
                lines[at] = b" ".join(lines[at].split(b" ")[:2]) + b" " + rng.choice(DAMAGE)
            elif kind == 1:
                lines.insert(rng.randrange(1, len(lines) + 1), rng.choice(FOREIGN))
            elif kind == 2 and at > 0:
                lines.insert(rng.randrange(1, len(lines) + 1), lines[at])
            elif kind == 3 and at > 0:
                del lines[at]
            elif kind == 4 and lines[at]:
                cut = rng.randrange(len(lines[at]))
                lines[at] = lines[at][:cut] + lines[at][cut + 1:]
            elif kind == 5:
                lines[at] += rng.choice((b" ", b"\t", b"\r", b"x", b"="))
            text = b"\n".join(lines)
        return text or b"\n"

    # The attempts

    def code(self, device, counter, digits=None):
        made = generator(self.keys[device], self.algorithm.lower()).code(
            max(counter, 0), digits or self.digits)
        return made.encode()

    def typed(self, now):
        """What is typed, and sometimes again later."""
        rng = self.rng
        if self.is_learning and not self.is_hotp and rng.random() < 0.9:
            return self.code(0, now // self.step + self.skew)
        if self.history and rng.random() < 0.12:
            return rng.choice(self.history)
        choices = [self.wrong, self.junk, self.emergency, self.hashed_code]
        choices += [self.hotp, self.hotp, self.pair] if self.is_hotp else [
            lambda: self.totp(now), lambda: self.totp(now), lambda: self.ahead(now),
            lambda: self.ahead(now)]
        typed = self.dressed(rng.choice(choices)())
        self.history.append(typed)
        return typed

    def totp(self, now):
        reach = self.window // 2 + 2
        return self.code(self.rng.randrange(len(self.keys)),
                         now // self.step + self.rng.choice((0, 0, 0, 1, -1, self.rng.randint(
                             -reach, reach))))

    def ahead(self, now):
        device = 0 if self.rng.random() < 0.9 else self.rng.randrange(len(self.keys))
        return self.code(device, now // self.step + self.skew + self.rng.choice((0, 0, 0, 1, -1)))

    def hotp(self):
        ahead = self.rng.choice((0, 0, 0, 1, 2, self.window - 1, self.window, 50))
        self.counter += self.rng.choice((0, 1)) if ahead == 0 else 0
        return self.code(0, self.counter + ahead)

    def pair(self):
        at = self.counter + self.rng.choice((0, 0, 1, 5, 500, 1000, 1001, -1))
        return self.code(0, at) + self.rng.choice((b"", b" ", b"-")) + self.code(
            0, at + self.rng.choice((1, 1, 1, 2)))

    def wrong(self):
        return b"%0*d" % (self.rng.choice((self.digits, 6, 8)), self.rng.randrange(10**6))

    def junk(self):
        rng = self.rng
        return rng.choice((None, b"", b" ", b"abc", b"12345", b"\b\n\r\x7fINCORRECT", b"9" * 70,
                           "１２３４５６".encode(), b"12 34 56", b"\xff\xfe", rng.randbytes(9).replace(
                               b"\0", b"0")))

    def emergency(self):
        return self.rng.choice(self.codes) if self.codes else b"12345678"

    def hashed_code(self):
        rng = self.rng
        code = rng.choice(self.hashed) if self.hashed else "7K3MQ9TDX2HAP5VW"
        written = rng.choice((code, "-".join(code[i:i + 4] for i in range(0, 16, 4)),
                              code.lower(), code.replace("0", "o").replace("1", "l"),
                              code[:8] + " " + code[8:], code[:15], code + "0"))
        return written.encode()

    def dressed(self, typed):
        rng = self.rng
        if typed is None:
            return None
        if self.options["password"] and rng.random() < 0.8:
            return rng.choice((b"", b"secret", b"a b", b"pass12", b"p" * 80)) + typed
        if rng.random() < 0.1 and len(typed) > 3:
            return typed[:3] + rng.choice((b" ", b"\t", "\u00a0".encode(), "\u202f".encode())) + typed[3:]
        return typed

    def attempts(self):
        """Each attempt in its turn, so that what is typed follows from the time."""
        rng = self.rng
        now = self.start
        for _ in range(rng.choice((3, 5, 8))):
            now += self.step if self.is_learning else rng.choice(
                (0, 1, 2, self.step, self.step, self.step + 1, 30, 31, -3, 700))
            front_end = rng.random() < 0.1 and not self.options["password"]
            yield Attempt(now, self.typed(now), front_end=front_end, grace_period=self.grace,
                          host=rng.choice(HOSTS), service=rng.choice(SERVICES), **self.options)
