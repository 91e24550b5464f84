# SPDX-License-Identifier: LGPL-2.1-or-later
"""totp-enroll codes replaces the emergency codes."""

import fcntl
import os
import pwd
import re
import stat
import subprocess
import time

from support import (
    HASHED_CODE, HASHED_LINE, PROGRAM, QUESTION, Skip, check, equal, finish, is_hash_of, log_in, need_root,
    run, start, test,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
HASHED = ('" SCRATCH_HASH scrypt 1 8 1 AAAQEAYEAUDAOCAJBIFQYDIOB4 '
          "TWXQMLOGYIAUEMANAMWTSTEDQF4WZOA3C5J3OWFGJF5TVADF5FPQ\n")
OPTIONS = ('" RATE_LIMIT 3 30 1700000000\n" LAST0 host 5\n" UNKNOWN  x \n'
           '" DISALLOW_REUSE 1\n" TOTP_AUTH\n')
TEXT = f"{SECRET}\n{OPTIONS}"
PLAIN = TEXT + "12345678\n87654321\n"


def put(folder, text, mode=0o400):
    folder.file.unlink(missing_ok=True)
    folder.file.write_text(text, encoding="ascii", newline="")
    folder.file.chmod(mode)


def text_of(folder):
    with open(folder.file, encoding="ascii", newline="") as stream:
        return stream.read()


def shown(text):
    return re.findall(r"^  (\S+)$", text, re.M)


def make_codes(folder, *arguments, **changes):
    result = run(folder, "codes", *arguments, **changes)
    equal(result.status, 0, f"exit status of {arguments}: {result.errors}")
    return result


def check_plain(codes, count=5):
    equal(len(codes), count, "number of codes")
    check(all(re.fullmatch("[1-9][0-9]{7}", code) for code in codes), f"{codes}")


def check_hashed(lines, codes, count=5):
    equal((len(lines), len(codes)), (count, count), "lines and codes")
    for line, code in zip(lines, codes):
        check(HASHED_CODE.fullmatch(code), f"{code} is malformed")
        check(is_hash_of(line, code), "the line is not of the code")
    equal(len({HASHED_LINE.fullmatch(line).group(3) for line in lines}), 1, "salts")


@test
def all_lines_but_the_codes_stay(folder):
    put(folder, PLAIN)
    codes = shown(make_codes(folder).output)
    check_plain(codes)
    equal(text_of(folder), TEXT + "\n".join(codes) + "\n", "the file")
    equal(stat.S_IMODE(folder.file.stat().st_mode), 0o400, "mode")
    equal(folder.names(), [folder.file.name], "files")


@test
def unusual_lines_and_line_ends_stay(folder):
    put(folder, f'{SECRET.lower()} \r\n" A\r\n12345678\r\n" TOTP_AUTH\r\nforeign\n23456789', 0o600)
    codes = shown(make_codes(folder, "-n", "2").output)
    equal(text_of(folder), f'{SECRET.lower()} \r\n" A\r\n" TOTP_AUTH\r\n{codes[0]}\n{codes[1]}\n'
          "foreign\n23456789", "the file")
    equal(stat.S_IMODE(folder.file.stat().st_mode), 0o600, "mode")


@test
def number_says_how_many_codes_are_made(folder):
    for arguments, count in ((["-n", "1"], 1), (["--number=10"], 10), ([], 5)):
        put(folder, PLAIN)
        check_plain(shown(make_codes(folder, *arguments).output), count)


@test
def quiet_prints_only_the_codes(folder):
    for before in (PLAIN, TEXT + HASHED, TEXT):
        put(folder, before)
        result = make_codes(folder, "-q", "-n", "3")
        codes = result.output.splitlines()
        equal(result.errors, "", "standard error")
        if before == TEXT + HASHED:
            check_hashed(text_of(folder)[len(TEXT):].splitlines(), codes, 3)
        else:
            equal(text_of(folder), TEXT + result.output, "the file")


@test
def new_codes_are_hashed_or_plain_as_the_old_ones(folder):
    ours = TEXT.replace('" TOTP', '" DIGITS 8\n" TOTP')
    cases = [(PLAIN, False), (TEXT, False), (TEXT + HASHED, True), (TEXT + HASHED + "12345678\n", True),
             (ours, True), (ours + "12345678\n", False),
             (TEXT.replace('" TOTP', '" ALGORITHM SHA512\n" TOTP'), True),
             (TEXT.replace('" TOTP', '" ALGORITHM SHA1\n" TOTP'), False),
             (TEXT.replace('" TOTP', '" STEP_SIZE 61\n" TOTP'), True),
             (TEXT.replace('" TOTP', '" STEP_SIZE 60\n" TOTP'), False)]
    for before, hashed in cases:
        for argument in (None, "plain", "hashed"):
            put(folder, before)
            options = [] if argument is None else [f"--codes={argument}"]
            codes = shown(make_codes(folder, "-n", "2", *options).output)
            kept = [line for line in before.splitlines()
                    if "SCRATCH" not in line and line != "12345678" and line != "87654321"]
            lines = text_of(folder).splitlines()
            equal(lines[:-2], kept, "other lines")
            if argument == "hashed" or (argument is None and hashed):
                check_hashed(lines[-2:], codes, 2)
            else:
                check_plain(codes, 2)
                equal(lines[-2:], codes, "the codes in the file")


@test
def a_login_takes_only_the_new_codes(folder):
    for argument in ("plain", "hashed"):
        put(folder, SECRET + '\n" TOTP_AUTH\n12345678\n' + HASHED, 0o600)
        new = make_codes(folder, "-q", f"--codes={argument}", "-n", "1").output.strip()
        check(not log_in(folder, "12345678"), "an old plain code is good")
        check(not log_in(folder, "7K3M-Q9TD-X2HA-P5VW"), "an old hashed code is good")
        check(log_in(folder, new), "the new code is refused")
        check(not log_in(folder, new), "the new code is good twice")


@test
def a_person_is_asked_before_codes_are_replaced(folder):
    for answer in ("", "n", "No"):
        put(folder, PLAIN)
        child = start(folder, "codes")
        child.expect(QUESTION)
        check("2 emergency codes left" in child.before, f"{child.before!r}")
        equal(child.after, "[y/N] ", "the default")
        child.sendline(answer)
        equal(finish(child), 1, f"exit status after {answer!r}")
        equal(text_of(folder), PLAIN, "the file")
    child = start(folder, "codes")
    child.expect(QUESTION)
    child.sendline("what")
    child.expect(QUESTION)
    child.sendeof()
    equal(finish(child), 1, "exit status at the end of input")
    equal(text_of(folder), PLAIN, "the file")
    child = start(folder, "codes")
    child.expect(QUESTION)
    child.sendline("y")
    equal(finish(child), 0, "exit status after y")
    check_plain(shown(child.before.replace("\r", "")))
    check(text_of(folder) != PLAIN, "nothing was changed")


@test
def the_question_does_not_go_into_the_output(folder):
    put(folder, PLAIN)
    output = folder.path / "output"
    child = start(folder, "-c", f"'{PROGRAM}' codes -q >'{output}'", program="/bin/sh")
    child.expect(QUESTION)
    child.sendline("y")
    equal(finish(child), 0, "exit status")
    equal(text_of(folder), TEXT + output.read_text(encoding="ascii"), "the file")


@test
def nobody_is_asked_with_force_or_without_old_codes(folder):
    for before, arguments in ((PLAIN, ["-f"]), (TEXT, []), (PLAIN, ["--force", "-q"])):
        put(folder, before)
        child = start(folder, "codes", *arguments)
        equal(finish(child), 0, f"exit status with {arguments}")
        check("?" not in child.before, "it asks")


@test
def without_a_secret_the_exit_status_is_3(folder):
    result = run(folder, "codes")
    equal((result.status, result.output), (3, ""), "result")
    check(re.fullmatch(r"(.*HOME.*\n)?totp-enroll: [^\n]*not enrolled[^\n]*\n", result.errors),
          f"{result.errors!r}")
    folder.check_empty()


@test
def only_root_makes_codes_for_others(folder):
    need_root()
    folder.path.chmod(0o755)
    result = subprocess.run(
        ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, "codes", "root"],
        capture_output=True, text=True, check=False, env=folder.environment())
    if result.returncode in (126, 127):
        raise Skip("nobody cannot run the program where it is")
    equal((result.returncode, result.stdout), (5, ""), "result")
    check("only root" in result.stderr, f"{result.stderr!r}")


@test
def damaged_and_unsafe_files_are_refused_and_stay(folder):
    for text, mode in (("=bad\n", 0o600), (PLAIN, 0o644), ("\n" + PLAIN, 0o600),
                       (f'{SECRET}\n" ALGORITHM MD5\n', 0o600), ("", 0o600),
                       (f"{SECRET}\n" + "x" * 65500 + "\n", 0o600)):
        put(folder, text, mode)
        result = run(folder, "codes", "-f")
        equal((result.status, result.output), (6, ""), f"result with {text[:20]!r}")
        check(str(folder.file) in result.errors, f"{result.errors!r} names no file")
        check(SECRET not in result.errors, "the secret is shown")
        equal(text_of(folder), text, "the file")
        equal(folder.names(), [folder.file.name], "files")


@test
def wrong_command_lines_are_refused(folder):
    put(folder, PLAIN)
    for arguments in (["-n", "0"], ["-n", "11"], ["-n", "x"], ["-n"], ["-n", "1", "-n", "1"], ["-t"],
                      ["--codes=x"], ["--codes=plain", "--codes=plain"], ["-s", ""],
                      ["-f", "-f"], ["--version"], ["-e", "1"]):
        result = run(folder, "codes", *arguments)
        equal((result.status, result.output), (2, ""), " ".join(arguments))
        equal(text_of(folder), PLAIN, "the file")
    equal(run(folder, "codes", "-h").output, run(folder, "help", "codes").output, "help")


@test
def secret_names_another_file(folder):
    other = folder.path / "other"
    other.write_text(PLAIN, encoding="ascii")
    other.chmod(0o600)
    result = make_codes(folder, "-q", "-s", "other")
    equal(other.read_text(encoding="ascii"), TEXT + result.output, "the file")
    result = run(folder, "codes", "-s", "none")
    equal(result.status, 3, "exit status without the file")


@test
def a_link_is_followed_but_not_by_root_in_its_own_folder(folder):
    real = folder.path / "real"
    real.write_text(PLAIN, encoding="ascii")
    real.chmod(0o600)
    folder.file.symlink_to("real")
    if os.geteuid() == 0:
        # Root follows links at home, but not in other folders of its own.
        result = run(folder, "codes", "-q", "-s", str(folder.file))
        equal(result.status, 6, "exit status in a folder of root's")
    else:
        result = make_codes(folder, "-q")
        equal(real.read_text(encoding="ascii"), TEXT + result.output, "the file")
    check(folder.file.is_symlink(), "the link is gone")


@test
def root_makes_codes_for_others_and_the_owner_stays(folder):
    need_root()
    user = pwd.getpwnam("nobody")
    put(folder, PLAIN)
    os.chown(folder.path, user.pw_uid, user.pw_gid)
    os.chown(folder.file, user.pw_uid, user.pw_gid)
    result = make_codes(folder, "-q", "-s", str(folder.file))
    equal(text_of(folder), TEXT + result.output, "the file")
    equal(folder.file.stat().st_uid, user.pw_uid, "owner")


def wait_until_open(child, path):
    """Waits until the process has the file open, as it has while it waits for the lock.
    It looks several times in a row, because the process also reads the file before."""
    seen = 0
    while seen < 20:
        check(child.poll() is None, "it did not wait")
        names = (f"/proc/{child.pid}/fd/{fd}" for fd in os.listdir(f"/proc/{child.pid}/fd"))
        seen = seen + 1 if any(
            os.path.exists(name) and os.path.samefile(name, path) for name in names) else 0
        time.sleep(0.01)


@test
def a_file_that_stays_locked_is_an_error(folder):
    put(folder, PLAIN, 0o600)
    with open(folder.file, "r+", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        result = run(folder, "codes", "-q")
    equal((result.status, result.output), (6, ""), "result")
    check("locked" in result.errors, f"{result.errors!r}")
    equal(text_of(folder), PLAIN, "the file")


@test
def new_codes_wait_for_a_login_to_finish(folder):
    # Only root may see the open files of a process that is not dumpable.
    need_root()
    put(folder, PLAIN, 0o600)
    with open(folder.file, "r+", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with subprocess.Popen([PROGRAM, "codes", "-q"], env=folder.environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as child:
            wait_until_open(child, folder.file)
            # A change that a login makes meanwhile is kept.
            stream.seek(0)
            stream.write(PLAIN.replace("DISALLOW_REUSE 1", "DISALLOW_REUSE 2"))
            stream.flush()
            fcntl.flock(stream, fcntl.LOCK_UN)
            output, _ = child.communicate(timeout=60)
    equal(child.returncode, 0, "exit status")
    equal(text_of(folder), TEXT.replace("DISALLOW_REUSE 1", "DISALLOW_REUSE 2") + output, "the file")


@test
def an_output_that_fails_is_reported(folder):
    put(folder, PLAIN)
    with open("/dev/full", "w", encoding="ascii") as full:
        done = subprocess.run([PROGRAM, "codes", "-q"], env=folder.environment(), check=False,
                              stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 6, "exit status")
    check("were not shown" in done.stderr, f"{done.stderr!r}")
