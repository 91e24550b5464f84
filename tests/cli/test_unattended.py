# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unattended enrollment, for scripts: --if-missing, --from-file and --json."""

import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import time

from support import (
    Credential, PROGRAM, Skip, check, equal, need, need_root, run, start, finish, test,
)

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OTHER = "HXDMVJECJJWSRB3HWIZR4IFUGFTMXBOZ"
TOTP = f'{SECRET}\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n12345678\n'
try:
    ME = pwd.getpwuid(os.getuid()).pw_name
except KeyError:
    ME = None

DONE, REFUSED, USAGE, NOT_PERMITTED, STORE_ERROR, UNCHANGED = 0, 1, 2, 5, 6, 8


def secret_file(folder):
    if ME is None:
        raise Skip("the caller has no name")
    return folder.path / "secrets" / ME


def enroll(folder, *arguments, **changes):
    (folder.path / "secrets").mkdir(exist_ok=True)
    secret_file(folder)
    return run(folder, "enroll", f"--secret={folder.path}/secrets/${{USER}}", *arguments, **changes)


def put(folder, text, mode=0o400):
    (folder.path / "secrets").mkdir(exist_ok=True)
    path = secret_file(folder)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def expect(result, status, output, errors=""):
    equal(result.status, status, f"exit status: {result.errors!r}")
    check(re.fullmatch(output, result.output), f"output {result.output!r}")
    check(re.fullmatch(errors, result.errors), f"errors {result.errors!r}")


def report(result, status):
    equal(result.status, status, f"exit status: {result.errors!r}")
    equal(result.errors, "", "standard error")
    found = json.loads(result.output)
    equal((found["version"], found["status"], found["changed"]), (1, status, status == DONE),
          "version, status and changed")
    return found


def holds_no_secret(text, path):
    secret = Credential(path)
    for word in (secret.secret, *secret.codes):
        check(word not in text, f"{word} was printed")


@test
def if_missing_makes_only_missing_secrets(folder):
    path = secret_file(folder)
    result = enroll(folder, "--if-missing", ME)
    expect(result, DONE, f"{ME}: enrolled, the secret is in {path}\n")
    Credential(path).check(['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'])
    equal(stat.S_IMODE(path.stat().st_mode), 0o400, "mode")
    holds_no_secret(result.output, path)
    before = path.read_text(), path.stat().st_ino
    expect(enroll(folder, "--if-missing", ME), UNCHANGED, f"{ME}: unchanged, there is {path}\n")
    expect(enroll(folder, "--if-missing", "-f", "-q"), UNCHANGED, "")
    equal((path.read_text(), path.stat().st_ino), before, "the secret")
    equal([entry.name for entry in path.parent.iterdir()], [ME], "files")


@test
def nothing_is_asked_on_a_terminal(folder):
    child = start(folder, "enroll", "--if-missing", f"--secret={folder.path}/${{USER}}")
    equal(finish(child), DONE, "exit status")
    check("?" not in child.before, f"a question: {child.before}")


@test
def root_is_told_whom_it_is_for_where_nobody_is_named(folder):
    need_root()
    words = ["enroll", "--if-missing", f"--secret={folder.path}/${{USER}}"]
    said = "no user is named: this is for root"
    for more, told in (((), True), ((ME,), False), (("-q",), False)):
        child = start(folder, *words, *more)
        check(finish(child) in (DONE, UNCHANGED), child.before)
        equal(said in child.before, told, f"{more}: {child.before}")
    # A script reads it from the outcome.
    expect(enroll(folder, "--if-missing"), DONE, "root: enrolled, the secret is in .*\n")


@test
def options_and_defaults_answer_the_questions(folder):
    path = secret_file(folder)
    enroll(folder, "--if-missing", "-c", "-e", "0", "-r", "2", "-R", "60", "-W", ME)
    Credential(path).check(['" RATE_LIMIT 2 60', '" WINDOW_SIZE 1', '" HOTP_COUNTER 1'], codes=0)
    conf = folder.path / "t.conf"
    conf.write_text("[enroll]\ndisallow_reuse=no\nrate_limit=no\nwindow_size=5\nemergency_codes=2\n")
    conf.chmod(0o644)
    path.unlink()
    equal(enroll(folder, "--if-missing", f"--conf={conf}").status, DONE, "exit status")
    Credential(path).check(['" WINDOW_SIZE 5', '" TOTP_AUTH'], codes=2)


@test
def unusable_files_stay_without_force(folder):
    for text, mode, status, words in (
            ("not base32!\n", 0o400, STORE_ERROR, "line 1"), (TOTP, 0o644, STORE_ERROR, "0644"),
            (f'{SECRET}\n" PENDING_UNTIL {int(time.time()) - 9}\n" TOTP_AUTH\n', 0o400, REFUSED,
             "not confirmed in time")):
        path = put(folder, text, mode)
        expect(enroll(folder, "--if-missing"), status, "",
               f"totp-enroll: {ME}: .*{words}.*--force.*\n")
        equal(path.read_text(), text, "the file")
        expect(enroll(folder, "--if-missing", "--force", "-q"), DONE, "")
        Credential(path).check(['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'])


@test
def from_file_takes_the_secret_of_every_format(folder):
    path = secret_file(folder)
    uri = f"otpauth://totp/host:{ME}@host?secret={SECRET}\n"
    csv = f"user,secret\nsomebody,{OTHER}\n{ME},{SECRET}\n"
    for text in (TOTP, uri, csv, f"HOTP/T30 {ME} - 48656c6c6f21deadbeef48656c6c6f21deadbeef\n"):
        path.unlink(missing_ok=True)
        result = enroll(folder, "--from-file=-", ME, answers=text)
        expect(result, DONE, f"{ME}: enrolled, the secret is in {path}\n", "(.* 6 digits are assumed .*\n)?")
        check(path.read_text().startswith(f"{SECRET}\n"), "the secret")
        for again in (TOTP, uri, csv, SECRET.lower() + TOTP[len(SECRET):]):
            expect(enroll(folder, "--from-file=-", "-f", answers=again), UNCHANGED, ".*\n")
    path.unlink()
    (folder.path / "vault").write_text(TOTP)
    equal(enroll(folder, f"--from-file={folder.path}/vault").status, DONE, "exit status")
    equal(path.read_text(), TOTP, "every byte of a credential file")


@test
def another_secret_from_a_file_needs_force(folder):
    path = put(folder, TOTP)
    for other in (OTHER, SECRET + '\n" ALGORITHM SHA256', SECRET + '\n" DIGITS 8'):
        text = f'{other}\n" TOTP_AUTH\n'
        expect(enroll(folder, "--from-file=-", answers=text), REFUSED, "",
               f"totp-enroll: {ME}: {path}: there is another secret; --force replaces it\n")
        expect(enroll(folder, "--from-file=-", "--if-missing", answers=text), UNCHANGED, ".*\n")
        equal(path.read_text(), TOTP, "the secret")
        expect(enroll(folder, "--from-file=-", "-f", answers=text), DONE, ".*\n")
        equal(path.read_text(), text, "the new secret")
        put(folder, TOTP)


@test
def a_file_with_other_devices_is_another_secret(folder):
    rows = f"user,secret\n{ME},{SECRET}\n{ME},{OTHER}\n"
    expect(enroll(folder, "--from-file=-", answers=rows), DONE, ".*\n")
    check(f'" DEVICE {OTHER} ' in secret_file(folder).read_text(), "devices")
    expect(enroll(folder, "--from-file=-", answers=rows), UNCHANGED, ".*\n")
    expect(enroll(folder, "--from-file=-", answers=f"user,secret\n{ME},{SECRET}\n"), REFUSED, "",
           ".*--force replaces it\n")
    put(folder, TOTP)
    expect(enroll(folder, "--from-file=-", answers=rows), REFUSED, "", ".*--force replaces it\n")


@test
def files_without_a_secret_for_the_user_are_refused(folder):
    for text in ("", "rubbish\n", "user,secret\nsomebody," + OTHER + "\n",
                 f"user,secret,type\n{ME},{SECRET},hotp\n{ME},{OTHER},hotp\n",
                 f"user,secret\n{ME},0189!\n",
                 f"{SECRET}\n12345678\n"):
        expect(enroll(folder, "--from-file=-", answers=text), STORE_ERROR, "",
               f"totp-enroll: {ME}: standard input: .*\n")
    expect(enroll(folder, "--from-file=none"), STORE_ERROR, "", f"totp-enroll: {ME}: none: .*\n")
    check(not secret_file(folder).exists(), "nothing is written")


@test
def json_has_the_secret_only_if_that_is_asked_for(folder):
    path = secret_file(folder)
    found = report(enroll(folder, "--json"), DONE)
    equal(sorted(found), ["changed", "file", "message", "place", "status", "store", "user", "version"], "members")
    equal((found["user"], found["file"], found["message"]), (ME, str(path), None), "values")
    check("--if-missing" in report(enroll(folder, "--json"), REFUSED)["message"], "the way out")
    found = report(enroll(folder, "--json", "--if-missing", "--with-secret"), UNCHANGED)
    equal([found[name] for name in ("uri", "secret", "emergency_codes")], [None] * 3, "secrets")
    path.unlink()
    found = report(enroll(folder, "--json", "--with-secret", "-l", "a@b", "-i", "c"), DONE)
    credential = Credential(path)
    equal(found["secret"], credential.secret, "secret")
    equal(found["emergency_codes"], credential.codes, "codes")
    equal(found["uri"], f"otpauth://totp/c:a@b?secret={credential.secret}&issuer=c", "URI")
    found = report(enroll(folder, "--json", "--with-secret", "--from-file=-", "-f", answers=TOTP),
                   DONE)
    equal((found["secret"], found["emergency_codes"]), (SECRET, ["12345678"]), "of a file")
    found = report(enroll(folder, "--json", "nosuchuser!"), USAGE)
    equal((found["user"], found["file"], found["store"], found["place"]),
          ("nosuchuser!", None, None, None), "of nobody")


@test
def hashed_codes_are_made_only_if_they_are_printed(folder):
    expect(enroll(folder, "--if-missing", "--codes=hashed"), USAGE, "",
           "totp-enroll: --if-missing contradicts --codes=hashed: .*\n")
    equal(enroll(folder, "--if-missing", "--codes=hashed", "-e", "0").status, DONE, "without any")
    secret_file(folder).unlink()
    found = report(enroll(folder, "--json", "--with-secret", "--codes=hashed"), DONE)
    check(all(re.fullmatch("[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", code)
              for code in found["emergency_codes"]), "hashed codes")


@test
def wrong_command_lines_are_refused(folder):
    for arguments in (["--with-secret"], ["--with-secret", "--if-missing"],
                      ["--from-file=-", "-t"], ["--from-file=-", "--digits=8"],
                      ["--from-file="], ["--if-missing", "a", "b"], ["--if-missing", "--device=x"]):
        expect(enroll(folder, *arguments), USAGE, "", "totp-enroll: .*\n")
    # Abbreviated names of google-authenticator's options keep their meaning.
    path = folder.path / "cut"
    for arguments in (["--i", "x"], ["--w", "3"], ["--f"]):
        path.unlink(missing_ok=True)
        equal(run(folder, "-t", "-d", "-q", "-u", "-s", str(path), *arguments,
                  answers="y\nn\n").status, 0, f"{arguments}")
    for option in ("--json", "--if-missing", "--from-file=-"):
        equal(run(folder, option).status, USAGE, f"{option} without the word")


@test
def of_many_at_once_one_makes_the_secret(folder):
    """The others find that secret."""
    (folder.path / "secrets").mkdir()
    path = secret_file(folder)
    words = [PROGRAM, "enroll", "--if-missing", f"--secret={path.parent}/${{USER}}"]
    children = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                for _ in range(12)]
    ends = sorted((child.wait(), child.stderr.read()) for child in children)
    equal(ends, [(DONE, b"")] + [(UNCHANGED, b"")] * 11, "exit status of each")
    Credential(path).check(['" RATE_LIMIT 3 30', '" DISALLOW_REUSE', '" TOTP_AUTH'])


def system_store(folder, owner="root"):
    need_root()
    folder.path.chmod(0o755)
    conf = folder.path / "system.conf"
    conf.write_text(f"secret={folder.path}/lib/secret/${{USER}}\nuser={owner}\n"
                    f"state={folder.path}/lib/state/${{USER}}\n")
    conf.chmod(0o644)
    return f"--conf={conf}", folder.path / "lib" / "secret"


@test
def root_makes_the_folders_of_its_own_store(folder):
    conf, secrets = system_store(folder)
    answers = "y\n-1\ny\ny\nn\ny\n"
    equal(run(folder, "enroll", conf, "daemon", answers=answers).status, 0, "with questions")
    shutil.move(secrets.parent, folder.path / "before")
    expect(run(folder, "enroll", conf, "--if-missing", "nobody"), DONE,
           f"nobody: enrolled, the secret is in {secrets}/nobody\n")
    expect(run(folder, "enroll", conf, "--if-missing", "nobody"), UNCHANGED, ".*\n")
    shutil.move(folder.path / "before" / "secret" / "daemon", secrets)
    for path, mode in ((secrets, 0o700), (secrets.parent, 0o700), (secrets / "daemon", 0o400)):
        equal((path.stat().st_uid, stat.S_IMODE(path.stat().st_mode)), (0, mode), f"{path}")
    equal(sorted(entry.name for entry in secrets.iterdir()), ["daemon", "nobody"], "files")


@test
def root_makes_no_folder_without_need(folder):
    conf, secrets = system_store(folder)
    equal(run(folder, "enroll", conf, "daemon", answers="y\n-1\nn\n").status, 0, "answered no")
    check(not secrets.parent.exists(), "a folder was made for nothing")


@test
def force_does_not_mend_a_folder_that_is_a_file(folder):
    conf, secrets = system_store(folder)
    secrets.parent.mkdir()
    secrets.write_text("no folder")
    for force in ([], ["--force"]):
        result = run(folder, "enroll", conf, "--if-missing", *force, "daemon")
        equal((result.status, result.output), (STORE_ERROR, ""), f"{force}")
        check("Not a directory" in result.errors and "--force" not in result.errors, result.errors)


@test
def folders_of_another_owner_are_not_made(folder):
    conf, secrets = system_store(folder, "nobody")
    for arguments in (["--if-missing"], ["-t", "-d", "-f", "-C", "-u", "-w", "3"]):
        expect(run(folder, "enroll", conf, *arguments, "daemon"), STORE_ERROR, "",
               f"totp-enroll: .*no folder {secrets}: as root, install -d -m 0700 -o \\S+ {secrets}\n")


@test
def users_cannot_reach_secrets_that_root_keeps(folder):
    conf, secrets = system_store(folder)
    need("setpriv")
    equal(run(folder, "enroll", conf, "--if-missing", "nobody").status, DONE, "by root")
    before = (secrets / "nobody").read_text()
    for words in (["enroll"], ["enroll", "--if-missing"], ["enroll", "--if-missing", "nobody"],
                  ["codes"], ["show", "--force"], ["revoke", "nobody"], []):
        done = subprocess.run(
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", PROGRAM, *words, conf],
            capture_output=True, text=True, check=False, input="", env=folder.environment())
        if done.returncode in (126, 127):
            raise Skip("nobody cannot run the program where it is")
        equal((done.returncode, done.stdout), (NOT_PERMITTED, ""), f"{words}: {done.stderr}")
        check(re.fullmatch("totp-enroll: .*where users cannot read them.*\n", done.stderr),
              f"{words}: {done.stderr}")
    equal((secrets / "nobody").read_text(), before, "the secret")


@test
def warnings_of_import_are_those_of_from_file(folder):
    link = f"otpauth://hotp/{ME}?secret={SECRET}\n"
    result = enroll(folder, "--from-file=-", answers=link)
    expect(result, DONE, ".*\n?", "(?s).*standard input: line 1: the link has no counter: 0 is assumed"
           ".*line 1: .* begins at counter 1; the code of counter 0 is not accepted.*")
    other = link.replace(SECRET, OTHER)
    result = enroll(folder, "--from-file=-", "--force", "--quiet", answers=other)
    expect(result, DONE, "", "")
    row = f"HOTP {ME} 4711 {'31' * 20}\n"
    result = enroll(folder, "--from-file=-", "--force", answers=row)
    expect(result, DONE, ".*\n?", "(?s).*6 digits are assumed.*PINs are left out.*")
    # What was not enrolled needs no warning.
    result = enroll(folder, "--from-file=-", answers=link)
    check("assumed" not in result.errors, result.errors)
