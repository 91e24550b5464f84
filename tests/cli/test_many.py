# SPDX-License-Identifier: LGPL-2.1-or-later
"""codes, verify, show and revoke for several users, and with separate state."""

import json
import os
import pwd
import re
import stat
import subprocess

from support import (
    PROGRAM, Skip, check, equal, finish, need, need_root, run, shown_uri, start, step_safely,
    test, totp,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TOTP = f'{SECRET}\n" TOTP_AUTH\n" DISALLOW_REUSE\n'
HOTP = f'{SECRET}\n" HOTP_COUNTER 5\n'
CODES = "12345678\n87654321\n"
# Users of the test. One name has a blank in it and begins with another name.
USERS = ("anna", "anna maria", "ben", "carl")


def machine(folder, *members):
    """Writes a user database with USERS, and with the members of the group asked."""
    need_root()
    need("unshare")
    folder.path.chmod(0o755)
    lines = {"passwd": "".join(f"{name}:x:{54321 + i}:54399::/nowhere:/bin/sh\n"
                               for i, name in enumerate(USERS)),
             "group": f"asked:x:54300:{','.join(members)}\nrest:x:54399:\n"}
    for source, more in lines.items():
        with open(f"/etc/{source}", encoding="utf-8") as stream:
            (folder.path / source).write_text(stream.read() + more, encoding="utf-8")


def on_machine(folder, *words, answers=""):
    return run(folder, "-m", "sh", "-c",
               "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"",
               "sh", PROGRAM, *words, f"--conf={store(folder)}", program="unshare",
               answers=answers)


def store(folder):
    """A configuration that keeps secrets and states in folders of root."""
    conf = folder.path / "t.conf"
    conf.write_text(f"secret={folder.path}/secret/${{USER}}\nuser=root\n"
                    f"state={folder.path}/state/${{USER}}\n")
    conf.chmod(0o644)
    return conf


def put(folder, user, text, mode=0o400):
    (folder.path / "secret").mkdir(exist_ok=True, mode=0o700)
    path = folder.path / "secret" / user
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def codes_of(path):
    return [line for line in path.read_text().splitlines() if re.fullmatch("[0-9]{8}", line)]


@test
def codes_are_made_for_several_users(folder):
    machine(folder, "anna", "carl")
    paths = {user: put(folder, user, TOTP + CODES) for user in ("anna", "anna maria")}
    result = on_machine(folder, "codes", "anna", "anna maria", "ben")
    equal((result.status, result.output), (1, ""), "into a pipe")
    check("--force" in result.errors, result.errors)
    equal(codes_of(paths["anna"]), CODES.split(), "the codes after that")
    result = on_machine(folder, "codes", "-f", "-n", "2", "anna", "anna maria", "ben", "anna")
    equal(result.status, 7, "status")
    found = {user: codes_of(path) for user, path in paths.items()}
    equal(result.output, "".join(f"{user}:\n" + "".join(f"  {code}\n" for code in found[user])
                                 for user in paths), "output")
    check(all(len(codes) == 2 and not set(codes) & set(CODES.split()) for codes in found.values()),
          f"{found}")
    check(re.fullmatch("totp-enroll: ben: ben is not enrolled: .*\n", result.errors), result.errors)
    equal(stat.S_IMODE(paths["anna"].stat().st_mode), 0o400, "mode")
    result = on_machine(folder, "codes", "-f", "-q", "-n", "1", "--group=asked", "anna maria")
    found = {user: codes_of(path)[0] for user, path in paths.items()}
    equal(result.output, f"anna maria {found['anna maria']}\nanna {found['anna']}\n", "quietly")
    equal(result.status, 7, "carl is in the group, and not enrolled")


@test
def codes_are_printed_as_json(folder):
    machine(folder)
    path = put(folder, "anna", TOTP + CODES)
    equal(on_machine(folder, "codes", "--json", "anna").status, 1, "into a pipe")
    equal(codes_of(path), CODES.split(), "the codes after that")
    for users in (["anna"], ["anna", "ben"]):
        result = on_machine(folder, "codes", "--json", "-f", *users)
        report = json.loads(result.output)
        status = 0 if len(users) == 1 else 7
        equal((result.status, report["version"], report["status"]), (status, 1, status), "statuses")
        equal(report["users"][0], {"user": "anna", "status": 0, "file": str(path), "store": "file",
                                   "place": str(path), "message": None,
                                   "hashed": False, "codes": codes_of(path)}, "anna")
    ben = report["users"][1]
    equal((ben["status"], ben["codes"], ben["hashed"]), (3, None, None), "ben")
    check("not enrolled" in ben["message"], f"{ben}")
    report = json.loads(on_machine(folder, "codes", "--json", "-f", "--codes=hashed", "anna").output)
    check(report["users"][0]["hashed"], "hashed")
    equal(path.read_text().count("SCRATCH_HASH"), 5, "hashed lines")


@test
def spent_codes_stay_spent(folder):
    """New codes are good, and spent ones are not, even with a restored old file."""
    machine(folder)
    path = put(folder, "anna", TOTP + CODES)
    code = totp(SECRET, step_safely())

    def verify(typed):
        return on_machine(folder, "verify", "anna", answers=typed + "\n").status

    equal((verify("12345678"), verify(code)), (0, 0), "before")
    report = json.loads(on_machine(folder, "status", "--json", "anna").output)
    equal(report["users"][0]["plain_codes_left"], 1, "codes left")
    new = on_machine(folder, "codes", "-q", "-n", "2", "anna").output.split()
    equal(new, codes_of(path), "new codes")
    equal([verify(typed) for typed in (code, "12345678", "87654321", new[0], new[0])],
          [1, 1, 1, 0, 1], "with new codes")
    put(folder, "anna", TOTP + CODES)
    equal([verify(typed) for typed in (code, "12345678", "87654321")], [1, 1, 0],
          "with the old file")
    equal(on_machine(folder, "revoke", "-f", "anna").status, 0, "revoke")
    check((folder.path / "state" / "anna").exists(), "the state goes, and with it what is spent")
    put(folder, "anna", TOTP + CODES + f"{new[0]}\n{new[1]}\n")
    equal([verify(typed) for typed in (code, "12345678", "87654321", *new)], [1, 1, 1, 1, 0],
          "a revoked secret that is put back")


@test
def the_question_counts_the_codes_that_are_left(folder):
    machine(folder)
    put(folder, "anna", TOTP + CODES)
    on_machine(folder, "verify", "anna", answers="12345678\n")
    child = start(folder, "-m", "sh", "-c", "mount --bind passwd /etc/passwd && exec \"$@\"", "sh",
                  PROGRAM, "codes", "anna", "ben", f"--conf={store(folder)}", program="unshare")
    child.expect_exact("has 1 emergency code left")
    child.sendline("n")
    equal(finish(child), 7, "status")
    check("ben is not enrolled" in child.before, child.before)


@test
def an_interrupt_between_two_users_leaves_both_with_their_codes(folder):
    machine(folder)
    paths = [put(folder, user, TOTP + CODES) for user in ("anna", "anna maria")]
    child = start(folder, "-m", "sh", "-c", "mount --bind passwd /etc/passwd && exec \"$@\"", "sh",
                  PROGRAM, "codes", "anna", "anna maria", f"--conf={store(folder)}",
                  program="unshare")
    child.expect_exact("Make new ones? [y/N] ")
    child.sendline("y")
    child.expect_exact("Make new ones? [y/N] ")
    shown = re.findall("^  ([0-9]{8})", child.before, re.M)
    child.sendintr()
    equal(finish(child), -2, "the signal")
    equal([codes_of(path) for path in paths], [shown, CODES.split()], "codes")


@test
def verify_checks_codes_of_several_users(folder):
    machine(folder, "anna", "anna maria", "ben")
    for user in ("anna", "anna maria", "carl"):
        put(folder, user, TOTP + CODES)
    code = totp(SECRET, step_safely())
    lines = (f"anna {code}\nanna maria 1234 5678\n\nanna maria\t12345678\nben 000000\n"
             f"carl {code}\nrubbish\nannabel {code}\n")
    result = on_machine(folder, "verify", "--group=asked", answers=lines)
    equal((result.status, result.errors), (7, ""), "status and errors")
    answers = result.output.splitlines()
    equal(answers[:3], ["anna: right (totp)", "anna maria: right (emergency)",
                        "anna maria: wrong-code"], "answers")
    check(re.fullmatch(f"ben: cannot open .*/ben: .*", answers[3]), answers[3])
    equal(answers[4:], [f"?: line {number} does not begin with one of the users: nothing was tried"
                        for number in (5, 6, 7)], "lines of nobody")
    check(code not in result.output, "a code is repeated")
    result = on_machine(folder, "verify", "anna maria", "anna", answers="anna maria 87654321\n")
    equal(result.output, "anna maria: right (emergency)\n", "the longer name before the other")
    result = on_machine(folder, "verify", "-q", "anna", "carl", answers=f"carl {code}\n")
    equal((result.status, result.output, result.errors), (0, "", ""), "quietly")
    result = on_machine(folder, "verify", "-q", "anna", "carl", answers=f"carl {code}\n")
    equal((result.status, result.output), (7, "carl: reused\n"), "quietly, a wrong one")
    result = on_machine(folder, "verify", "anna", "carl")
    equal((result.status, result.output), (1, ""), "without a line")
    check("nothing was tried" in result.errors, result.errors)


@test
def verify_prints_the_answers_of_several_users_as_json(folder):
    machine(folder)
    put(folder, "anna", TOTP + CODES)
    result = on_machine(folder, "verify", "--json", "anna", "ben",
                        answers="anna 12345678\nanna 12345678\nben 1\n")
    report = json.loads(result.output)
    equal((result.status, report["version"], report["status"]), (7, 1, 7), "statuses")
    equal(report["answers"][0], {"status": 0, "user": "anna", "accepted": True, "reason": None,
                                 "method": "emergency", "offset": None, "retry_after": None,
                                 "message": None}, "the first")
    equal([(answer["user"], answer["status"], answer["reason"]) for answer in report["answers"]],
          [("anna", 0, None), ("anna", 1, "wrong-code"), ("ben", 3, "not-enrolled")], "answers")


@test
def show_prints_secrets_of_several_users(folder):
    machine(folder, "anna", "carl")
    put(folder, "anna", TOTP + CODES)
    put(folder, "anna maria", HOTP)
    equal(on_machine(folder, "show", "anna", "anna maria").status, 1, "into a pipe")
    result = on_machine(folder, "show", "-f", "anna maria", "ben", "--group=asked")
    equal(result.status, 7, "status")
    parts = re.split(r"\n(.*):\n\n", result.output)
    equal(parts[1::2], ["anna maria", "anna"], "headings")
    check(SECRET in parts[2] and SECRET in parts[4], "the secrets")
    check("12345678" not in result.output, "an emergency code")
    equal(len(result.errors.splitlines()), 2, result.errors)


@test
def show_takes_the_counter_from_the_state(folder):
    machine(folder)
    put(folder, "anna", HOTP)
    check("counter=5" in shown_uri(on_machine(folder, "show", "-f", "anna").output), "before")
    equal(on_machine(folder, "verify", "anna", answers=totp(SECRET, 7) + "\n").status, 0, "counter 7")
    check("counter=8" in shown_uri(on_machine(folder, "show", "-f", "anna").output), "after")
    (folder.path / "state" / "anna").write_text("rubbish\n")
    for command in ("show", "codes"):
        result = on_machine(folder, command, "-f", "anna")
        equal((result.status, result.output), (6, ""), f"{command}: a damaged state")
        check("state/anna, line 1: " in result.errors, result.errors)


@test
def revoke_removes_the_secrets_of_a_group(folder):
    machine(folder, "anna", "anna maria", "ben", "gone")
    paths = [put(folder, user, TOTP) for user in ("anna", "anna maria", "carl")]
    result = on_machine(folder, "revoke", "-f", "--json", "--group=asked", "anna")
    report = json.loads(result.output)
    equal((result.status, report["status"]), (7, 7), "a member whom the system does not know")
    equal([(user["user"], user["status"], user["revoked"]) for user in report["users"]],
          [("anna", 0, True), ("anna maria", 0, True), ("ben", 3, False), ("gone", 2, False)],
          "users")
    equal([path.exists() for path in paths], [False, False, True], "files")
    machine(folder, "anna", "ben")
    equal(on_machine(folder, "revoke", "--group=asked").status, 0, "nobody of them has a secret")
    equal(on_machine(folder, "revoke", "anna").status, 3, "of one user")
    machine(folder)
    result = on_machine(folder, "revoke", "-f", "--group=asked")
    equal((result.status, result.output), (0, ""), "an empty group")
    check("has no members" in result.errors, result.errors)


@test
def only_root_may_name_a_group(folder):
    need_root()
    need("setpriv")
    folder.path.chmod(0o755)
    for command in ("codes", "verify", "show -f", "revoke", "status"):
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM,
             *command.split(), "--group=root"],
            capture_output=True, text=True, check=False, input="", env=folder.environment())
        if done.returncode in (126, 127):
            raise Skip("nobody cannot run the program where it is")
        equal((done.returncode, done.stdout, done.stderr),
              (5, "", "totp-enroll: only root may ask about a group\n"), command)


@test
def users_whose_state_is_roots_can_do_what_needs_no_state(folder):
    """The secret is in a folder of the user, and the state in one of root."""
    need_root()
    need("setpriv")
    user = pwd.getpwnam("nobody")
    folder.path.chmod(0o755)
    conf = folder.path / "t.conf"
    conf.write_text(f"secret={folder.path}/own/${{USER}}\nstate={folder.path}/state/${{USER}}\n")
    conf.chmod(0o644)
    (folder.path / "state").mkdir(mode=0o700)
    own = folder.path / "own"
    own.mkdir()

    def as_nobody(*words, answers=""):
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, *words,
             f"--conf={conf}"],
            capture_output=True, text=True, check=False, input=answers, env=folder.environment())
        if done.returncode in (126, 127):
            raise Skip("nobody cannot run the program where it is")
        return done

    def put_own(text):
        path = own / "nobody"
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o400)
        os.chown(path, user.pw_uid, user.pw_gid)

    os.chown(own, user.pw_uid, user.pw_gid)
    put_own(TOTP + CODES)
    equal(as_nobody("verify", "nobody", answers="12345678\n").returncode, 5, "verify")
    report = json.loads(as_nobody("status", "--json").stdout)["users"][0]
    equal(report["state"], "not-permitted", "status")
    check("only root" in report["message"], f"{report}")
    check(SECRET in as_nobody("show", "-f").stdout, "show")
    new = as_nobody("codes", "-q").stdout.split()
    equal(new, codes_of(own / "nobody"), "codes")
    put_own(HOTP)
    equal(as_nobody("show", "-f").returncode, 5, "a counter that root keeps")
    equal(run(folder, "show", "-f", "nobody", f"--conf={conf}").status, 0, "for root")
