# SPDX-License-Identifier: LGPL-2.1-or-later
"""Terminal output as a picture, for zbarimg: the small part of a terminal that shows QR
codes."""

import re
import subprocess

SEQUENCE = re.compile(r"\033\[([0-9;]*)m")

# The default foreground and background of a terminal.
THEMES = {"dark": (220, 0), "light": (20, 255)}

# The brightness of the eight basic colors, and of those of the 256 that occur.
BASIC = [0, 80, 100, 150, 40, 90, 130, 190]
PALETTE = {16: 0, 231: 255}

# The halves of a cell that a character fills: above, below.
BLOCKS = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}

SCALE = 6


class Colors:
    """The colors that the SGR sequences so far have chosen."""

    def __init__(self, theme):
        self.default = THEMES[theme]
        self.reset()

    def reset(self):
        self.pair = list(self.default)
        self.reverse = False

    def apply(self, parameters):
        numbers = [int(number or "0") for number in parameters.split(";")]
        while numbers:
            number = numbers.pop(0)
            if number == 0:
                self.reset()
            elif number in (7, 27):
                self.reverse = number == 7
            elif number in (39, 49):
                self.pair[number // 10 - 3] = self.default[number // 10 - 3]
            elif number // 10 in (3, 4) and number % 10 < 8:
                self.pair[number // 10 - 3] = BASIC[number % 10]
            elif number in (38, 48) and numbers.pop(0) == 5:
                self.pair[number // 10 - 3] = PALETTE[numbers.pop(0)]
            else:
                raise AssertionError(f"an unexpected sequence: {parameters}")

    def cell(self, character):
        """The brightness of the upper and the lower half."""
        fore, back = reversed(self.pair) if self.reverse else self.pair
        return [fore if filled else back for filled in BLOCKS[character]]


def code_lines(text):
    """The lines that consist of a QR code."""
    lines = text.replace("\r", "").split("\n")
    return [
        line
        for line in lines
        if len(SEQUENCE.sub("", line)) > 20
        and all(c in BLOCKS for c in SEQUENCE.sub("", line))
    ]


def size(text):
    """Columns and lines of the QR code on the screen."""
    lines = [SEQUENCE.sub("", line) for line in code_lines(text)]
    return max((len(line) for line in lines), default=0), len(lines)


def picture(text, theme):
    """Rows of brightness, two pixels above each other for each cell."""
    rows = []
    colors = Colors(theme)
    for line in code_lines(text):
        cells = []
        position = 0
        while position < len(line):
            match = SEQUENCE.match(line, position)
            if match:
                colors.apply(match.group(1))
                position = match.end()
            else:
                cells.append(colors.cell(line[position]))
                position += 1
        rows.append([cell[0] for cell in cells])
        rows.append([cell[1] for cell in cells])
    return rows


def check_colors(text):
    """Checks that each line resets its colors."""
    for line in code_lines(text):
        if SEQUENCE.search(line) and not line.endswith("\033[0m"):
            raise AssertionError("the colors are left behind")


def decode(text, theme, path):
    """The text that zbarimg reads from the screen. Around the code, the screen has the
    background color of the theme."""
    border = THEMES[theme][1]
    rows = picture(text, theme)
    if not rows:
        return None
    # Two blanks are a module that is as wide as it is high.
    width = max(len(row) for row in rows) + 8
    rows = [[border] * 4 + row + [border] * (width - 4 - len(row)) for row in rows]
    rows = [[border] * width] * 4 + rows + [[border] * width] * 4
    with open(path, "wb") as stream:
        stream.write(b"P5 %d %d 255\n" % (width * SCALE, len(rows) * SCALE))
        for row in rows:
            line = b"".join(bytes([pixel]) * SCALE for pixel in row)
            stream.write(line * SCALE)
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", str(path)], capture_output=True, check=False
    )
    return done.stdout.decode().strip() or None
