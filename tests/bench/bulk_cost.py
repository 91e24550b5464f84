# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measures enrolling a group with a letter for each user, beside a loop over google-authenticator
and qrencode that writes the same kind of files, and the memory of that.

    sudo top_builddir=BUILD tests/bench/bulk_cost.py [ROW...]

Ours enrolls 10,000 users at once. The loop and the floor make fewer, because each takes as long as
the last.
"""

import glob
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root

FORMATS = {"bulk-svg": "svg", "bulk-html": "html", "bulk-png": "png"}
MEMORY, FLOOR = "bulk-memory", "bulk-floor"
USERS, FLOOR_USERS, LOOPED, ROUNDS = 10000, 2000, 50, 3
FEW, MANY = 1000, 100000


def have(users):
    """Makes a user database with so many members of the group, beside root."""
    with open("/etc/group", "w", encoding="ascii") as file:
        file.write("root:x:0:\ntotp:x:20000:\n")
    with open("/etc/passwd", "w", encoding="ascii") as file:
        file.write("root:x:0:0::/root:/bin/sh\n")
        file.writelines(f"user{number}:x:{20000 + number}:20000::/nowhere:/bin/sh\n"
                        for number in range(1, users + 1))


class Folder:
    """An empty folder for secrets and letters, for a `with` statement."""

    def __init__(self, parent):
        self._parent, self.path = parent, None

    def __enter__(self):
        self.path = tempfile.mkdtemp(dir=self._parent)
        os.mkdir(f"{self.path}/secrets", 0o700)
        with open(f"{self.path}/conf", "w", encoding="ascii") as file:
            file.write(f"secret={self.path}/secrets/${{USER}}\nuser=root\n")
        os.sync()
        return self.path

    def __exit__(self, *_):
        subprocess.run(["rm", "-r", self.path], check=True)


def bulk(folder, letters):
    """The command that enrolls all members of the group."""
    return [rounds.program("totp-enroll"), "bulk", "-q", f"--conf={folder}/conf", "--group=totp",
            f"--format={letters}", f"--output={folder}/letters"]


def enroll(parent, letters):
    """Enrolls all users. Returns the seconds for one, and those of processors: in the program, and in
    the kernel."""
    with Folder(parent) as folder:
        before = processor_seconds()
        took = rounds.seconds(lambda: subprocess.run(bulk(folder, letters), check=True))
        made = glob.glob(f"{folder}/letters/user*.{letters}")
        if len(made) != USERS or len(os.listdir(f"{folder}/secrets")) != USERS:
            sys.exit(f"bulk_cost: {len(made)} of {USERS} users were enrolled")
        return took / USERS, [(now - then) / USERS for then, now in zip(before, processor_seconds())]


def processor_seconds():
    """What all programs that ended have taken of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime


def measure(row, work):
    """Prints the rounds of a row, and how long a user keeps processors busy."""
    letters, taken = FORMATS.get(row, "svg"), []

    def ours():
        if row == FLOOR:
            return floor(work)
        took, processor = enroll(work, letters)
        taken.append(processor)
        return took

    rounds.measure(row, ours, lambda: loop(work, letters), ROUNDS)
    if taken:
        program, kernel = (statistics.median(times) * 1e6 for times in zip(*taken))
        rounds.note(f"{row}: a user takes {program:.0f} µs of a processor in the program, and "
                    f"{kernel:.0f} µs in the kernel")


def floor(parent):
    """Makes the matrix and the files of users, and nothing else. Returns the seconds for one."""
    command = [rounds.program("tests/bench/bulk_floor"), "", str(FLOOR_USERS)]
    with Folder(parent) as command[1]:
        return rounds.seconds(lambda: subprocess.run(command, check=True)) / FLOOR_USERS


LOOP = """
set -e
cd "$1"
for user in $(seq --format=user%.0f 1 "$3"); do
	google-authenticator -t -d -f -r 3 -R 30 -W -C -q -s "$1/secrets/$user"
	read -r secret <"$1/secrets/$user"
	qrencode -t "$2" -o "$1/$user.$2" "otpauth://totp/host:$user@host?secret=$secret&issuer=host"
done
"""


def loop(parent, letters):
    """Enrolls users one by one with the other programs. Returns the seconds for one."""
    kind = "png" if letters == "png" else "svg"
    with Folder(parent) as folder:
        return rounds.seconds(lambda: subprocess.run(
            ["/bin/sh", "-c", LOOP, "sh", folder, kind, str(LOOPED)], check=True)) / LOOPED


def peak(users):
    """The most KiB that enrolling so many users takes. The files are in memory."""
    have(users)
    with Folder(private_root.TOP) as folder:
        done = subprocess.run([rounds.program("tests/bench/peak_memory"), *bulk(folder, "svg")],
                              check=True, stderr=subprocess.PIPE, text=True)
        return int(done.stderr.split()[-1])


def main():
    """Measures the wanted rows."""
    wanted = rounds.wanted([*FORMATS, FLOOR, MEMORY])
    rounds.need_private_machine(wanted)
    private_root.enter()
    if MEMORY in wanted:
        wanted.remove(MEMORY)
        private_root.mount("tmpfs", "/run", "-o", "remount,size=2g")
        rounds.report(MEMORY, peak(MANY), peak(FEW))
    for program, package in (("google-authenticator", "libpam-google-authenticator"),
                             ("qrencode", "qrencode")):
        if wanted and shutil.which(program) is None:
            rounds.skip(wanted, f"{program} is missing (package {package})")
            return
    have(USERS)
    with tempfile.TemporaryDirectory(prefix="bulk-cost.", dir="/var/tmp") as work:
        for row in wanted:
            measure(row, work)


if __name__ == "__main__":
    main()
