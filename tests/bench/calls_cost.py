# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts the system calls of a login, and lists each once with what it is for.

    sudo top_builddir=BUILD tests/bench/calls_cost.py [ROW...]

Listed are the calls of libpam and the module from pam_start() to pam_end(), of the second of two
logins, so that what a process does once is not among them. The peer's are counted, too.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import rounds

sys.path.insert(1, str(rounds.HERE.parent / "e2e"))

# pylint: disable=wrong-import-position
import private_root
from login_cost import PASSWD, PEER_MODULE, SECRET, Machine, has_peer
from one_time_code import Secret

ROWS = {"login-calls": ("ours", False), "login-calls-durable": ("ours", True),
        "login-calls-state": ("state", True)}
PEER = "peer"

# What the calls are for: the first pattern that matches names it.
REASONS = (
    (r"pam\.d|/etc/pam|/usr/lib/pam|\"auth required|read\(\d+, \"\", 4096",
     "libpam reads the service"),
    (r"/lib/.*\.so|mprotect|munmap|mmap", "libpam loads the module and its libraries"),
    (r"NETLINK|nlmsg|TCGETS|poll\(|fcntl\(\d+, F_SETFD", "libpam tells the audit system"),
    (r"nscd|nsswitch", "the C library looks for sources of users"),
    (r"/etc/passwd|/etc/group|lseek", "the C library looks the user up"),
    (r"/etc/security|/usr/lib/security", "the module looks for a configuration file"),
    (r"/etc/login\.defs|localtime", "libpam or the C library reads its settings"),
    (r"/dev/log|socket\(AF_UNIX|connect\(|sendto\(|AUTHPRIV", "the log line"),
    (r"getrandom", "a name for the new file that nobody can foresee"),
    (r"flock|F_OFD|F_SETLK", "one login at a time decides on a secret"),
    (r"fsync|fdatasync|syncfs", "a code is spent on the disk before anybody is let in"),
    (r"rename|linkat", "the new file takes the place of the old one"),
    (r"unlink|getdents|F_GETFL", "what a killed login may have left is looked for"),
    (r"pwrite|^write\(", "the new state is written"),
    (r"fchmod|fchown|xattr", "the new file has the owner, mode and label of the old one"),
    (r"setfsuid|setfsgid|setgroups|setres|getres|capget|capset",
     "files are reached with their owner's rights"),
    (r"geteuid|getuid|getegid|getgid|getgroups", "whose rights the process has"),
    (r"rt_sigprocmask|rt_sigaction", "no signal comes between two rights, or between two writes"),
    (r"prlimit|getrlimit|setrlimit", "limits of the caller do not stop a write"),
    (r"prctl|PR_", "a thread with other rights is not traced"),
    (r"openat|openat2|read\(|pread|fstat|newfstatat|statx|close|fstatfs|readlink|faccessat",
     "the secret, its state and their folders are opened, judged and read"),
    (r"brk", "memory"),
    (r"clock|time|sleep", "the time, or the wait after a wrong code"),
    (r"getpid|gettid", "the process, for the log line"),
)


def trace(machine, service, code):
    """The system calls of a login as strace writes them."""
    output = machine.top / "calls"
    subprocess.run(["strace", "-f", "-s", "80", "-o", output, rounds.program(
        "tests/bench/login_path"), machine.services, service, "nobody", code, "2"], check=True)
    lines = re.sub(r"^\d+ +", "", output.read_text(encoding="utf-8", errors="replace"),
                   flags=re.M).splitlines()
    begin = max(i for i, line in enumerate(lines) if '"BEGIN"' in line)
    end = max(i for i, line in enumerate(lines) if '"END"' in line)
    return [line for line in lines[begin + 1:end] if not line.startswith(("---", "+++"))]


def reason(line):
    """What a call is for."""
    return next((words for pattern, words in REASONS if re.search(pattern, line)), "NOT JUSTIFIED")


def shorten(line, top):
    """A call without what differs from run to run."""
    line = line.replace(str(top), "TOP")
    line = re.sub(r"~\w{6}", "~RANDOM", re.sub(r"st_\w+=[^,}]*,? ?|\.\.\.", "", line))
    return line if len(line) <= 110 else f"{line[:107]}..."


def list_calls(row, calls, top):
    """Prints the calls in groups: what for, and each once with how often it was made."""
    rounds.note(f"The system calls of {row}:")
    groups = {}
    for line in calls:
        each = groups.setdefault(reason(line), {})
        text = shorten(line, top)
        each[text] = each.get(text, 0) + 1
    for words, lines in groups.items():
        rounds.note(f"    {words}: {sum(lines.values())}")
        for text, count in lines.items():
            rounds.note(f"        {text}{f'  ({count} times)' if count > 1 else ''}")


def count(machine, row):
    """Counts ours and the peer's."""
    service, spends = ROWS[row]
    secret = Secret.of_base32(SECRET)
    # Both of two logins with the same code are let in where the first does not spend it.
    lines = ['" WINDOW_SIZE 17'] + (['" RATE_LIMIT 100 30'] if spends else [])
    numbers = {}
    for one in (service, PEER):
        machine.write(machine.secret, *lines)
        calls = trace(machine, one, secret.code())
        numbers[one] = len(calls)
        if one == service:
            list_calls(row, calls, machine.top)
    rounds.report(row, numbers[service], numbers[PEER])


def main():
    """Counts for the wanted rows."""
    wanted = rounds.wanted(ROWS)
    rounds.need_private_machine(wanted)
    if shutil.which("strace") is None or not has_peer():
        rounds.skip(wanted, f"strace or {PEER_MODULE} is missing (packages strace, "
                    "libpam-google-authenticator)")
        return
    private_root.enter()
    with open("/etc/passwd", "w", encoding="ascii") as file:
        file.write(PASSWD)
    log = subprocess.Popen([rounds.program("tests/bench/verify_cost"), "drain", "/dev/log"],
                           stdout=subprocess.PIPE)
    log.stdout.readline()
    os.umask(0o022)
    top = pathlib.Path(tempfile.mkdtemp(prefix="calls-cost.", dir="/var/tmp"))
    try:
        machine = Machine(top)
        for row in wanted:
            count(machine, row)
    finally:
        shutil.rmtree(top)
        log.kill()
        log.wait()


if __name__ == "__main__":
    main()
