# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the table, in its order."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Aim:
    """What a row is to reach. `kind` says which number is compared with the limit.

    ratio: ours divided by the peer's; seconds: ours; more: ours less the peer's, in seconds;
    noise: the lower quartile of the ratios is at most 1; stated: nothing is compared.
    """
    kind: str
    limit: float = 0


def ratio(limit):
    """Ours is at most so many times the peer's."""
    return Aim("ratio", limit)


def microseconds(limit):
    """Ours takes at most so long."""
    return Aim("seconds", limit / 1e6)


def more_microseconds(limit):
    """Ours takes at most so much longer than the peer's."""
    return Aim("more", limit / 1e6)


NOISE = Aim("noise")
STATED = Aim("stated")


@dataclasses.dataclass(frozen=True)
class Row:
    """A row: its name on the command line, and the program of this folder that measures it."""
    name: str
    work: str
    beside: str
    aim: Aim
    program: str
    unit: str = "s"  # or KiB, calls


LOOP = "a loop of google-authenticator and qrencode"

ROWS = (
    Row("login-read-only", "a login that writes nothing", "pam_google_authenticator", ratio(0.75),
        "login_cost.py"),
    Row("login-floor", "one by a bare module, which reads the secret once and judges nothing",
        "pam_google_authenticator", STATED, "login_cost.py"),
    Row("login-libpam", "one by pam_permit, which does nothing", "pam_google_authenticator", STATED,
        "login_cost.py"),
    Row("login-again", "a login that writes nothing, in a process that made one before",
        "pam_google_authenticator, which libpam loads each time", ratio(0.75), "login_cost.py"),
    Row("login-durable", "a login that spends a code, secret in the home",
        "pam_google_authenticator, which does not sync the folder", ratio(1.15), "login_cost.py"),
    Row("login-durable-state", "the same with state=", "pam_google_authenticator", ratio(0.5),
        "login_cost.py"),
    Row("state-users", "what a login does in a system store of 100,000 users",
        "the same, 10 users", ratio(1.05), "state_cost"),
    Row("in-place", "the write of a separate state", "a bare durable replacement", STATED,
        "state_cost"),
    Row("folder-sync", "a bare durable replacement", "the same without a sync of the folder", STATED,
        "state_cost"),
    Row("ordered", "a replacement that relies on ext4's journal",
        "one without a sync of the folder", STATED, "state_cost"),
    Row("login-wrong-code", "a wrong code, with skew learning (3,000 candidates)",
        "pam_google_authenticator", ratio(0.25), "login_cost.py"),
    Row("login-wrong-floor", "one by the bare module, which computes 3,003 codes",
        "pam_google_authenticator", STATED, "login_cost.py"),
    Row("login-mapped", "what a login maps into a process that has libgcrypt",
        "pam_google_authenticator", STATED, "login_cost.py", "KiB"),
    Row("login-resident", "what of it becomes resident", "pam_google_authenticator", STATED,
        "login_cost.py", "KiB"),
    Row("login-configuration", "a configuration file of 7 lines", "the same on the module's line",
        more_microseconds(12), "login_cost.py"),
    Row("login-drop-in", "a drop-in more", "the file alone", more_microseconds(8),
        "login_cost.py"),
    Row("login-sealed", "a login with seal_key=, its store in memory, that spends a code",
        "the same without seal_key=", more_microseconds(10), "login_cost.py"),
    Row("login-sealed-again", "the same, in a process that made one before",
        "the same without seal_key=", more_microseconds(10), "login_cost.py"),
    Row("seal-keys", "the file of keys, read and judged, which a sealed login does twice",
        "its seven system calls alone", STATED, "seal_cost"),
    Row("seal-open", "a secret or a state opened, which a sealed login does four times",
        "HMAC-SHA-256 and AES-256-GCM of libgcrypt alone", STATED, "seal_cost"),
    Row("seal-close", "one sealed, which a sealed login does once",
        "HMAC-SHA-256 and AES-256-GCM of libgcrypt alone", STATED, "seal_cost"),
    Row("login-calls", "system calls of a login that writes nothing", "pam_google_authenticator",
        STATED, "calls_cost.py", "calls"),
    Row("login-calls-durable", "of one that counts in the home", "pam_google_authenticator",
        STATED, "calls_cost.py", "calls"),
    Row("login-calls-state", "the same with state=", "pam_google_authenticator", STATED,
        "calls_cost.py", "calls"),
    Row("ssh-login", "an ssh login to the first byte of a command, key and code",
        "pam_google_authenticator", NOISE, "ssh_cost.py"),
    Row("ssh-login-alone", "the same", "key alone", STATED, "ssh_cost.py"),
    Row("ssh-memory", "resident memory of sshd at the prompt", "pam_google_authenticator", STATED,
        "ssh_cost.py", "KiB"),
    Row("ssh-mapped", "the same, mapped", "pam_google_authenticator", STATED, "ssh_cost.py",
        "KiB"),
    *(row for name in ("SHA-1", "SHA-256", "SHA-512") for row in (
        Row(f"verify-{name.replace('-', '').lower()}", f"a right code in memory, {name}",
            "oath_totp_validate4() over its window", ratio(0.4), "core_cost"),
        Row(f"verify-{name.replace('-', '').lower()}-bare", f"a right code in memory, {name}",
            "three bare HMACs", ratio(1.3), "core_cost"))),
    Row("parse", "a credential parsed and freed", "a wiped copy of the text", microseconds(0.4),
        "core_cost"),
    Row("parse-decide-serialize", "parsed, decided on, serialized", "a wiped copy of the text",
        microseconds(2), "core_cost"),
    Row("group-10", "group=, 10 members", "getgrouplist() alone", ratio(1.2), "group_cost.py"),
    Row("group-100000", "group=, 100,000 members", "getgrouplist() alone", ratio(1.1),
        "group_cost.py"),
    Row("bulk-svg", "a user of a bulk of 10,000, SVG", LOOP, ratio(0.06), "bulk_cost.py"),
    Row("bulk-html", "the same, HTML", LOOP, ratio(0.08), "bulk_cost.py"),
    Row("bulk-png", "the same, PNG", LOOP, ratio(0.15), "bulk_cost.py"),
    Row("bulk-floor", "its files and the matrix of its QR code, and nothing else", LOOP, STATED,
        "bulk_cost.py"),
    Row("bulk-memory", "memory of a bulk of 100,000", "of 1,000", ratio(1.05), "bulk_cost.py",
        "KiB"),
    Row("directory-login-gid", "group= by its gid in LDAP, a member", "getgrouplist() alone",
        ratio(1.2), "directory_cost.py"),
    Row("directory-login-name", "the same by its name, with all members",
        "getgrouplist() alone", STATED, "directory_cost.py"),
    Row("directory-dry-run", "bulk --dry-run of a group in LDAP", "getent passwd with the names",
        ratio(1.3), "directory_cost.py"),
    Row("directory-status", "status of that group, nobody of whom has a secret",
        "getent passwd with the names", ratio(2), "directory_cost.py"),
    Row("status", "status of 10,000 enrolled users", "a loop that reads the same files",
        ratio(1.5), "status_cost.py"),
    Row("status-json", "the same with --json", "a loop that reads the same files", ratio(1.5),
        "status_cost.py"),
    Row("status-floor", "that loop, which also asks for the kind of each file, parses the text, and "
        "prints a line", "a loop that reads the same files", STATED, "status_cost.py"),
    *(Row(f"daemon-durable-{users}{'-16' * (callers > 1)}",
          f"daemon, durable, {users:,} user{'s' * (users > 1)}, "
          f"{callers} caller{'s' * (callers > 1)}",
          "a loop of durable replaces", ratio(limit), "verify_cost.py")
      for users, limit in ((1, 0.6), (10000, 1.2)) for callers in (1, 16)),
    Row("daemon-read-only", "daemon, read-only, 16 users, 16 callers",
        "a bare echo over such a socket", ratio(2), "verify_cost.py"),
    Row("daemon-floor", "an echo that hands each call to one of 16 threads",
        "a bare echo over such a socket", STATED, "verify_cost.py"),
    Row("fleet-settle-4", "settle() of the shared store, a quorum of standbys, 4 callers",
        "one statement that updates and logs", ratio(1.33), "fleet_cost.py"),
    Row("fleet-settle-16", "the same, 16 callers", "one statement that updates and logs",
        ratio(1.33), "fleet_cost.py"),
    Row("fleet-update-4", "the same, 4 callers", "a bare select and update", ratio(1.66),
        "fleet_cost.py"),
    Row("fleet-update-16", "the same, 16 callers", "a bare select and update", ratio(1.66),
        "fleet_cost.py"),
    Row("fleet-floor-16", "those two statements in a function that checks nothing, 16 callers",
        "one statement that updates and logs", STATED, "fleet_cost.py"),
    Row("fleet-login", "a login through the daemon, warm, 1 caller",
        "pgbench that calls look() and settle()", ratio(1.25), "fleet_cost.py"),
    Row("fleet-logins", "the same, 16 callers, the daemon's 2 connections",
        "pgbench with 2 connections", ratio(1.25), "fleet_cost.py"),
    Row("fleet-refusal", "a refusal with the primary stopped", "the deadline of 3 s",
        Aim("seconds", 3.1), "fleet_cost.py"),
    Row("fleet-breaker", "the same, once the breaker is open", "the deadline of 3 s",
        Aim("seconds", 0.001), "fleet_cost.py"),
    Row("qr-terminal", "one QR code for a terminal", "its matrix by libqrencode", ratio(1.1),
        "qr_cost"),
    Row("qr-svg", "one QR code as SVG", "its matrix by libqrencode", ratio(1.1), "qr_cost"),
    Row("qr-png", "one QR code as PNG", "its matrix by libqrencode", ratio(2), "qr_cost"),
)
