# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of costs share: what was built with what, and a committed baseline.

TOTPGROUP_WRITE_BASELINE=1 writes the numbers of this build into the tree in place of comparing. A
number that grows is a commit of its own, which says why.
"""

import json
import os
import pathlib
import platform
import re
import subprocess

from case import BUILD, Skip

HERE = pathlib.Path(__file__).resolve().parent


def compiler(program):
    """The compiler of a program, as it left its name there."""
    comment = subprocess.run(["readelf", "--string-dump=.comment", program], check=True,
                             capture_output=True, text=True).stdout
    return re.findall(r"\]\s+(.*)", comment)[-1].strip()


def flags():
    """The flags that the instructions depend on."""
    makefile = (BUILD / "Makefile").read_text(encoding="utf-8")
    return " ".join(" ".join(re.findall(rf"^{name} = (.*)$", makefile, re.MULTILINE)).strip()
                    for name in ("CPPFLAGS", "CFLAGS", "HARDEN_CPPFLAGS", "HARDEN_CFLAGS"))


def machine():
    """The machine, and its C library."""
    return f"{platform.machine()} {' '.join(platform.libc_ver())}"


def compare(name, facts, count, judge):
    """Lets judge(count(), known) compare numbers with the baseline, which holds for these facts."""
    path = HERE / f"{name}.json"
    if os.environ.get("TOTPGROUP_WRITE_BASELINE"):
        path.write_text(json.dumps({"facts": facts, "numbers": count()}, indent=1) + "\n",
                        encoding="utf-8")
        raise Skip(f"the baseline {path} was written")
    known = json.loads(path.read_text(encoding="utf-8"))
    for fact, value in facts.items():
        if known["facts"].get(fact) != value:
            raise Skip(f"the baseline is of another {fact}: {known['facts'].get(fact)!r}, "
                       f"and this is {value!r}")
    judge(count(), known["numbers"])
