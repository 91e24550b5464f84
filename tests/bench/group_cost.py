# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures group= with 10 and with 100,000 members, between other groups, in a private /etc/group.

Both are of a member, the last of the list.
"""

import subprocess
import sys

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root

ROWS = {"group-10": 10, "group-100000": 100000}


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted(ROWS)
    rounds.need_private_machine(wanted)
    private_root.enter()
    for row in wanted:
        members = ROWS[row]
        with open("/etc/group", "w", encoding="ascii") as file:
            names = ",".join(f"m{number}" for number in range(1, members + 1))
            file.write("root:x:0:\nfirst:x:7001:m1,m2\n"
                       f"large:x:7002:{names}\nlast:x:7003:m1\n")
        subprocess.run([rounds.program("tests/bench/group_cost"), row, "large", f"m{members}",
                        "65534"], check=True)


if __name__ == "__main__":
    main()
