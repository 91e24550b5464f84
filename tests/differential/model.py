# SPDX-License-Identifier: LGPL-2.1-or-later
"""Who gets in, written from totpgroup-secret(5), the description of google-authenticator's file,
and RFC 4226 and 6238, in the plainest way: no code is shared with what it is compared with. Texts
are bytes, and each attempt reads them anew."""

import base64
import dataclasses
import hashlib
import hmac
import re
import unicodedata

CODES = {b"SHA1": "sha1", b"SHA256": "sha256", b"SHA512": "sha512"}
HASHED = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAX_COUNTER = 2305843009213693951
OTHER_TIMES = 1499
BLANKS = " \t\n\v\f\r\u00a0\u2007\u202f"


class Damaged(Exception):
    """A line that is needed cannot be read."""


@dataclasses.dataclass
class Attempt:
    now: int
    typed: bytes = b""  # None: no answer
    password: bool = False  # stands before the code
    front_end: bool = False
    disallow_reuse: bool = False
    noskewadj: bool = False
    no_increment_hotp: bool = False
    resync_hotp: bool = False
    strict: bool = False
    grace_period: int = 0
    host: str = None
    service: str = None


@dataclasses.dataclass
class Answer:
    verdict: str = "refused"
    reason: str = "wrong-code"
    method: str = "none"
    wait: int = 0
    password_length: int = 0
    device: bytes = b""


def refused(reason, wait=0):
    return Answer(reason=reason, wait=wait)


# The file


@dataclasses.dataclass
class Line:
    start: int
    end: int  # of what stands in it
    next: int
    value: bytes


def lines(text):
    at = 0
    while at < len(text):
        match = re.compile(rb"[^\r\n]*").match(text, at)
        after = re.compile(rb"\r\n|\r|\n|$").match(text, match.end())
        yield Line(at, match.end(), after.end(), match.group())
        at = after.end()


def options(text, key):
    """The lines `" KEY value`."""
    for line in lines(text):
        match = re.fullmatch(rb'" ' + key + rb"(?:[ \t]+(.*)|)", line.value, re.DOTALL)
        if match:
            yield dataclasses.replace(line, value=match.group(1) or b"")


def option(text, key):
    """The value of the first such line, or None."""
    return next((line.value for line in options(text, key)), None)


def words(value):
    return [word for word in re.split(rb"[ \t]", value) if word]


def number(word, low, high):
    if not re.fullmatch(rb"[0-9]+", word) or not low <= int(word) <= high:
        raise Damaged(word)
    return int(word)


def lenient(value):
    """As strtol() reads it."""
    match = re.match(rb"[ \t\v\f]*([+-]?[0-9]+)", value or b"")
    return max(-2**63, min(2**63 - 1, int(match.group(1)))) if match else 0


def put(text, key, value):
    """Writes the first line with that key, and removes the others."""
    found = list(options(text, key))
    content = b'" ' + key + b" " + value
    if not found:
        first, feed, rest = text.partition(b"\n")
        return first + b"\n" + content + b"\n" + rest
    for line in reversed(found[1:]):
        text = text[:line.start] + text[line.next:]
    end = b"" if found[0].next > found[0].end else b"\n"
    return text[:found[0].start] + content + end + text[found[0].end:]


def remove(text, key):
    for line in reversed(list(options(text, key))):
        text = text[:line.start] + text[line.next:]
    return text


def base32(written):
    written = re.sub(rb"[ \t\r-]", b"", written).upper().translate(bytes.maketrans(b"018", b"OLB"))
    if not re.fullmatch(rb"[A-Z2-7]*", written):
        raise Damaged(written)
    bits = "".join(f"{'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.index(chr(one)):05b}" for one in written)
    key = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits) - 7, 8))
    if not key:
        raise Damaged(written)
    return key


# Codes


class Generator:
    """Codes of one secret. Keeps what it computed."""

    def __init__(self, key, algorithm):
        self.key, self.algorithm, self.known = key, algorithm, {}

    def code(self, counter, digits):
        """RFC 4226, 5.3. None below 0."""
        made = self.known.get((counter, digits))
        if made is None and counter >= 0:
            digest = hmac.digest(self.key, counter.to_bytes(8, "big"), self.algorithm)
            at = digest[-1] & 15
            value = int.from_bytes(digest[at:at + 4], "big") & 0x7fffffff
            made = self.known[counter, digits] = f"{value % 10**digits:0{digits}d}"
        return made


GENERATORS = {}


def generator(key, algorithm):
    if (key, algorithm) not in GENERATORS:
        GENERATORS[key, algorithm] = Generator(key, algorithm)
    return GENERATORS[key, algorithm]


# One attempt


def shown(name):
    """The name of a device for people: what is no UTF-8 and what is a control character is a
    question mark."""
    return "".join("?" if unicodedata.category(character) in ("Cc", "Cs") else character
                   for character in name.decode("utf-8", "surrogateescape")).encode()


class Decision:
    """Decides on an attempt. text is the credential, which it changes."""

    def __init__(self, text, attempt):
        self.text, self.attempt = text, attempt
        self.answer = None

    # Limits

    def times(self, value):
        """Nothing may stand behind the last time, not even a blank."""
        if value[-1:] in (b" ", b"\t"):
            raise Damaged(value)
        return [number(word, 0, 2**63 - 1) for word in words(value)]

    def limit(self):
        """Attempts, seconds and times; None without a limit."""
        value = option(self.text, b"RATE_LIMIT")
        if value is None:
            return None
        times = self.times(value)
        if len(times) < 2 or not 1 <= times[0] <= 100 or not 1 <= times[1] <= 3600:
            raise Damaged(value)
        return times[0], times[1], times[2:]

    def within(self, times, seconds, now):
        return sorted(time for time in times if now - seconds <= time <= now)

    def exceeds(self, limit, now):
        """Whether one more attempt is too many, and the times with it."""
        most, seconds, times = limit
        kept = self.within(times + [now], seconds, now)
        return len(kept) > most, kept[-most:]

    def first_second(self, is_free):
        return next(wait for wait in range(1, 3700) if is_free(self.attempt.now + wait))

    def judge_login(self):
        """The times to write, or None, and the seconds to wait where that is too many."""
        limit = self.limit()
        if limit is None:
            return None, 0
        most, seconds, times = limit
        exceeded, kept = self.exceeds(limit, self.attempt.now)
        if not exceeded:
            return kept, 0
        # Times in the future, of a clock that was ahead, are not looked at.
        times = [time for time in times if time <= self.attempt.now] if self.attempt.strict else kept
        wait = self.first_second(lambda now: not self.exceeds((most, seconds, times), now)[0])
        return (None if self.attempt.strict else kept), wait

    def count_login(self):
        kept, wait = self.judge_login()
        if kept is not None:
            most, seconds, _ = self.limit()
            self.text = put(self.text, b"RATE_LIMIT", b" ".join(
                b"%d" % one for one in [most, seconds, *kept]))
        return wait

    def count_front_end(self):
        limit = self.limit()
        if limit is None:
            return 0
        most, seconds, logins = limit
        times = self.times(option(self.text, b"FRONT_END_ATTEMPTS") or b"")
        past = [time for time in logins + times if time <= self.attempt.now]

        def all_at(now):
            return len(self.within(past, seconds, now))

        if all_at(self.attempt.now) >= most:
            return self.first_second(lambda now: all_at(now) < most)
        kept = self.within(times + [self.attempt.now], seconds, self.attempt.now)
        self.text = put(self.text, b"FRONT_END_ATTEMPTS", b" ".join(b"%d" % one for one in kept))
        return 0

    # What was typed

    def typed_code(self, length):
        """That many digits, or None."""
        typed = self.attempt.typed
        if self.attempt.password:
            code = typed[-length:] if len(typed) >= length else b""
        else:
            code = self.without_blanks()
        return code.decode() if re.fullmatch(rb"[0-9]{%d}" % length, code) else None

    def without_blanks(self):
        """Without the blanks that phones and web pages write."""
        text = self.attempt.typed.decode("utf-8", "surrogateescape")
        return "".join(one for one in text if one not in BLANKS).encode("utf-8", "surrogateescape")

    # Codes from a device

    def parameters(self):
        def word(key, low, high, default):
            value = option(self.text, key)
            if value is None:
                return default
            if not words(value):
                raise Damaged(key)
            return number(words(value)[0], low, high)

        counter = lenient(option(self.text, b"HOTP_COUNTER"))
        totp = b'" TOTP_AUTH' in self.text and counter <= 0
        if counter > MAX_COUNTER:
            raise Damaged(b"HOTP_COUNTER")
        return {"digits": word(b"DIGITS", 6, 8, 6), "window": word(b"WINDOW_SIZE", 1, 100, 3),
                "counter": max(counter, 0), "totp": totp,
                "step": word(b"STEP_SIZE", 1, 3600, 30) if totp else None}

    def algorithm(self):
        name = option(self.text, b"ALGORITHM")
        if name is None:
            return "sha1"
        if name not in CODES:
            raise Damaged(name)
        return CODES[name]

    def first_secret(self):
        first = self.text.partition(b"\n")[0]
        return base32(first)

    def devices(self):
        """Pairs of name and generator."""
        algorithm = self.algorithm()
        found = [((option(self.text, b"LABEL") or b"").rstrip(b" \t") or b"first",
                  generator(self.first_secret(), algorithm))]
        for line in options(self.text, b"DEVICE"):
            match = re.fullmatch(rb"([^ \t]+)[ \t]+(.*?)[ \t]*", line.value)
            if not match or not 1 <= len(match.group(2)) <= 64 or (
                    shown(match.group(2)) != match.group(2)):
                raise Damaged(line.value)
            found.append((match.group(2), generator(base32(match.group(1)), algorithm)))
        names = [name for name, _ in found[1:]]
        if len(found) > 8 or len(set(names)) < len(names):
            raise Damaged(b"DEVICE")
        return found

    def accept(self, method, code_length, device=b""):
        attempt = self.attempt
        if attempt.grace_period > 0 and attempt.host is not None:
            self.remember_host()
        self.text = remove(self.text, b"PENDING_UNTIL")
        self.answer = Answer("accepted", "none", method, 0, 0, shown(device))
        if attempt.password:
            self.answer.password_length = len(attempt.typed) - code_length

    def try_emergency(self):
        code = self.typed_code(8)
        if code is None:
            return False
        # Below the first line; any line but options, empty ones and codes ends the list.
        at = len(self.text.partition(b"\n")[0])
        while True:
            skipped = re.compile(rb'(?:[\r\n]+|"[^\n]*(?=\n|$))*').match(self.text, at)
            found = re.compile(rb"[ \t\v\f\r\n]*\+?0*([1-9][0-9]{7})(?:\r\n|\r|\n|$)").match(
                self.text, skipped.end())
            if not found:
                return False
            if found.group(1).decode() == code:
                self.text = self.text[:found.start()] + self.text[found.end():]
                self.accept("emergency", 8)
                return True
            at = found.end()

    def hashed_code(self):
        """The sixteen characters that were typed and their length as typed; or None."""
        typed = self.attempt.typed.decode("utf-8", "surrogateescape")
        if self.attempt.password:
            typed = typed[-19:]
            if not re.fullmatch(r"\w{4}-\w{4}-\w{4}-\w{4}", typed, re.ASCII):
                return None
        else:
            typed = self.without_blanks().decode("utf-8", "surrogateescape")
        code = typed.upper() if typed.isascii() else ""
        code = code.replace("-", "").translate(str.maketrans("OIL", "011"))
        if len(code) != 16 or any(one not in HASHED for one in code) or code.isdigit():
            return None
        return code, len(typed)

    def hashed_lines(self):
        """Each line with its salt, hash and cost."""
        found, kinds = [], set()
        for line in options(self.text, b"SCRATCH_HASH"):
            parts = words(line.value)
            if len(parts) != 6 or parts[0] != b"scrypt":
                raise Damaged(line.value)
            cost, r, p = (number(part, 1, 2**31) for part in parts[1:4])
            salt, digest = base32(parts[4]), base32(parts[5])
            if r != 8 or 128 * 2**cost * r * p > 64 << 20 or not 16 <= len(salt) <= 64 or (
                    len(digest) != 32):
                raise Damaged(line.value)
            kinds.add((cost, r, p, salt))
            found.append((line, (cost, r, p, salt), digest))
        if len(kinds) > 2:
            raise Damaged(b"SCRATCH_HASH")
        return found

    def try_hashed(self):
        typed = self.hashed_code()
        if typed is None:
            return False
        for line, (cost, r, p, salt), digest in self.hashed_lines():
            if hashlib.scrypt(typed[0].encode(), salt=salt, n=2**cost, r=r, p=p, dklen=32,
                              maxmem=1 << 28) == digest:
                self.text = self.text[:line.start] + self.text[line.next:]
                self.accept("emergency", typed[1])
                return True
        return False

    def set_counter(self, counter):
        self.text = put(self.text, b"HOTP_COUNTER", b"%d" % counter)

    def punish(self, found):
        """A wrong code moves the counter."""
        if not self.attempt.no_increment_hotp and not self.attempt.front_end:
            self.set_counter(found["counter"] + 1)

    def try_hotp(self, code, found):
        device = generator(self.first_secret(), self.algorithm())
        for counter in range(found["counter"], found["counter"] + found["window"]):
            if device.code(counter, found["digits"]) == code:
                self.set_counter(counter + 1)
                self.accept("hotp", found["digits"])
                return
        self.punish(found)

    def try_pair(self, found):
        """Two codes in a row, which are ahead."""
        if (self.attempt.password or not self.attempt.resync_hotp or self.attempt.front_end or
                found["counter"] == 0):
            return
        pair = self.typed_code(2 * found["digits"])
        if pair is None:
            return
        device = generator(self.first_secret(), self.algorithm())
        first, second = pair[:found["digits"]], pair[found["digits"]:]
        for counter in range(found["counter"], found["counter"] + 1000):
            if (device.code(counter, found["digits"]) == first and
                    device.code(counter + 1, found["digits"]) == second):
                self.set_counter(counter + 2)
                self.accept("hotp", 2 * found["digits"])
                return
        self.punish(found)

    def spent(self):
        return [number(word, 0, 2**62)
                for word in words(option(self.text, b"DISALLOW_REUSE") or b"")]

    def skew(self):
        value = lenient(option(self.text, b"TIME_SKEW"))
        return value if -2**31 <= value < 2**31 else 0

    def refuse_spent(self, found):
        self.answer = refused("reused", found["step"] - self.attempt.now % found["step"])

    def spend(self, step, found, name):
        is_tracked = option(self.text, b"DISALLOW_REUSE") is not None
        if is_tracked or self.attempt.disallow_reuse:
            spent = self.spent()
            if step in spent:
                self.refuse_spent(found)
                return
            # What a window can still reach: that of the first device is apart by its skew.
            apart = self.skew() if option(self.text, b"DEVICE") is not None else 0
            kept = [one for one in spent
                    if any(abs(one - step + shift) < found["window"] for shift in (0, apart, -apart))]
            self.text = put(self.text, b"DISALLOW_REUSE",
                            b" ".join(b"%d" % one for one in kept + [step]))
        self.accept("totp", found["digits"], name)

    def sightings(self):
        seen = []
        for word in words(option(self.text, b"RESETTING_TIME_SKEW") or b""):
            match = re.fullmatch(rb"([0-9]+)([+-][0-9]+)", word)
            if not match or int(match.group(1)) > 2**62 or abs(int(match.group(2))) >= 2**31:
                break
            seen = (seen + [(int(match.group(1)), int(match.group(2)))])[-3:]
        return seen

    def learn(self, now_step, skew, found, name):
        """A code of the first device and another time."""
        seen = self.sightings()
        is_damaged = is_spent = False
        try:
            is_spent = now_step + skew in self.spent()
        except Damaged:
            is_damaged = True
        learned = False
        if not seen or sum(seen[-1]) != now_step + skew:
            seen = (seen + [(now_step, skew)])[-3:]
            is_run = len(seen) == 3 and all(
                a[0] < b[0] <= a[0] + 2 for a, b in zip(seen, seen[1:])) and all(
                    abs(one[1] - skew) <= 1 for one in seen)
            if is_run and not is_damaged and not is_spent:
                total = sum(one[1] for one in seen)
                mean = -(-total // 3) if total < 0 else total // 3
                self.text = put(self.text, b"TIME_SKEW", b"%d" % mean)
                self.text = put(self.text, b"RESETTING_TIME_SKEW", b"")
                learned = True
            elif not is_run:
                self.text = put(self.text, b"RESETTING_TIME_SKEW", b" ".join(
                    b"%d%+d" % one for one in seen))
        if is_damaged:
            raise Damaged(b"DISALLOW_REUSE")
        if is_spent:
            self.refuse_spent(found)
        elif learned:
            self.spend(now_step + skew, found, name)

    def try_totp(self, code, found):
        devices = self.devices()
        now_step = self.attempt.now // found["step"]
        window = range(-((found["window"] - 1) // 2), found["window"] // 2 + 1)
        for index, (name, device) in enumerate(devices):
            name = name if len(devices) > 1 else b""
            middle = now_step + (self.skew() if index == 0 else 0)
            for i in window:
                if device.code(middle + i, found["digits"]) == code:
                    self.spend(middle + i, found, name)
                    return
        if self.attempt.noskewadj:
            return
        name, first = devices[0]
        for i in range(OTHER_TIMES + 1):
            for skew in (-i, i):
                if first.code(now_step + skew, found["digits"]) == code:
                    self.learn(now_step, skew, found, name if len(devices) > 1 else b"")
                    return

    # Grace

    def slots(self):
        """What LAST0 to LAST9 say: host, time, service; None where a line says nothing."""
        found = []
        for i in range(10):
            parts = words(option(self.text, b"LAST%d" % i) or b"")
            try:
                if not re.fullmatch(rb"[0-9A-Za-z:%.-]{1,255}", parts[0]):
                    raise Damaged(parts[0])
                found.append((parts[0], number(parts[1], 0, 2**62),
                              parts[2] if len(parts) > 2 else None))
            except (Damaged, IndexError):
                found.append(None)
        return found

    def is_mine(self, slot):
        return slot is not None and slot[0] == self.attempt.host.encode() and (
            slot[2] is None or slot[2] == (self.attempt.service or "").encode())

    def host_is_plain(self):
        return re.fullmatch(r"[0-9A-Za-z:%.-]{1,255}", self.attempt.host or "") and (
            not self.attempt.host.startswith("session:")) and (
            self.attempt.service is None or
            re.fullmatch(r"[0-9A-Za-z:%._-]{1,255}", self.attempt.service))

    def remember_host(self):
        if not self.host_is_plain():
            return
        slots = self.slots()
        mine = [i for i in range(10) if self.is_mine(slots[i])]
        free = [i for i in range(10) if slots[i] is None]
        oldest = sorted(range(10), key=lambda i: (slots[i] or (0, 0))[1])
        chosen = (mine + free + oldest)[0]
        value = f"{self.attempt.host} {self.attempt.now}" + (
            f" {self.attempt.service}" if self.attempt.service is not None else "")
        self.text = put(self.text, b"LAST%d" % chosen, value.encode())

    def has_grace(self):
        if self.attempt.grace_period <= 0 or not self.host_is_plain():
            return False
        for slot in self.slots():
            if self.is_mine(slot):
                return slot[1] <= self.attempt.now < slot[1] + self.attempt.grace_period
        return False

    # The two questions

    def before_prompt(self):
        """What a login does before it asks. Changes nothing."""
        try:
            _, wait = self.judge_login()
        except Damaged:
            return refused("bad-file")
        if wait:
            return refused("rate-limited", wait)
        if option(self.text, b"PENDING_UNTIL") is None and self.has_grace():
            try:
                self.algorithm()
                self.first_secret()
            except Damaged:
                return refused("none")
            return Answer("accepted", "none", "grace")
        return refused("none")

    def try_codes(self):
        until = option(self.text, b"PENDING_UNTIL")
        if until is not None:
            if len(words(until)) != 1:
                raise Damaged(until)
            if self.attempt.now > number(words(until)[0], 0, 2**62):
                self.answer = refused("pending-expired")
                return
        self.algorithm()
        self.first_secret()
        if self.try_emergency() or self.try_hashed():
            return
        found = self.parameters()
        if found["totp"]:
            self.devices()
        code = self.typed_code(found["digits"])
        if code is None:
            self.try_pair(found)
        elif found["totp"]:
            self.try_totp(code, found)
        elif found["counter"]:
            self.try_hotp(code, found)

    def decide(self):
        """Returns the answer; self.text is the new text."""
        try:
            wait = self.count_front_end() if self.attempt.front_end else self.count_login()
            if wait:
                return refused("rate-limited", wait)
            if self.attempt.typed is None:
                return refused("conversation")
            self.try_codes()
        except Damaged:
            return refused("bad-file")
        return self.answer or refused("wrong-code")
