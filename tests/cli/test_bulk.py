# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll bulk: which users it enrolls, the files it writes, and its messages."""

import json
import os
import re
import signal
import stat
import subprocess
import time
import urllib.parse

import pexpect
from browser import photograph, read_codes
from bulk_host import GID, GROUP, Host, check_whole
from support import (
    PATIENCE, PROGRAM, Credential, check, equal, log_in, need, test, totp,
)

ALL = "svg,png,html,txt,csv,json"
OTHERS = (f"service:x:200:{GID}::/:/bin/sh\n"
          f"nobody:x:65534:{GID}::/:/bin/sh\n"
          f"closed:x:30001:{GID}::/nowhere:/usr/sbin/nologin\n"
          f"directory:x:1234567890:{GID}::/nowhere:/bin/sh\n"
          "guest:x:30002:100::/nowhere:/bin/zsh\n")


def expect(done, status, output, errors, what):
    equal(done.status, status, f"{what}: {done.output!r} {done.errors!r}")
    check(re.search(output, done.output), f"{what}: {done.output!r}")
    check(re.search(errors, done.errors), f"{what}: {done.errors!r}")


def snapshot(host):
    return {str(path): (path.lstat().st_ino, path.lstat().st_mtime_ns, path.read_bytes())
            for top in (host.out, host.store) for path in top.rglob("*") if path.is_file()}


@test
def a_group_is_enrolled_without_those_who_do_not_log_in(folder):
    host = Host(folder, ["alice", "bob"], OTHERS, "guest,alice,gone")
    users, report = host.report(formats=ALL)
    equal(users, {"alice": ("created", None), "bob": ("created", None),
                  "guest": ("created", None), "directory": ("created", None),
                  "service": ("skipped", "system-account"),
                  "nobody": ("skipped", "system-account"),
                  "closed": ("skipped", "no-login-shell"),
                  "gone": ("skipped", "unknown-user")}, "users")
    equal((report["created"], report["skipped"], report["failed"], report["interrupted"],
           report["status"]), (4, 4, 0, False, 0), "numbers")
    check(host.secret("alice") not in json.dumps(report), "a secret in the report")
    alice, = (row for row in report["users"] if row["user"] == "alice")
    path = str(host.store / "alice")
    equal((alice["file"], alice["store"], alice["place"]), (path, "file", path), "where")
    gone, = (row for row in report["users"] if row["user"] == "gone")
    equal((gone["file"], gone["store"], gone["place"]), (None, None, None), "nowhere")
    host.users += ["guest", "directory"]
    equal(check_whole(host, ALL), set(host.users), "enrolled")
    Credential(host.store / "alice").check(
        ['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'])
    equal(stat.S_IMODE((host.store / "alice").stat().st_mode), 0o400, "mode")
    codes = Credential(host.store / "bob").codes
    letter = (host.out / "bob.txt").read_text()
    check(all(code in letter for code in codes), "the letter has not all emergency codes")
    check(f"secret={host.secret('bob')}" in read_codes(host.out / "bob.png")[0], "the QR code")
    rows = {row["user"]: row for row in json.loads((host.out / "users.json").read_text())["users"]}
    equal((rows["bob"]["emergency_codes"], rows["bob"]["pending_until"]), (codes, None), "JSON")


@test
def missing_folders_of_the_store_are_made(folder):
    """A host that was just configured has none yet."""
    host = Host(folder, ["alice", "bob"])
    host.store.rmdir()
    host.store = host.top / "var" / "secret"
    host.configure()
    expect(host.run(), 0, "^created 2; skipped 0; failed 0\n$", "", "without a folder")
    equal(host.enrolled(), {"alice", "bob"}, "enrolled")
    equal([stat.S_IMODE(path.stat().st_mode) for path in (host.store.parent, host.store)],
          [0o700, 0o700], "modes")


@test
def a_second_run_changes_nothing_and_adds_new_users(folder):
    host = Host(folder, ["alice", "bob"])
    expect(host.run(formats=ALL), 0, r"^created 2; skipped 0; failed 0\n$", "", "the first run")
    before = snapshot(host)
    expect(host.run(formats=ALL), 0, r"^created 0; skipped 2: enrolled 2; failed 0\n$", "", "again")
    equal(snapshot(host), before, "files")
    host.passwd.write_text(host.passwd.read_text() + f"carol:x:30000:{GID}::/x:/bin/sh\n")
    host.users.append("carol")
    expect(host.run(formats=ALL), 0, "^created 1; skipped 2", "", "with a third user")
    equal(check_whole(host, ALL), {"alice", "bob", "carol"}, "enrolled")
    (host.store / "bob").unlink()
    users, _ = host.report(formats=ALL)
    equal(users["bob"], ("failed", "letter-exists"), "an old letter")
    equal(host.secret("bob"), None, "secret")


@test
def names_are_read_from_a_file_or_standard_input(folder):
    host = Host(folder, ["alice", "bob"], OTHERS)
    names = "\ufeff# who\r\n\n  alice \r\nclosed\nno\x01body\nno-one\n" + "x" * 300 + "\nalice\nservice"
    path = host.top / "names"
    path.write_text(names, encoding="utf-8")
    done = host.run(f"--users={path}", group=False)
    expect(done, 7, r"skipped alice: was named before\n(.*\n)*created 3; skipped 1: twice 1; "
           r"failed 3: unknown-user 1, bad-name 2\n", r"no-one: there is no such user", "a file")
    check(f"{path}, line 5: is no name" in done.errors, done.errors)
    check(f"{path}, line 7: is no name" in done.errors, done.errors)
    equal({entry.name for entry in host.out.iterdir()}, {"alice.svg", "closed.svg", "service.svg"},
          "files")
    expect(host.run(group=False, names="bob"), 0, "^created 1; skipped 0; failed 0", "", "a pipe")
    expect(host.run("--users=-", group=False, names=""), 0, "^created 0", "", "nobody")
    expect(host.run("--users=/nowhere", group=False), 6, "^$", "cannot open /nowhere", "no file")
    expect(host.run("--users=x"), 2, "^$", "contradicts", "both")
    expect(host.run("extra"), 2, "^$", "unexpected word 'extra'", "a word")


@test
def secrets_in_home_folders_belong_to_their_users(folder):
    host = Host(folder, ["alice", "bob"])
    host.make_homes()
    expect(host.run(formats="txt,csv"), 0, "^created 2", "", "homes")
    status = (host.top / "home/alice/.google_authenticator").stat()
    equal((status.st_uid, stat.S_IMODE(status.st_mode)), (20001, 0o400), "owner and mode")
    equal(check_whole(host, "txt,csv"), {"alice", "bob"}, "enrolled")
    expect(host.run(f"--secret={host.store}/${{USER}}", "--rotate", formats="txt"), 0,
           "skipped 2: has-letter 2", "", "another store, the same folder")


@test
def rotation_replaces_the_secrets_once_for_each_folder(folder):
    host = Host(folder, ["alice", "bob", "carol"])
    expect(host.run(group=False, names="alice\nbob\n"), 0, "^created 2", "", "the first secrets")
    old = {user: host.secret(user) for user in host.users}
    expect(host.run("--rotate"), 0, "^created 1; skipped 2: has-letter 2", "", "the same folder")
    host.out = host.top / "new"
    expect(host.run("--rotate", formats=ALL), 0, "^created 3; skipped 0; failed 0", "", "a new one")
    equal(check_whole(host, ALL), set(host.users), "enrolled")
    new = {user: host.secret(user) for user in host.users}
    check(all(new[user] != old[user] for user in old), "an old secret is there still")
    expect(host.run("--rotate", formats=ALL), 0, "skipped 3: has-letter 3", "", "again")
    equal({user: host.secret(user) for user in host.users}, new, "secrets")
    expect(host.run("--rotate", formats="csv"), 2, "^$", "--rotate needs one of", "no letters")


@test
def a_dry_run_does_nothing(folder):
    host = Host(folder, ["alice", "bob"], OTHERS)
    expect(host.run("--dry-run"), 0, rf"^would create alice: {host.store}/alice\n"
           r"(.*\n)*would be skipped service: is a system account\n(.*\n)*"
           r"would be created 3; skipped 3", "^$", "dry run")
    equal((host.out.exists(), list(host.store.iterdir())), (False, []), "what is there")
    users, report = host.report("-n")
    equal((users["bob"], report["dry_run"]), (("created", None), True), "JSON")


@test
def the_folder_is_made_private_or_refused(folder):
    host = Host(folder, ["alice"])
    host.out.mkdir(mode=0o755)
    host.out.chmod(0o755)
    expect(host.run(), 6, "^$", f"has the mode 0755.*chmod 700 {host.out}", "open to others")
    host.out.chmod(0o700)
    os.chown(host.out, 20001, GID)
    expect(host.run(), 6, "^$", "belongs to another user", "another's")
    host.out.rename(host.top / "elsewhere")
    os.chown(host.top / "elsewhere", 0, 0)
    host.out.symlink_to(host.top / "elsewhere")
    expect(host.run(), 6, "^$", "is a link or no folder", "a link")
    host.out.unlink()
    host.out.write_text("")
    expect(host.run(), 6, "^$", "is a link or no folder", "a file")
    host.out.unlink()
    equal(host.secret("alice"), None, "secret")
    host.out = host.top / "nowhere" / "out"
    expect(host.run(), 6, "^$", "No such file or directory", "no parent")
    done = subprocess.run([PROGRAM, "bulk", "--group", GROUP], env=host.environment(),
                          capture_output=True, text=True, check=False)
    equal(done.returncode, 2, "without --output")
    check("--output DIR" in done.stderr, done.stderr)


@test
def a_folder_that_others_may_reach_is_warned_of(folder):
    host = Host(folder, ["alice"])
    expect(host.run("-n"), 0, "", "^$", "not yet there")
    expect(host.run(), 0, "", "warning: everybody may look into the folder", "a public parent")
    closed = host.top / "closed"
    closed.mkdir(mode=0o700)
    host.out = closed / "out"
    check("warning" not in host.run().errors, "a closed parent")
    host.out = closed / "public_html" / "out"
    host.out.parent.mkdir()
    expect(host.run(), 0, "", "warning: .* is where a web server may look", "a web root")


@test
def nothing_is_overwritten_and_no_link_followed(folder):
    host = Host(folder, ["alice", "bob"])
    host.out.mkdir(mode=0o700)
    target = host.top / "target"
    target.write_text("kept")
    (host.out / "alice.svg").symlink_to(target)
    users, _ = host.report()
    equal(users, {"alice": ("failed", "letter-exists"), "bob": ("created", None)}, "users")
    equal((target.read_text(), host.secret("alice")), ("kept", None), "target and secret")
    for name in ("users.csv", "users.json", "letters.html"):
        (host.out / name).write_text("something else\n")
        (host.out / name).chmod(0o600)
        expect(host.run(formats="csv,json,html"), 6, "", f"{name}: no run of this kind", name)
        (host.out / name).unlink()
        (host.out / name).symlink_to(target)
        expect(host.run(formats="csv,json,html"), 6, "", f"{name}: no run of this kind", "a link")
        (host.out / name).unlink()
    equal(target.read_text(), "kept", "target")


@test
def a_name_that_no_file_can_have_is_refused(folder):
    host = Host(folder, ["letters", "a b", "x" * 251])
    users, _ = host.report(formats="html,csv")
    equal([users[name] for name in host.users],
          [("failed", "bad-name"), ("created", None), ("failed", "bad-name")], "users")
    users, _ = host.report("--users=-", names="letters\n", group=False)
    equal(users["letters"], ("created", None), "where there is no print run")
    host.passwd.write_text(host.passwd.read_text() + f".hidden:x:30003:{GID}::/:/bin/sh\n")
    users, _ = host.report()
    equal(users[".hidden"], ("failed", "bad-name"), "a name that no path can have")


@test
def a_secret_file_that_is_not_as_it_should_be_is_an_error(folder):
    host = Host(folder, ["alice", "bob"])
    (host.store / "alice").mkdir()
    (host.store / "bob").write_text("")
    users, _ = host.report()
    equal(users, {"alice": ("failed", "bad-file"), "bob": ("failed", "bad-file")}, "users")
    equal(list(host.out.iterdir()), [], "letters")


@test
def pending_secrets_end_without_a_first_code(folder):
    host = Host(folder, ["alice", "bob"])
    before = int(time.time())
    expect(host.run("--pending-for=14d", formats="json,txt"), 0, "^created 2", "", "run")
    text = (host.store / "alice").read_text()
    until = int(re.search(r'" PENDING_UNTIL ([0-9]+)\n', text).group(1))
    check(before <= until - 14 * 86400 <= int(time.time()), f"until {until}, made at {before}")
    row = json.loads((host.out / "users.json").read_text())["users"][0]
    equal(row["pending_until"], until, "JSON")
    for user, when, good in (("alice", until - 60, True), ("bob", until + 60, False)):
        folder.file.unlink(missing_ok=True)
        folder.file.write_text((host.store / user).read_text())
        folder.file.chmod(0o600)
        equal(log_in(folder, totp(host.secret(user), when // 30), when), good, f"{user}'s login")
        equal("PENDING_UNTIL" in folder.file.read_text(), not good, f"{user} is pending")
    for bad in ("14", "14w", "0d", "99999d", "-1d", ""):
        equal(host.run(f"--pending-for={bad}", "-n").status, 2, f"{bad!r}")


@test
def the_qr_code_in_the_letter_logs_in(folder):
    """A browser shows the letter, and its QR code is scanned. The module accepts the code that
    an app would show then, which confirms the secret."""
    host = Host(folder, ["alice"])
    expect(host.run("--pending-for=1d", formats="html"), 0, "^created 1", "", "run")
    link = urllib.parse.urlsplit(read_codes(photograph(folder, host.out / "alice.html"))[0])
    values = urllib.parse.parse_qs(link.query)
    equal((link.scheme, link.netloc), ("otpauth", "totp"), "the link")
    check(link.path.endswith(":alice@" + os.uname().nodename), link.path)
    folder.file.write_text((host.store / "alice").read_text())
    folder.file.chmod(0o600)
    now = int(time.time())
    code = totp(values["secret"][0], now // int(values.get("period", ["30"])[0]))
    check(not log_in(folder, f"{(int(code) + 1) % 10**6:06d}", now - 600), "a wrong code")
    check(log_in(folder, code, now), "the module refuses the code")
    check("PENDING_UNTIL" not in folder.file.read_text(), "is pending still")


@test
def the_command_gets_each_letter(folder):
    host = Host(folder, ["alice", "bob", "carol"])
    sent = host.top / "sent"
    sent.mkdir()
    command = (f'cat >{sent}/$TOTP_ENROLL_USER; env >{sent}/env; echo to nobody; '
               'test $TOTP_ENROLL_USER != bob')
    done = host.run(f"--exec={command}", formats="csv,txt,svg")
    expect(done, 7, "^created 2; skipped 0; failed 1: exec 1\n$",
           "bob: is enrolled, but the command ended with status 1; the letter is still there", "")
    equal(done.errors.count("to nobody"), 3, "its output")
    for user in host.users:
        equal((sent / user).read_text(), (host.out / f"{user}.txt").read_text(), user)
    check(host.secret("carol") not in (sent / "env").read_text(), "a secret in the environment")
    equal(check_whole(host, "csv,txt,svg"), set(host.users), "enrolled")
    expect(host.run("--exec=true", formats="csv"), 2, "^$", "--exec needs one of", "no letters")
    host = Host(folder_below(folder), ["dave"])
    expect(host.run("--exec=exec <&-; kill -9 $$", formats="html"), 7, "failed 1: exec 1",
           "dave: is enrolled, but the command was ended by signal 9", "killed")


def folder_below(folder):
    class Below:  # pylint: disable=too-few-public-methods
        path = folder.path / "below"
    Below.path.mkdir()
    return Below


@test
def after_an_interruption_the_command_gets_the_rest(folder):
    host = Host(folder, ["alice", "bob", "carol"])
    log, gate = host.top / "log", host.top / "gate"
    os.mkfifo(gate)
    command = f"echo $TOTP_ENROLL_USER >>{log}; test $TOTP_ENROLL_USER != bob || read x <{gate}"
    with subprocess.Popen(host.arguments(f"--exec={command}"), env=host.environment(),
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        with open(gate, "w", encoding="ascii") as stream:
            # The command for bob is running.
            second = host.run()
            expect(second, 6, "^$", "another run writes there", "a second run")
            child.send_signal(signal.SIGTERM)
            stream.write("\n")
        output, _ = child.communicate(timeout=PATIENCE)
    equal(child.returncode, -signal.SIGTERM, "status")
    check(output.startswith("created 2; "), output)
    equal(host.enrolled(), set(host.users), "enrolled")
    expect(host.run("--exec=echo $TOTP_ENROLL_USER >>" + str(log)), 0, "^created 1; skipped 3",
           "finishing what an interrupted run left", "the next run")
    equal(log.read_text().split(), host.users, "to whom")
    equal(check_whole(host, "svg"), set(host.users), "enrolled")


@test
def a_command_that_the_signal_ended_gets_its_letter_again(folder):
    """Ctrl-C on a terminal reaches the command, too."""
    host = Host(folder, ["alice", "bob", "carol"])
    log, gate = host.top / "log", host.top / "gate"
    os.mkfifo(gate)
    command = f"echo $TOTP_ENROLL_USER >>{log}; test $TOTP_ENROLL_USER != bob || read x <{gate}"
    with subprocess.Popen(host.arguments(f"--exec={command}"), env=host.environment(),
                          start_new_session=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as child:
        with open(gate, "w", encoding="ascii"):
            os.killpg(child.pid, signal.SIGTERM)
            output, errors = child.communicate(timeout=PATIENCE)
    equal(child.returncode, -signal.SIGTERM, "status")
    equal(output, "created 1; skipped 0; failed 0\n", errors)
    check("interrupted; the same command does the rest" in errors, errors)
    expect(host.run("--exec=echo $TOTP_ENROLL_USER >>" + str(log)), 0, "^created 2; skipped 3",
           "finishing what an interrupted run left", "the next run")
    equal(log.read_text().split(), ["alice", "bob", "bob", "carol"], "to whom")
    equal(check_whole(host, "svg"), set(host.users), "enrolled")


def kill_before_publishing(host, *arguments, shared=0):
    """Kills a run that has completed its journal and has not enrolled anyone yet. Before that
    it gives the `shared` files their names."""
    need("strace")
    done = host.run(command=[
        "env", "-u", "LD_PRELOAD", "strace", "-qq", "-e", "trace=renameat2", "-e",
        f"inject=renameat2:signal=KILL:when={1 + shared}", "-o", "/dev/null", "-E",
        f"LD_PRELOAD={host.wrapper}", *arguments])
    check(done.status in (-9, 137), f"status {done.status}")
    check((host.out / ".totp-enroll-bulk" / "journal").exists(), "no journal")


@test
def a_secret_that_somebody_else_made_meanwhile_stands(folder):
    host = Host(folder, ["alice", "bob", "carol"])
    formats = "svg,csv,txt"
    kill_before_publishing(host, *host.arguments(formats=formats), shared=1)
    other = "JBSWY3DPEHPK3PXP"
    (host.store / "bob").write_text(f"{other}\n")
    (host.store / "bob").chmod(0o400)
    users, _ = host.report(formats=formats)
    equal(users["bob"], ("failed", "conflict"), "bob")
    equal(host.secret("bob"), other, "bob's secret")
    host.users.remove("bob")
    (host.store / "bob").unlink()
    equal(check_whole(host, formats), {"alice", "carol"}, "enrolled")


@test
def an_interrupted_rotation_is_finished_except_for_changed_secrets(folder):
    """The old secrets stand until the next run."""
    host = Host(folder, ["alice", "bob", "carol"])
    equal(host.run().status, 0, "the first secrets")
    old = {user: host.secret(user) for user in host.users}
    host.out = host.top / "new"
    kill_before_publishing(host, *host.arguments("--rotate"))
    equal({user: host.secret(user) for user in host.users}, old, "secrets")
    for user, text in (("bob", "JBSWY3DPEHPK3PXP\n"), ("carol", None)):
        (host.store / user).unlink()
        if text:
            (host.store / user).write_text(text)
            (host.store / user).chmod(0o400)
    users, report = host.report()
    equal((users["alice"], report["created"] > 0), (("created", None), True), "alice")
    check(host.secret("alice") != old["alice"], "alice has the old secret")
    check((host.out / "alice.svg").exists(), "alice's letter")
    equal(host.secret("bob"), "JBSWY3DPEHPK3PXP", "bob's secret")


@test
def an_interrupted_run_is_not_finished_in_another_store(folder):
    host = Host(folder, ["alice"])
    kill_before_publishing(host, *host.arguments())
    (host.top / "other").mkdir(mode=0o700)
    expect(host.run(f"--secret={host.top}/other/${{USER}}"), 6, "", "name the same --secret", "")
    equal(host.run().status, 0, "the same store")
    equal(check_whole(host, "svg"), {"alice"}, "enrolled")


@test
def a_damaged_journal_is_refused(folder):
    host = Host(folder, ["alice"])
    kill_before_publishing(host, *host.arguments())
    journal = host.out / ".totp-enroll-bulk" / "journal"
    text = journal.read_bytes()
    for bad in (b"", text[:-1], text[:40], text.replace(b"bulk 2", b"bulk 9"), text + b"x"):
        journal.write_bytes(bad)
        expect(host.run(), 6, "", "journal is damaged; use totp-enroll status to see", f"{bad[:9]}")
    equal(host.secret("alice"), None, "secret")


@test
def a_terminal_shows_a_bar(folder):
    host = Host(folder, [f"user{number}" for number in range(1200)])
    child = pexpect.spawn("/bin/sh", ["-c", 'exec "$@" >/dev/null', "sh",
                                      *host.arguments(formats="txt")],
                          env=host.environment(), dimensions=(24, 70), timeout=PATIENCE,
                          encoding="utf-8")
    child.expect(pexpect.EOF)
    child.wait()
    equal(child.exitstatus, 0, "status")
    bars = re.findall(r"\r\x1b\[K *([0-9]+)% \[(#*)(\.*)\] ([0-9]+) of 1200 users, [0-9]+/s"
                      r"(, [0-9:]+ left)?", child.before)
    check(bars, repr(child.before[-300:]))
    numbers = [int(bar[3]) for bar in bars]
    equal(numbers, sorted(numbers), "counts")
    check({512, 1024, 1200} <= set(numbers), f"after each batch it says how far it is: {numbers}")
    for line in child.before.split("\r\x1b[K"):
        check(len(line.split("\n")[-1]) < 70, f"too long: {line!r}")
    check(child.before.endswith("\r\x1b[K"), "the bar stands there still")


@test
def the_bar_stands_while_a_command_runs(folder):
    host = Host(folder, ["alice", "bob", "carol"])
    gate, names = host.top / "gate", host.top / "names"
    os.mkfifo(gate)
    names.write_text("alice\nbob\ncarol\n")
    command = f"test $TOTP_ENROLL_USER != bob || read x <{gate}; echo sent $TOTP_ENROLL_USER"
    child = pexpect.spawn("/bin/sh", ["-c", 'exec "$@" >/dev/null', "sh", *host.arguments(
        f"--exec={command}", f"--users={names}", group=False)],
                          env=host.environment(), dimensions=(24, 80), timeout=PATIENCE,
                          encoding="utf-8")
    child.expect(r"  0% \[\.+\] 0 users, 0/s  sent alice\r\n")
    # The command for bob waits.
    child.expect(r" 33% \[#+\.+\] 1 user, [0-9]+/s, 0:[0-9]+ left  $")
    with open(gate, "w", encoding="ascii"):
        pass
    child.expect(r"sent bob\r\n(.*\r\x1b\[K)? 66% \[#+\.+\] 2 users, .* left  sent carol\r\n")
    child.expect(pexpect.EOF)
    child.wait()
    equal(child.exitstatus, 0, "status")
    check(child.before.endswith("\r\x1b[K"), "the bar stands there still")


@test
def without_a_terminal_progress_is_in_plain_lines(folder):
    host = Host(folder, [f"user{number}" for number in range(600)])
    done = host.run(formats="txt")
    lines = [line for line in done.errors.splitlines() if "of 600 users" in line]
    equal(len(lines), 2, f"lines in {done.errors!r}")
    check("\x1b" not in done.errors and "\r" not in done.errors, repr(done.errors))
    host.out = host.top / "out2"
    done = host.run(group=False, names="user0\n")
    check(re.search("^totp-enroll: 1 user, [0-9]+/s", done.errors, re.M), done.errors)
    done = host.run("-q", "--rotate", formats="txt")
    equal((done.status, done.output), (0, ""), "quietly")
    check("users" not in done.errors, done.errors)


@test
def hashed_codes_need_a_format_that_shows_them(folder):
    host = Host(folder, ["alice"])
    base = host.conf.read_text()
    host.configure(base + "[enroll]\nemergency_codes=1\ncodes=hashed\n")
    expect(host.run(formats="svg,csv"), 2, "^$", "would show hashed emergency codes to nobody", "")
    expect(host.run(formats="svg,csv,txt"), 0, "^created 1", "", "with a letter")
    check('" SCRATCH_HASH scrypt' in (host.store / "alice").read_text(), "no hashed code")
    check(re.search("([0-9A-Z]{4}-){3}[0-9A-Z]{4}", (host.out / "alice.txt").read_text()), "code")
    host.configure(base + "[enroll]\nalgorithm=SHA256\n")
    host.out = host.top / "out2"
    expect(host.run("--rotate"), 0, "^created 1", "SHA", "another kind")
    check("SCRATCH_HASH" not in (host.store / "alice").read_text(), "hashed all the same")


@test
def wrong_options_are_refused(folder):
    host = Host(folder, ["alice"])
    for words in (["--format=pdf"], ["--format=svg,"], ["--format="], ["--rotate", "--rotate"]):
        equal(host.run(*words, formats="svg").status, 2, f"{words}")
    expect(host.run("--language=xx"), 2, "^$", "language '?xx", "a language")
    expect(host.run("--template=/nowhere/letter.html", formats="html"), 6, "^$", "nowhere", "")
    template = host.top / "letter.txt"
    template.write_text("{{user}} {{secret}}\n")
    expect(host.run(f"--template={template}", formats="html,svg"), 2, "^$",
           f"{template} is a template of txt, which --format does not name", "another kind")
    expect(host.run(f"--template={template}", "-n", formats="html,txt"), 0, "create", "^$", "")
    host.conf.write_text(host.conf.read_text() + f"[enroll]\ntemplate={template}\n")
    expect(host.run("-n", formats="html"), 0, "create", "^$", "in the configuration")
    host.conf.write_text(host.conf.read_text() + "language=xx\n")
    expect(host.run(), 2, "^$", "language '?xx", "a language in the configuration")
    equal(host.secret("alice"), None, "secret")


@test
def a_missing_or_empty_group_is_reported(folder):
    host = Host(folder, ["alice"])
    done = host.run("--group=no-such-group", group=False)
    expect(done, 2, "^$", "there is no group 'no-such-group'", "no group")
    (host.top / "group").write_text(f"{GROUP}:x:{GID + 1}:\n")
    expect(host.run(), 0, "^created 0; skipped 0; failed 0\n$",
           f"the group '{GROUP}' has no members", "an empty group")


@test
def a_caller_who_is_not_root_enrolls_only_himself(folder):
    need("setpriv")
    host = Host(folder, ["alice", "bob"])
    own = host.top / "own"
    own.mkdir()
    os.chown(own, 20001, GID)
    host.conf.chmod(0o644)
    host.configure(f"secret={own}/secret\n")
    host.conf.chmod(0o644)
    host.out = own / "out"
    as_alice = ["setpriv", "--reuid=20001", f"--regid={GID}", "--clear-groups"]
    expect(host.run(command=as_alice + host.arguments()), 5, "^$", "only root may enroll a group", "")
    arguments = as_alice + host.arguments(group=False)
    expect(host.run(command=arguments, names="bob\n"), 5, "failed 1: not-permitted 1",
           "only root may do that", "another user")
    expect(host.run(command=arguments, names="alice\nbob\n"), 5 + 2, "created 1", "", "both")
    check((own / "secret").exists() and (own / "out" / "alice.svg").exists(), "alice's files")
