# SPDX-License-Identifier: LGPL-2.1-or-later
"""State files as totpgroup-state(5) describes them, for tests that read or change one."""

import hashlib
import os
import re

SIZE = 4096
LINE = re.compile(rb"totpgroup-slot 1 generation (\d+) size 4096 length (\d+) sha256 [0-9a-f]{32}\n")


def read_state(path):
    """Returns the state of the slot that counts: of those that are whole, the one written last. The
    other one may be torn."""
    with open(path, "rb") as file:
        data = file.read()
    whole = {}
    for at in (0, SIZE):
        line = LINE.match(data, at)
        if line:
            text = data[line.end():line.end() + int(line[2])].decode("ascii")
            if data[at:at + SIZE] == slot(int(line[1]), text):
                whole[int(line[1])] = text
    if len(data) != 2 * SIZE or not whole:
        raise AssertionError(f"{path}: not two slots, one of them whole: {data!r}")
    return whole[max(whole)]


def slot(generation, state):
    """Returns the bytes of a slot."""
    text = state.encode("ascii")
    line = f"totpgroup-slot 1 generation {generation} size {SIZE} length {len(text)}".encode("ascii")
    digest = hashlib.sha256(line + text).hexdigest()[:32].encode("ascii")
    return (line + b" sha256 " + digest + b"\n" + text).ljust(SIZE - 1) + b"\n"


def write_state(path, state):
    """Writes both slots, with mode 0600 where the file is new. The next login writes in place."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(slot(8, state) + slot(9, state))
