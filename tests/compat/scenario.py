# SPDX-License-Identifier: LGPL-2.1-or-later
"""A random scenario: a secret file, module options, and a series of attempts."""

import base64
import dataclasses
import hashlib
import hmac
import os
import pwd
import re
import struct

SKEW_STEPS_MAX = 1499
HOSTS = (None, "192.0.2.1", "192.0.2.2", "2001:db8::1", "host.example.org")


def hotp(key, counter):
    """RFC 4226, six digits."""
    if counter < 0:
        return "000000"
    digest = hmac.new(key, struct.pack(">Q", counter), hashlib.sha1).digest()
    offset = digest[-1] & 15
    value = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7fffffff
    return f"{value % 1000000:06d}"


@dataclasses.dataclass
class Attempt:
    time: int
    kind: str
    answer: str
    first_pass: str = None
    host: str = None


class Scenario:
    def __init__(self, rng, number, folder):
        self.rng = rng
        self.number = number
        self.folder = folder
        self.key = rng.randbytes(rng.choice((10, 16, 20, 20, 20, 32, 1)))
        self.user = rng.choice(("root", "root", "daemon"))
        # Sometimes the clock is not set, and shows the first seconds of 1970.
        self.clock_is_set = rng.random() < 0.98
        self.start = rng.randrange(*(1_200_000_000, 2_000_000_000) if self.clock_is_set else (1, 30))
        self.hotp = rng.random() < 0.25
        self.counter = rng.randrange(1, 1000) if self.hotp else 0
        self.period = 30
        self.window = 3
        self.skew = 0
        self.limited = self.tracked = self.malformed = self.graced = False
        self.codes = [str(rng.randrange(10**7, 10**8)) for _ in range(rng.randrange(0, 6))]
        self.text = self.make_text()
        self.mode = rng.choices((0o600, 0o400, 0o200, 0o640, 0o644, 0o444, 0o4600),
                                (30, 30, 1, 2, 2, 2, 1))[0]
        self.owner = rng.choices(("right", "wrong"), (30, 2))[0]
        self.missing = rng.random() < 0.04
        self.options = self.make_options()
        self.attempts = self.make_attempts()

    # The file

    def secret_line(self):
        text = base64.b32encode(self.key).decode().rstrip("=")
        style = self.rng.randrange(12)
        if style == 0:
            text = text.lower()
        elif style == 1:
            text = "-".join(text[i:i + 4] for i in range(0, len(text), 4))
        elif style == 2:
            text = " ".join(text[i:i + 4] for i in range(0, len(text), 4)) + " "
        elif style == 3:
            text = text.replace("O", "0").replace("L", "1").replace("B", "8")
        elif style == 4 and self.rng.random() < 0.3:
            text = self.rng.choice((text + "=", text + "!", "", "# comment", text + "9"))
        return text

    def option_lines(self):
        rng = self.rng
        lines = []
        if self.hotp:
            lines.append(f'" HOTP_COUNTER {self.counter}')
            if rng.random() < 0.1:
                lines.append('" TOTP_AUTH')
            elif rng.random() < 0.1:
                self.malformed = True
                lines[0] = rng.choice(('" HOTP_COUNTER', '" HOTP_COUNTER x', '" HOTP_COUNTER -7',
                                       '" HOTP_COUNTER 0', '" HOTP_COUNTER 9223372036854775807',
                                       '" HOTP_COUNTER 99999999999999999999'))
        elif rng.random() < 0.97:
            lines.append(rng.choices(('" TOTP_AUTH', '" TOTP_AUTHx', ' " TOTP_AUTH'), (40, 1, 1))[0])
        if rng.random() < 0.5:
            self.window = rng.choice((1, 2, 3, 4, 5, 6, 17, 20, 100))
            lines.append(f'" WINDOW_SIZE {self.window}')
        elif rng.random() < 0.08:
            self.malformed = True
            lines.append(rng.choice(('" WINDOW_SIZE 0', '" WINDOW_SIZE 101', '" WINDOW_SIZE x',
                                     '" WINDOW_SIZE', '" WINDOW_SIZE 5x', '" WINDOW_SIZE 5 x')))
        if rng.random() < 0.2:
            self.period = rng.choice((1, 7, 10, 30, 59, 60))
            lines.append(f'" STEP_SIZE {self.period}')
        elif rng.random() < 0.05:
            self.malformed = True
            lines.append(rng.choice(('" STEP_SIZE 0', '" STEP_SIZE -1', '" STEP_SIZE x')))
        # In the first hour of 1970 the arithmetic of the other module goes below zero.
        if rng.random() < 0.4 and self.clock_is_set:
            self.limited = True
            lines.append(self.rate_limit_line())
        if rng.random() < 0.6:
            self.tracked = True
            lines.append(self.reuse_line())
        if rng.random() < 0.15:
            self.skew = rng.choice((-1200, -20, -2, -1, 1, 2, 20, 1200))
            lines.append(f'" TIME_SKEW {self.skew}')
        elif rng.random() < 0.03:
            lines.append('" TIME_SKEW' + rng.choice(("", " x", " 1x", " 2147483647", " -2147483648")))
        if rng.random() < 0.1:
            step = self.start // self.period + 1
            lines.append(f'" RESETTING_TIME_SKEW {step - 1}+20' +
                         rng.choice(("", f" {step}+20", " junk", f" {step}+20 {step + 1}+21",
                                     f" {step}+20 {step + 1}+21 {step + 2}+21", f" {step}*20",
                                     f" {step}+", f" {step}+x", f" x+{step}")))
        # In the packaged release of the other module a grace period overrides the rate
        # limit, and a login at time 0 counts as none.
        if rng.random() < 0.2 and not self.limited and self.clock_is_set:
            lines += self.grace_lines()
        return lines

    def grace_lines(self):
        """Recorded logins, none of them in the future, which the other module would accept."""
        rng = self.rng
        lines = []
        for slot in rng.sample(range(10), rng.choice((1, 1, 2, 3, 10))):
            host = rng.choice(HOSTS[1:])
            stamp = self.start - rng.choice((0, 1, 9, 10, 11, 59, 60, 61, 3599, 3600, 10**6))
            words = rng.choices((f"{host} {stamp}", f"{host} {stamp} t", host, f"{host} x", "",
                                 f"ho_st {stamp}", f"{host}\t{stamp}"), (30, 5, 2, 2, 2, 2, 2))[0]
            lines.append(f'" LAST{slot} {words}')
        self.graced = True
        return lines

    def rate_limit_line(self):
        rng = self.rng
        if rng.random() < 0.08:
            return rng.choice(('" RATE_LIMIT', '" RATE_LIMIT 3', '" RATE_LIMIT 0 30', '" RATE_LIMIT 101 30',
                               '" RATE_LIMIT 3 3601', '" RATE_LIMIT 3 30 ', '" RATE_LIMIT 3 30 x',
                               '" RATE_LIMIT 3 30x', '" RATE_LIMIT x'))
        count, interval = rng.choice((1, 2, 3, 3, 5)), rng.choice((1, 15, 30, 30, 60, 3600))
        times = [str(self.start + rng.randrange(-2 * interval, 5))
                 for _ in range(rng.choice((0, 0, 0, 1, 2, 4, 9)))]
        separator = rng.choice((" ", " ", "  ", "\t"))
        return f'" RATE_LIMIT {count} {interval}' + "".join(separator + t for t in times)

    def reuse_line(self):
        rng = self.rng
        if rng.random() < 0.08:
            self.malformed = True
            return rng.choice(('" DISALLOW_REUSE x', '" DISALLOW_REUSE 12x', '" DISALLOW_REUSE 1 y'))
        step = self.start // self.period
        steps = [str(max(0, step + rng.randrange(-4, 4))) for _ in range(rng.choice((0, 0, 0, 1, 3)))]
        return " ".join(['" DISALLOW_REUSE'] + steps)

    def make_text(self):
        rng = self.rng
        secret = self.secret_line()
        options = self.option_lines()
        rng.shuffle(options)
        if rng.random() < 0.1:
            options.insert(rng.randrange(len(options) + 1), '" SOMETHING_ELSE kept')
        if rng.random() < 0.06 and options:
            options.append(rng.choice(options))
        # For codes of the first device, a second device is only a line to keep. Not with
        # spent steps: if the first device has a skew, more of them are kept for the second.
        if rng.random() < 0.1 and not self.tracked:
            options.insert(rng.randrange(len(options) + 1),
                           '" DEVICE GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ the tablet')
        codes = list(self.codes)
        if rng.random() < 0.06:
            codes.insert(rng.randrange(len(codes) + 1),
                         rng.choice(("# a remark", "1234567", "012345678", " 23456789", "+23456789",
                                     "99999999 ", "", "123456789", "00023456789")))
        lines = [secret] + (options + codes if rng.random() < 0.9 else codes + options)
        end = rng.choices(("\n", "\r\n"), (20, 1))[0]
        text = end.join(lines)
        # Without a final line end google-authenticator may append a new option to
        # the secret, so there is one if the secret is the only line.
        return text + (end if rng.random() < 0.95 or len(lines) == 1 else "")

    def write_secret(self, path):
        for name in os.listdir(self.folder):
            if name.startswith("secret"):
                os.unlink(os.path.join(self.folder, name))
        uid = pwd.getpwnam(self.user).pw_uid
        os.chown(self.folder, uid, -1)
        if self.missing:
            return
        with open(path, "w", encoding="latin-1", newline="") as stream:
            stream.write(self.text)
        os.chown(path, uid if self.owner == "right" else 12345, -1)
        os.chmod(path, self.mode)

    # The module's options

    def make_options(self):
        rng = self.rng
        options = []
        for name, chance in (("nullok", 0.3), ("noskewadj", 0.3), ("no_increment_hotp", 0.2),
                             ("forward_pass", 0.2), ("echo_verification_code", 0.1),
                             ("no_strict_owner", 0.1), ("allow_readonly", 0.1), ("debug", 0.05)):
            if rng.random() < chance:
                options.append(name)
        if rng.random() < 0.3:
            options.append(rng.choice(("try_first_pass", "use_first_pass")))
        if rng.random() < 0.1:
            options.append(rng.choice(("allowed_perm=0644", "allowed_perm=0400", "allowed_perm=0640")))
        if self.user == "daemon" and rng.random() < 0.1:
            options.append("user=daemon")
        if rng.random() < 0.3 and (self.tracked or self.hotp) and not self.limited:
            # The packaged release of the other module only writes LASTn if
            # something else changes in the file.
            options.append(f"grace_period={rng.choice((10, 60, 3600))}")
        rng.shuffle(options)
        return options

    # The attempts

    def make_attempts(self):
        rng = self.rng
        attempts = []
        now = self.start
        far = rng.choice((-1400, -300, -25, 25, 30, 400, 1499, -1499, 1500, -1500))
        learning = rng.random() < 0.3
        used = []
        for _ in range(rng.randrange(1, 10)):
            kind = rng.choices(("current", "window", "far", "again", "emergency", "wrong", "malformed",
                                "none"),
                               (5, 6, 40 if learning else 1, 3, 3, 3, 2, 0.5))[0]
            code = self.code(kind, now, far, used)
            used.append(code)
            attempts.append(self.attempt(kind, now, code))
            now += rng.choice((0, 1, 5, self.period, self.period, self.period, 2 * self.period,
                               3 * self.period, 29, 31, 61) if not learning
                              else (self.period, self.period, self.period, 2 * self.period, 1,
                                    3 * self.period))
        return attempts

    def code(self, kind, now, far, used):
        rng = self.rng
        step = now // self.period + self.skew
        if kind == "current":
            return hotp(self.key, self.counter if self.hotp else step)
        if kind == "window":
            reach = self.window + 2
            if self.hotp:
                return hotp(self.key, self.counter + rng.randrange(0, reach))
            return hotp(self.key, step + rng.randrange(-(reach // 2) - 1, reach // 2 + 2))
        if kind == "far":
            return hotp(self.key, now // self.period + far + rng.choice((0,) * 12 + (1, -1, 2)))
        if kind == "again" and used:
            return rng.choice(used)
        if kind == "emergency" and self.codes:
            return rng.choice(self.codes)
        if kind == "malformed":
            return rng.choice(("", "12345", "1234567", "123456789", "12a456", "abcdef", "-12345",
                               "+12345", "\b\r\x7fINC", "01234567", "123456x",
                               "7K3M-Q9TD-X2HA-P5VW"))
        if kind == "none":
            return "!"
        return f"{rng.randrange(10**6):06d}" if rng.random() < 0.8 else f"{rng.randrange(10**7, 10**8)}"

    def attempt(self, kind, now, code):
        rng = self.rng
        first_pass = None
        answer = code
        if "forward_pass" in self.options and code != "!" and rng.random() < 0.8:
            answer = rng.choice(("", "secret", "pa55", "x" * 70, "12")) + code
        if rng.random() < 0.5:
            prefix = rng.choice(("", "secret", "pa55word", "x" * 70))
            first_pass = prefix + (code if rng.random() < 0.6 and code != "!" else
                                   rng.choice(("", "123456", "nothing")))
            if not first_pass.isprintable():
                first_pass = "password"
        host = rng.choice(HOSTS)
        return Attempt(now, kind, answer, first_pass or None, host)

    def expects_difference(self):
        """Whether the modules differ on purpose. Each such case has a test of its own."""
        lasts = [text[-6:] for a in self.attempts for text in (a.answer, a.first_pass or "")
                 if text[-8:] in self.codes and len(text) >= 8]
        # The other module first reads the last six digits of an emergency code.
        if lasts and (self.hotp or self.malformed or not self.clock_is_set or
                      self.any_code_is_near(lasts)):
            return True
        # A recorded login lets in there, even if the secret is unusable.
        return self.graced and not self.has_secret()

    def has_secret(self):
        return re.fullmatch("[A-Za-z0-7 8\t\r-]{2,}", self.text.split("\n")[0]) is not None

    def is_unusable(self):
        """Whether the file cannot be read, or its secret is malformed."""
        allowed = next((int(o.split("=")[1], 8) for o in self.options if o.startswith("allowed_perm=")),
                       0o600)
        return (self.missing or bool(self.mode & 0o3777 & ~allowed) or
                (self.owner == "wrong" and "no_strict_owner" not in self.options) or
                (self.user != "root" and
                 not self.mode & (0o400 if self.owner == "right" else 0o004)) or
                not self.has_secret())

    def any_code_is_near(self, lasts):
        first = self.start // self.period - SKEW_STEPS_MAX - 100
        last = self.attempts[-1].time // self.period + SKEW_STEPS_MAX + 100
        wanted = set(lasts)
        return any(hotp(self.key, step) in wanted for step in range(first, last + 1))

    def describe(self):
        lines = [f"  user {self.user}, options {' '.join(self.options) or '(none)'}, "
                 f"file mode {self.mode:04o}, {self.owner} owner{', missing' if self.missing else ''}"]
        lines += ["  | " + repr(line) for line in self.text.splitlines(keepends=True)]
        lines += [f"  {n + 1}. at {a.time} from {a.host}: {a.kind} {a.answer!r}, first pass {a.first_pass!r}"
                  for n, a in enumerate(self.attempts)]
        return "\n".join(lines)
