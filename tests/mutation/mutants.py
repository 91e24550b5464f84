# SPDX-License-Identifier: LGPL-2.1-or-later
"""The mutants of a C file: one small change each."""

import collections
import dataclasses
import re

# What a pattern becomes. clang-format sets a blank on both sides of an operator.
SWAPS = ((" == ", " != "), (" != ", " == "), (" <= ", " < "), (" >= ", " > "), (" < ", " <= "),
         (" > ", " >= "), (" && ", " || "), (" || ", " && "), (" + ", " - "), (" - ", " + "),
         ("++", "--"), ("true", "false"), ("false", "true"))
NOT = re.compile(r"!(?=[a-z_(])")
# A call or an assignment that stands alone. A declaration has a type before. The sanitizers find
# memory that is not freed.
STATEMENT = re.compile(r"\t+(?:\(void\))?[a-z_>.\[\]-]+(?:\(.*\)| [+|&-]?= .*);")
RETURN = re.compile(r"\t\t+return .*;")
WORD = re.compile(r"[a-z_]")


@dataclasses.dataclass(frozen=True)
class Mutant:
    file: str
    number: int  # of the line, from 1
    before: str
    after: str
    nth: int = 1  # of those with the same text

    def name(self):
        which = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.file}: {self.before.strip()} -> {self.after.strip()}{which}"


def code_lines(text):
    """Numbers and lines, without comments, preprocessor, and what a long string holds."""
    in_comment = False
    for number, line in enumerate(text.splitlines(), 1):
        starts = line.strip().startswith
        in_comment = in_comment or starts("/*")
        if not in_comment and not starts(("#", '"')) and line.startswith("\t"):
            yield number, line
        if "*/" in line:
            in_comment = False


def changes(line):
    """What the line may become."""
    code = re.sub(r'"[^"]*"', lambda match: "\0" * len(match.group()), line)
    for old, new in SWAPS:
        for match in re.finditer(re.escape(old), code):
            at, end = match.span()
            if old.isalpha() and (WORD.match(code[at - 1]) or WORD.match(code[end:end + 1] or " ")):
                continue
            yield line[:at] + new + line[end:]
    for match in NOT.finditer(code):
        yield line[:match.start()] + line[match.end():]
    if (STATEMENT.fullmatch(code) and "free" not in code) or RETURN.fullmatch(code):
        yield re.match(r"\t*", line).group() + ";"


def mutants(file, text):
    found, seen = [], collections.Counter()
    for number, line in code_lines(text):
        for after in changes(line):
            same = line.strip(), after.strip()
            seen[same] += 1
            found.append(Mutant(file, number, line, after, seen[same]))
    return found


def apply(text, mutant):
    lines = text.split("\n")
    lines[mutant.number - 1] = mutant.after
    return "\n".join(lines)
