# SPDX-License-Identifier: LGPL-2.1-or-later
"""The commands for a secret that exists: verify, status, show and revoke."""

import fcntl
import grp
import json
import os
import pwd
import re
import stat
import subprocess
import time

import pexpect
from support import (
    PROGRAM, Skip, check, equal, finish, need, need_root, run, start, step_now,
    step_safely, test, totp,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHED = ('" SCRATCH_HASH scrypt 1 8 1 AAAQEAYEAUDAOCAJBIFQYDIOB4 '
          "TWXQMLOGYIAUEMANAMWTSTEDQF4WZOA3C5J3OWFGJF5TVADF5FPQ\n")
TOTP = f'{SECRET}\n" TOTP_AUTH\n" DISALLOW_REUSE\n'
REUSE = '" DISALLOW_REUSE\n'
CODES = "12345678\n87654321\n"
try:
    ME = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    ME = None


def put(folder, text, user=None, mode=0o400):
    """Writes the file that the option of spec() names."""
    parent = folder.path / "secrets"
    parent.mkdir(exist_ok=True)
    path = parent / (user or ME)
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def spec(folder):
    if ME is None:
        raise Skip("the caller has no name")
    (folder.path / "secrets").mkdir(exist_ok=True)
    return f"--secret={folder.path}/secrets/${{USER}}"


def result_of(folder, command, *arguments, **changes):
    return run(folder, command, spec(folder), *arguments, **changes)


def verify(folder, code, *arguments, **changes):
    return result_of(folder, "verify", *arguments, ME, answers=f"{code}\n", **changes)


def expect(result, status, output, errors, what):
    equal((result.status, result.output), (status, output), f"{what}: {result.errors!r}")
    check(re.search(errors, result.errors) if errors else result.errors == "",
          f"{what}: {result.errors!r}")


def status_json(folder, *arguments):
    result = result_of(folder, "status", "--json", *arguments)
    report = json.loads(result.output)
    equal((report["version"], report["status"]), (1, result.status), "version and status")
    return report["users"]


def as_nobody(folder, *arguments, answers=""):
    """Runs the program as the user nobody."""
    need_root()
    need("setpriv")
    folder.path.chmod(0o755)
    done = subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, *arguments],
        capture_output=True, text=True, check=False, input=answers, env=folder.environment())
    if done.returncode in (126, 127):
        raise Skip("nobody cannot run the program where it is")
    return done.returncode, done.stdout, done.stderr


@test
def a_code_is_right_once(folder):
    path = put(folder, TOTP + CODES)
    code = totp(SECRET, step_safely())
    expect(verify(folder, code), 0, f"{ME}: right (totp)\n", "", "the code")
    check(f'" DISALLOW_REUSE {step_now()}' in path.read_text(), "the step is not spent")
    equal(stat.S_IMODE(path.stat().st_mode), 0o400, "mode")
    expect(verify(folder, code), 1, "", "reused", "the same code again")
    expect(verify(folder, " 1234 5678"), 0, f"{ME}: right (emergency)\n", "", "emergency code")
    expect(verify(folder, "12345678"), 1, "", "wrong-code", "a spent emergency code")
    expect(verify(folder, "87654321", "-q"), 0, "", "", "quietly")
    expect(verify(folder, ""), 1, "", "wrong-code", "an empty line")
    equal([entry.name for entry in path.parent.iterdir()], [ME], "files")


@test
def with_separate_state_the_secret_stays_and_spent_codes_are_known(folder):
    until = int(time.time()) + 1000
    path = put(folder, f'{SECRET}\n" PENDING_UNTIL {until}\n" TOTP_AUTH\n{REUSE}{CODES}')
    before = path.read_text(), path.stat().st_ino, path.stat().st_mtime_ns
    conf = folder.path / "totpgroup.conf"
    conf.write_text(f"state={folder.path}/state/${{USER}}\n")
    conf.chmod(0o644)
    apart = f"--conf={conf}"
    code = totp(SECRET, step_safely())
    expect(verify(folder, "000000", apart), 1, "", "wrong-code", "a wrong code")
    equal(status_json(folder, apart)[0]["state"], "pending", "state before the first good code")
    expect(verify(folder, code, apart), 0, f"{ME}: right (totp)\n", "", "the code")
    expect(verify(folder, code, apart), 1, "", "reused", "the same code again")
    expect(verify(folder, "12345678", apart), 0, f"{ME}: right (emergency)\n", "", "emergency")
    expect(verify(folder, "12345678", apart), 1, "", "wrong-code", "a spent emergency code")
    user = status_json(folder, apart)[0]
    equal((user["state"], user["plain_codes_left"]), ("confirmed", 1), "state and codes left")
    equal((path.read_text(), path.stat().st_ino, path.stat().st_mtime_ns), before, "the secret")
    equal(stat.S_IMODE((folder.path / "state" / ME).stat().st_mode), 0o600, "the state's mode")
    (folder.path / "state" / ME).write_text("rubbish\n")
    expect(verify(folder, "87654321", apart), 6, "", f"state/{ME}, line 1", "a damaged state")
    user = status_json(folder, apart)[0]
    equal(user["state"], "problem", "of a damaged state")
    check(f"state/{ME}, line 1: " in user["message"], user["message"])


@test
def a_code_of_another_time_is_refused_with_its_offset(folder):
    put(folder, TOTP)
    expect(verify(folder, totp(SECRET, step_safely() + 20)), 1, "",
           r"another time: offset=\+[0-9]+s", "a code of later")


@test
def verify_knows_counters_and_other_parameters(folder):
    path = put(folder, f'{SECRET}\n" HOTP_COUNTER 5\n" ALGORITHM SHA256\n" DIGITS 8\n')
    expect(verify(folder, totp(SECRET, 6, 8, "sha256")), 0, f"{ME}: right (hotp)\n", "", "HOTP")
    check('" HOTP_COUNTER 7\n' in path.read_text(), "the counter")


@test
def after_too_many_attempts_a_right_code_is_refused(folder):
    path = put(folder, TOTP + '" RATE_LIMIT 1 3600\n')
    expect(verify(folder, "000000"), 1, "", "wrong-code", "the first")
    code = totp(SECRET, step_safely())
    expect(verify(folder, code), 4, "", "retry_after=[0-9]+s$", "a right one that is too many")
    result = verify(folder, code, "--json")
    equal(result.status, 4, "status")
    check(re.search("retry_after=[0-9]+s$", result.errors), result.errors)
    report = json.loads(result.output)
    check(3500 < report["retry_after"] <= 3601, f"{report}")
    check("DISALLOW_REUSE\n" in path.read_text(), "the code is spent")
    report = status_json(folder)[0]
    check(report["limited"] and 3500 < report["retry_after"] <= 3601, f"{report}")


@test
def a_first_code_confirms_a_pending_secret_in_time(folder):
    until = int(time.time()) + 1000
    text = f'{SECRET}\n" PENDING_UNTIL {until}\n" TOTP_AUTH\n'
    path = put(folder, text)
    user = status_json(folder)[0]
    equal((user["state"], user["pending_until"]), ("pending", until), "state")
    check("pending until 20" in result_of(folder, "status").output, "the table")
    equal(verify(folder, "000000").status, 1, "a wrong code")
    equal(path.read_text(), text, "the file after it")
    equal(verify(folder, totp(SECRET, step_safely())).status, 0, "a right code")
    equal(path.read_text(), f'{SECRET}\n" TOTP_AUTH\n', "the file")
    put(folder, text.replace(str(until), "1700000000"))
    equal(status_json(folder)[0]["state"], "pending-expired", "state")
    check(" expired 2023-11-1" in result_of(folder, "status").output, "the table")
    expect(verify(folder, totp(SECRET, step_safely())), 1, "", "pending-expired", "too late")
    put(folder, text.replace(str(until), "soon"))
    expect(verify(folder, totp(SECRET, step_safely())), 6, "", "line 2: PENDING_UNTIL", "damage")


@test
def verify_reports_what_it_cannot_check(folder):
    expect(verify(folder, "000000"), 3, "", "secrets", "without a file")
    put(folder, TOTP, mode=0o644)
    expect(verify(folder, "000000"), 6, "", "mode 0644", "the mode")
    put(folder, "!\n")
    expect(verify(folder, "000000"), 6, "", "line 1: not a base32", "the secret")
    put(folder, TOTP + '" RATE_LIMIT 1 3600\n')
    expect(result_of(folder, "verify", ME), 1, "", "nothing was tried", "without a line")
    check("RATE_LIMIT 1 3600\n" in put(folder, TOTP + '" RATE_LIMIT 1 3600\n').read_text(), "count")
    expect(result_of(folder, "verify"), 2, "", "verify whom", "without a user")
    expect(result_of(folder, "verify", ME, "000000"), 2, "", "no user '000000'; codes come on standard input",
           "a code as an argument")
    expect(result_of(folder, "verify", "no-such-user"), 2, "", "no user", "an unknown user")


@test
def verify_prints_json(folder):
    put(folder, TOTP)
    code = totp(SECRET, step_safely())
    report = json.loads(verify(folder, code, "--json").output)
    equal(report, {"version": 1, "status": 0, "user": ME, "accepted": True, "reason": None,
                   "method": "totp", "offset": 0, "retry_after": None, "message": None}, "right")
    report = json.loads(verify(folder, code, "--json").output)
    equal((report["accepted"], report["reason"], report["method"]), (False, "reused", None),
          "reused")
    put(folder, "!\n")
    report = json.loads(verify(folder, code, "--json").output)
    equal((report["status"], report["reason"]), (6, "bad-file"), "damaged")
    check("line 1" in report["message"], f"{report}")


@test
def a_code_is_not_shown_while_it_is_typed(folder):
    put(folder, TOTP + CODES)
    child = start(folder, "verify", spec(folder), ME)
    child.expect_exact("Verification code: ")
    child.sendline("12345678")
    child.expect(r"right \(emergency\)")
    check("12345678" not in child.before, f"{child.before!r}")
    equal(finish(child), 0, "status")


@test
def a_signal_leaves_the_terminal_as_it_was(folder):
    put(folder, TOTP)
    shell = pexpect.spawn("/bin/sh", ["-c", f"'{PROGRAM}' verify '{spec(folder)}' {ME}; "
                                      "echo ended $?; stty -a"],
                          env=folder.environment(), timeout=60, encoding="utf-8")
    shell.expect_exact("Verification code: ")
    for pid in children_of(shell.pid):
        os.kill(pid, 15)
    shell.expect("ended 143")
    shell.expect(r"(?<![-\w])echo ")
    shell.expect(pexpect.EOF)


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as stream:
        return [int(word) for word in stream.read().split()]


@test
def one_code_is_right_for_one_of_many_at_once(folder):
    put(folder, TOTP + CODES)
    workers = [subprocess.Popen([PROGRAM, "verify", spec(folder), ME], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                env=folder.environment()) for _ in range(8)]
    for worker in workers:
        worker.stdin.write(b"12345678\n")
        worker.stdin.close()
    equal(sorted(worker.wait() for worker in workers), [0] + 7 * [1], "statuses")


@test
def status_prints_all_but_the_secret(folder):
    path = put(folder, f'{SECRET}\n" ALGORITHM SHA512\n" DIGITS 8\n" STEP_SIZE 60\n'
               '" RATE_LIMIT 3 30 1700000100\n" DISALLOW_REUSE 28333333 28333334\n'
               f'" LAST0 host 1700000200\n" LABEL Jürgens Telefon\n" TOTP_AUTH\n{HASHED}{CODES}')
    user = status_json(folder, ME)[0]
    equal(user, {
        "user": ME, "state": "confirmed", "enrolled": True, "file": str(path), "store": "file",
        "place": str(path), "message": None,
        "kind": "totp", "algorithm": "SHA512", "digits": 8, "period": 60, "pending_until": None,
        "plain_codes_left": 2, "hashed_codes_left": 1, "limited": False, "retry_after": None,
        "label": "Jürgens Telefon", "devices": ["Jürgens Telefon"], "last_used": 1700000200, "last_used_from": "login",
        "last_login": 1700000200, "last_code": 28333334 * 60, "last_attempt": 1700000100},
        "the user")
    before = path.read_text()
    result = result_of(folder, "status", TZ="UTC")
    equal(result.status, 0, "status")
    table = " ".join(result.output.split())
    for words in ("confirmed TOTP 2+1 hashed", "SHA512, 8 digits, every 60 s; ",
                  "2023-11-14 22:16 ", f"{path} (Jürgens Telefon)"):
        check(words in table, f"{words!r} is not in {table!r}")
    check("JBSW" not in result.output and "12345678" not in result.output, result.output)
    equal(path.read_text(), before, "the file")


@test
def status_prints_the_latest_use(folder):
    put(folder, TOTP.replace("REUSE", "REUSE 56666670") + '" RATE_LIMIT 3 30 1700000000\n')
    user = status_json(folder)[0]
    equal((user["last_used"], user["last_used_from"]), (1700000100, "code"), "code")
    put(folder, TOTP.replace("REUSE", "REUSE 56666670") + '" RATE_LIMIT 3 30 1700000101\n')
    user = status_json(folder)[0]
    equal((user["last_used"], user["last_used_from"]), (1700000101, "attempt"), "attempt")
    check("last an attempt, right or wrong" in result_of(folder, "status").output, "the table")
    put(folder, f"{SECRET}\n12345678\n")
    user = status_json(folder)[0]
    equal((user["kind"], user["last_used"], user["last_used_from"]), ("emergency", None, None),
          "neither")


@test
def status_reports_unusable_files(folder):
    path = folder.path / "secrets" / str(ME)
    user = status_json(folder)[0]
    equal((user["state"], user["enrolled"], user["file"]), ("not-enrolled", False, str(path)), "no file")
    equal((user["store"], user["place"]), ("file", str(path)), "where it would be")
    equal(result_of(folder, "status").status, 3, "the only user")
    equal(result_of(folder, "status", ME, ME).status, 0, "of several")
    for text, mode, words in ((TOTP, 0o644, "mode 0644"), ("=\n", 0o400, "line 1"),
                              (f'{SECRET}\n" RATE_LIMIT x\n', 0o400, "line 2")):
        put(folder, text, mode=mode)
        user = status_json(folder)[0]
        equal((user["state"], user["enrolled"]), ("problem", False), words)
        check(words in user["message"], f"{user}")
        result = result_of(folder, "status")
        equal(result.status, 6, "status")
        check(words in result.output, f"{result.output}")


@test
def a_secret_that_every_login_refuses_is_refused_by_every_command(folder):
    """A blank at the end of RATE_LIMIT is enough for that."""
    text = f'{SECRET}\n" RATE_LIMIT 3 30 \n" TOTP_AUTH\n'
    path = put(folder, text)
    source = folder.path / "source"
    source.write_text(text, encoding="ascii")
    elsewhere = f"--secret={folder.path}/others/${{USER}}"
    (folder.path / "others").mkdir()
    why = r"line 2: .*RATE_LIMIT"
    expect(verify(folder, "123456"), 6, "", why, "verify")
    user, = status_json(folder)
    equal(user["state"], "problem", "status")
    check(re.search(why, user["message"]), user["message"])
    for command in (("show", "--force"), ("export",),
                    ("enroll", "--device=tablet", "--force"), ("revoke", "--device=tablet", ME)):
        result = result_of(folder, *command)
        check(result.status != 0 and re.search(why, result.errors),
              f"{command}: {result.status}, {result.errors!r}")
        check(SECRET not in result.output, f"{command} shows the secret")
    for command in (("codes", "--force", f"--secret={path}"),
                    ("import", elsewhere, f"--user={ME}", str(source)),
                    ("enroll", elsewhere, f"--from-file={source}")):
        result = run(folder, *command)
        check(result.status != 0 and re.search(why, result.errors + result.output),
              f"{command}: {result.status}, {result.errors!r}, {result.output!r}")
    equal(path.read_text(), text, "the file")
    equal(list((folder.path / "others").iterdir()), [], "what was taken over")


@test
def the_columns_of_status_are_aligned(folder):
    need_root()
    put(folder, TOTP)
    result = result_of(folder, "status", ME, "nobody", "no-such-user")
    equal((result.status, result.errors), (7, ""), "result")
    lines = result.output.splitlines()
    # The file of each user stands below, because its path is long.
    rows = [line for line in lines if not line.startswith("  ")]
    check(rows[3].startswith("no-such-user  unknown-user"), rows[3])
    check("  there is no user 'no-such-user'" in lines, lines)
    for word in ("STATE", "KIND"):
        at = rows[0].index(word)
        for line in rows[1:]:
            check(line[at] != " " and line[at - 2:at] == "  ", f"{word}: {line!r}")
    check("SECRET" not in rows[0], "a heading without a column")
    check("\x1b" not in result.output, "colors")


@test
def status_lists_the_members_of_a_group(folder):
    need_root()
    user = pwd.getpwnam("nobody")
    group = grp.getgrgid(user.pw_gid).gr_name
    put(folder, TOTP, "nobody")
    for name in (group, str(user.pw_gid)):
        users = {entry["user"]: entry["state"] for entry in status_json(folder, "--group", name)}
        equal(users.get("nobody"), "confirmed", f"nobody in {users}")
        equal(set(users), {entry.pw_name for entry in pwd.getpwall() if entry.pw_gid == user.pw_gid}
              | set(grp.getgrnam(group).gr_mem), "members")
    expect(result_of(folder, "status", "-g", "no-such-group"), 2, "", "no group", "no group")


@test
def primary_and_supplementary_members_are_listed_once(folder):
    """The column of names is as wide as the names look on the screen."""
    need_root()
    need("unshare")
    for source, lines in (
            ("passwd", "jürgen:x:54321:54300::/nowhere:/bin/sh\nli:x:54322:54301::/nowhere:/bin/sh\n"
             "both:x:54323:54300::/nowhere:/bin/sh\nother:x:54324:54301::/nowhere:/bin/sh\n"),
            ("group", "asked:x:54300:both,li,gone\nrest:x:54301:\n")):
        with open(f"/etc/{source}", encoding="utf-8") as stream:
            (folder.path / source).write_text(stream.read() + lines, encoding="utf-8")
    folder.path.chmod(0o755)
    result = run(folder, "-m", "sh", "-c",
                 "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"",
                 "sh", PROGRAM, "status", "--group=asked", "other", program="unshare")
    equal((result.status, result.errors), (7, ""), "result")
    lines = result.output.splitlines()
    equal([line.split()[0] for line in lines], ["USER", "other", "both", "gone", "jürgen", "li"],
          "names")
    check("there is no user 'gone'" in lines[3], lines[3])
    for number in (0, 1, 2, 4, 5):
        equal(lines[number].index("STATE" if number == 0 else "not-enrolled"), 8, lines[number])


@test
def users_may_manage_only_their_own_secret(folder):
    need_root()
    conf = folder.path / "t.conf"
    conf.write_text("store=file\n")
    conf.chmod(0o644)
    # With this configuration, a daemon on this host is not asked.
    for arguments in (("status", "root"), ("verify", f"--conf={conf}", "root"), ("show", "-f", "root"),
                      ("revoke", "root"), ("status", "-g", "root")):
        status, output, errors = as_nobody(folder, *arguments, answers="000000\n")
        equal(status, 5, f"{arguments}: {output} {errors}")
        check("only root" in output + errors, f"{arguments}: {output} {errors}")
    user = pwd.getpwnam("nobody")
    folder.path.chmod(0o755)
    path = put(folder, TOTP + CODES, "nobody", 0o600)
    for owned in (path, path.parent):
        os.chown(owned, user.pw_uid, user.pw_gid)
    option = spec(folder)
    equal(as_nobody(folder, "verify", option, "nobody", answers="12345678\n"),
          (0, "nobody: right (emergency)\n", ""), "for himself")
    equal(path.stat().st_uid, user.pw_uid, "the owner")
    equal(json.loads(as_nobody(folder, "status", option, "--json")[1])["users"][0]["state"],
          "confirmed", "his own state")
    check(SECRET in as_nobody(folder, "show", option, "-f")[1], "his own secret")
    equal(as_nobody(folder, "revoke", "-f", option, "nobody"), (0, f"nobody: removed {path}\n", ""),
          "his own file")


@test
def the_configuration_says_where_secrets_are(folder):
    need_root()
    folder.path.chmod(0o755)
    (folder.path / "store").mkdir(mode=0o700)
    conf = folder.path / "t.conf"
    conf.write_text(f"secret={folder.path}/store/${{USER}}\nuser=root\nallowed_perm=0640\n"
                    "disallow_reuse=yes\n")
    conf.chmod(0o644)
    path = folder.path / "store" / "nobody"
    path.write_text(f'{SECRET}\n" TOTP_AUTH\n')
    path.chmod(0o640)
    option = f"--conf={conf}"
    code = totp(SECRET, step_safely())
    equal(run(folder, "verify", option, "nobody", answers=code + "\n").status, 0, "the code")
    equal(run(folder, "verify", option, "nobody", answers=code + "\n").status, 1, "again")
    report = json.loads(run(folder, "status", option, "--json", "nobody").output)["users"][0]
    equal((report["state"], report["file"]), ("confirmed", str(path)), "status")
    status, output, errors = as_nobody(folder, "verify", option, "nobody", answers=code + "\n")
    equal(status, 5, f"{output} {errors}")
    equal(run(folder, "revoke", "-f", option, "nobody").status, 0, "revoke")
    check(not path.exists(), "the file")


@test
def without_a_configuration_secrets_are_at_home(folder):
    need_root()
    for user in ("nobody", "daemon"):
        home = pwd.getpwnam(user).pw_dir
        path = os.path.join(home, ".google_authenticator")
        if not os.path.exists(path):
            report = json.loads(run(folder, "status", "--json", user).output)["users"][0]
            equal((report["state"], report["file"]), ("not-enrolled", path), user)


@test
def show_prints_to_a_terminal_unless_forced(folder):
    put(folder, TOTP + CODES)
    expect(result_of(folder, "show"), 1, "", "say --force", "a pipe")
    output = result_of(folder, "show", "--force", "--issuer=ACME", "-l", "alice@x").output
    check(f"otpauth://totp/ACME:alice@x?secret={SECRET}&issuer=ACME" in output, output)
    check("Secret: JBSW Y3DP" in output and "12345678" not in output, output)
    child = start(folder, "show", spec(folder), "--qr=utf8", rows=60)
    child.expect("otpauth://totp/")
    child.expect("\u2580|\u2588")
    equal(finish(child), 0, "status")


@test
def show_prints_every_kind_of_secret(folder):
    put(folder, f'{SECRET}\n" HOTP_COUNTER 7\n" ALGORITHM SHA256\n" DIGITS 8\n')
    output = result_of(folder, "show", "-f").output
    for words in ("otpauth://hotp/", "algorithm=SHA256", "digits=8", "counter=7", "by counter"):
        check(words in output, f"{words}: {output}")
    put(folder, "A" * 200 + '\n" TOTP_AUTH\n')
    check("too long to type" in result_of(folder, "show", "-f").output, "a long secret")
    put(folder, "!\n")
    expect(result_of(folder, "show", "-f"), 6, "", "line 1", "a damaged one")
    put(folder, TOTP).unlink()
    expect(result_of(folder, "show", "-f"), 3, "", "not enrolled", "none")


@test
def revoke_removes_the_file_and_its_temporary_files(folder):
    path = put(folder, TOTP)
    left_over = path.parent / f"{ME}~aB3xYz"
    other = path.parent / f"{ME}~backup"
    left_over.write_text("x")
    other.write_text("x")
    expect(result_of(folder, "revoke", "-f", ME), 0, f"{ME}: removed {path}\n", "", "revoke")
    equal([entry.name for entry in path.parent.iterdir()], [other.name], "files")
    expect(result_of(folder, "revoke", ME), 3, "", "not enrolled", "again")
    put(folder, "", mode=0o644)
    expect(result_of(folder, "revoke", "-fq", ME), 0, "", "", "whatever is in it")


@test
def revoke_goes_on_after_a_user_without_a_secret(folder):
    need_root()
    put(folder, TOTP)
    path = put(folder, TOTP, "nobody")
    expect(result_of(folder, "revoke", "-f", ME, "daemon", "no-such-user", "nobody"), 7,
           f"{ME}: removed {path.parent}/{ME}\nnobody: removed {path}\n",
           "daemon: not enrolled.*\n.*there is no user", "revoke")
    put(folder, TOTP)
    result = result_of(folder, "revoke", "-f", "--json", ME, "daemon")
    report = json.loads(result.output)
    equal((result.status, report["version"], report["status"]), (7, 1, 7), "status")
    equal([(user["user"], user["status"], user["revoked"]) for user in report["users"]],
          [(ME, 0, True), ("daemon", 3, False)], "users")


@test
def a_person_is_asked_before_a_secret_is_removed(folder):
    path = put(folder, TOTP)
    for answer, status in (("n", 1), ("", 1), ("y", 0)):
        child = start(folder, "revoke", spec(folder), ME, columns=300)
        child.expect_exact("Remove it? [y/N] ")
        check(path.exists(), "it was removed too early")
        child.sendline(answer)
        equal(finish(child), status, f"status of {answer!r}")
        equal(path.exists(), status == 1, f"the file after {answer!r}")
    put(folder, TOTP)
    result = run(folder, "revoke", spec(folder), ME)
    check(result.status == 1 and "give --force" in result.errors, result.errors)
    check(path.exists(), "it was removed without a question")
    equal(finish(start(folder, "revoke", spec(folder), "-f", ME)), 0, "with --force")


def wait_until_open(child, path):
    """Waits until the child has the file open, in several looks in a row."""
    seen = 0
    while seen < 20:
        check(child.poll() is None, "it did not wait")
        names = [f"/proc/{pid}/fd/{fd}" for pid in [child.pid, *children_of(child.pid)]
                 for fd in os.listdir(f"/proc/{pid}/fd")]
        seen = seen + 1 if any(
            os.path.exists(name) and os.path.samefile(name, path) for name in names) else 0
        time.sleep(0.01)


@test
def revoke_waits_for_a_login(folder):
    # Only root may see the open files of a process that is not dumpable.
    need_root()
    path = put(folder, TOTP)
    with open(path, encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with subprocess.Popen([PROGRAM, "revoke", "-f", spec(folder), ME], env=folder.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as child:
            wait_until_open(child, path)
            check(path.exists(), "removed under another's lock")
            fcntl.flock(stream, fcntl.LOCK_UN)
            equal(child.wait(60), 0, "status")
    check(not path.exists(), "the file")


@test
def every_command_prints_the_help(folder):
    expected = run(folder, "--help").output
    for command in ("verify", "status", "show", "revoke"):
        check(f"Options of {command}" in expected, f"{command} is not in the help")
        check(f"Options of {command}" in run(folder, command, "-h").output, f"help of {command}")
        equal(run(folder, command, "--nosuch").status, 2, f"an unknown option of {command}")
