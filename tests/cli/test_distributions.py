# SPDX-License-Identifier: LGPL-2.1-or-later
"""The recipes of docs/other-distributions.md, and the line for display managers: doctor finds no
problem in them, and libpam lets in who should be, on the files of each distribution."""

import contextlib
import itertools

from case import SOURCE, check
from doctor_host import MY_GROUP
from pam_logins import AUTH_ERR, IGNORE, MODULE, SUCCESS, USER_UNKNOWN, Stack
from pam_stacks import (ALPINE, ARCH, DEBIAN_GDM, DEBIAN_LIGHTDM, FEDORA, FEDORA_SSSD, OPENSUSE,
                        OPENSUSE_SSSD, PASSWORDS)
from support import test

LINE = f"auth required {MODULE} group={MY_GROUP}"

# What must stand in the guide, the stack before, and the line behind which ours comes.
RECIPES = (("`auth include system-remote-login`", ARCH, "auth include @/system-remote-login"),
           ("`auth include common-auth`", OPENSUSE, "auth include @/common-auth"),
           ("`auth include base-auth`", ALPINE, "auth include @/base-auth"))
# Their password is required, not requisite: the guide says what that means.
ASKED_AFTER_WRONG = (OPENSUSE, ALPINE)


def lines_of(stack):
    return {name: text.splitlines() for name, text in stack.items()}


def in_place(stack):
    """The stack with the lines of the example in place of the line that brings in the others'."""
    example = (SOURCE / "conf/pam.d/sshd-password-and-code-fedora").read_text()
    ours = [line.replace(f"{MODULE}", f"{MODULE} group={MY_GROUP}")
            for line in example.splitlines() if line and not line.startswith("#")]
    files = lines_of(stack)
    files["login"] = ours + [line for line in files["login"]
                             if "substack" not in line and "common-auth" not in line]
    return files


def behind(stack, line):
    """The stack with our line behind that one."""
    files = lines_of(stack)
    where = files["login"].index(line)
    files["login"].insert(where + 1, LINE)
    return files


def must_hold(stack, files, what, asks_after_wrong=False):
    """Every answer of the password modules and of ours, where all else goes well."""
    stack.write(files)
    findings = [finding for finding in stack.findings() if finding["level"] == "problem"]
    check(not findings, f"{what}: {findings}")
    passwords = [name for name in PASSWORDS if any(name in line for line in
                                                   itertools.chain(*files.values()))]
    others = {word for line in itertools.chain(*files.values()) for word in line.split()
              if word.startswith("pam_") and word not in (*passwords, MODULE, "pam_deny.so")}
    for answers in itertools.product((SUCCESS, AUTH_ERR, USER_UNKNOWN), repeat=len(passwords)):
        for code in (SUCCESS, AUTH_ERR, USER_UNKNOWN, IGNORE):
            row = {**dict.fromkeys(sorted(others), SUCCESS), **dict(zip(passwords, answers)),
                   MODULE: code}
            let_in, asked = stack.answers([row])[0]
            # A module behind one that succeeds, and before one that fails, is not asked at all.
            right = any(row[name] == SUCCESS for name in passwords if name in asked)
            if not right or code in (AUTH_ERR, USER_UNKNOWN):
                check(not let_in, f"{what} lets in {row}")
            if SUCCESS == answers[0] and code in (SUCCESS, IGNORE):
                check(let_in, f"{what} keeps out {row}")
            check(MODULE not in asked or right or asks_after_wrong, f"{what} asks for a code after {row}")


@test
def the_recipes_of_the_guide_are_right(folder):
    guide = (SOURCE / "docs/other-distributions.md").read_text(encoding="utf-8")
    with contextlib.closing(Stack(folder)) as stack:
        for words, before, line in RECIPES:
            check(words in guide, f"the guide has no {words}")
            must_hold(stack, behind(before, line), words, before in ASKED_AFTER_WRONG)
        for words in ("`auth substack password-auth`", "in place of `auth include common-auth`"):
            check(words in guide, f"the guide has no {words}")
        for before in (FEDORA, FEDORA_SSSD, OPENSUSE_SSSD):
            must_hold(stack, in_place(before), "the lines of the example")


@test
def the_line_of_the_desktop_is_right(folder):
    guide = (SOURCE / "docs/sudo-and-desktop.md").read_text(encoding="utf-8")
    with contextlib.closing(Stack(folder)) as stack:
        for service, before in (("gdm-password", DEBIAN_GDM), ("lightdm", DEBIAN_LIGHTDM)):
            check(f"`{service}`" in guide, f"the guide has no {service}")
            must_hold(stack, behind(before, "auth include @/common-auth"), service)
