# SPDX-License-Identifier: LGPL-2.1-or-later
"""Import and export: every format in both directions, who may write whose file, and
what is reported."""

import os
import urllib.parse

import pexpect
from import_host import (
    ALICE, BOB, COUNTED, KEY, ME, NUMBERS, PLAIN, SECRET, USERS_ROW, as_user, check_owner,
    check_result, credential, home_of, import_text, in_namespace, migration, phone, put_credential, read,
    rows, share, spec,
)
from support import (
    PROGRAM, Skip, check, equal, finish, need_root, run, start, step_safely, test, totp,
)

# Each names the caller and has the key of PLAIN.
FORMATS = {
    "users-file": "# comment\n\n" + USERS_ROW,
    "uri": f"otpauth://totp/Example:{ME}@host?issuer=Example&secret={SECRET.lower()}\n",
    "migration": migration(phone(f"Example:{ME}@host", "Example")),
    "csv": f'secret,"user"\r\n{SECRET},{ME}\r\n',
}


@test
def every_format_is_read(folder):
    for format_name, text in FORMATS.items():
        for options in ((), (f"--from={format_name}",)):
            result = import_text(folder, text, *options, name=format_name)
            guessed = [] if options else [f"input: taken for the format {format_name}"]
            check_result(result, 0, f"imported {ME}\n", *guessed)
            file = credential(folder, format_name)
            equal(read(file), PLAIN, f"credential from {format_name}")
            equal(file.stat().st_mode & 0o7777, 0o400, "mode")
            file.unlink()


@test
def every_parameter_is_read(folder):
    inputs = {
        "uri": f"otpauth://hotp/{ME}?algorithm=SHA256&digits=8&counter=7&secret={SECRET}",
        "migration": migration(phone(ME, _4=2, _5=2, _6=1, _7=7)),
        "csv": "user,type,counter,digits,algorithm,secret\n"
               f"{ME},hotp,7,8,sha256,{SECRET}\n",
    }
    for format_name, text in inputs.items():
        check_result(import_text(folder, text, "-q", name=format_name), 0, "")
        equal(read(credential(folder, format_name)), COUNTED, format_name)


@test
def a_file_of_google_authenticator_is_not_changed(folder):
    text = (b'gezd gnbv-gy3tqojq\r\n" FOREIGN x\r\n" TOTP_AUTH\r\n\r\n'
            b'" LAST0 host 12\r\n12345678\r\nnote\r\n23456789')
    result = import_text(folder, text, f"--user={ME}")
    check_result(result, 0, f"imported {ME}\n", "format google-authenticator")
    equal(credential(folder).read_bytes(), text, "credential")
    result = run(folder, "export", spec(folder), "--to=google-authenticator",
                 "--output=copy", ME)
    check_result(result, 0, "")
    equal((folder.path / "copy").read_bytes(), text, "export")


@test
def a_file_without_a_name_is_the_callers_unless_that_is_root(folder):
    result = import_text(folder, PLAIN, "-q")
    if os.geteuid() == 0:
        check_result(result, 7, "failed input: does not say whose it is; "
                                "name the user with --user\n")
        result = import_text(folder, f"otpauth://totp/?secret={SECRET}", "-q")
        check_result(result, 7, "failed input: line 1: does not say whose it is; "
                                "name the user with --user\n")
    else:
        check_result(result, 0, "")
        equal(read(credential(folder)), PLAIN, "credential")


@test
def standard_input_is_read_without_files(folder):
    for words in ((), ("-",)):
        result = run(folder, "import", spec(folder), "--force", *words, answers=USERS_ROW)
        check_result(result, 0, f"imported {ME}\n", "standard input: taken for")
    result = run(folder, "import", spec(folder), answers="HOTP x\n" + USERS_ROW)
    check_result(result, 7, "failed standard input: line 1: fewer than four columns: type, "
                            f"user, PIN, secret\nskipped {ME}: has a secret already; use "
                            "--force to replace it\n", "standard input: taken for")


@test
def old_secrets_stay_without_force(folder):
    spec(folder)
    credential(folder).write_text("old", encoding="ascii")
    credential(folder).chmod(0o600)
    for options in ((), ("--dry-run",)):
        result = import_text(folder, USERS_ROW, "-q", *options)
        check_result(result, 7, f"skipped {ME}: has a secret already; use --force to "
                                "replace it\n")
        equal(read(credential(folder)), "old", "credential")
    result = import_text(folder, USERS_ROW, "--dry-run", "--force", "--from=users-file")
    check_result(result, 0, f"would import {ME}\n")
    equal(read(credential(folder)), "old", "credential")
    check_result(import_text(folder, USERS_ROW, "-q", "--force"), 0, "")
    equal(read(credential(folder)), PLAIN, "credential")
    equal(os.listdir(folder.path / "secrets"), [ME], "files")


@test
def a_dry_run_writes_nothing(folder):
    result = import_text(folder, USERS_ROW, "--dry-run", "--from=users-file")
    check_result(result, 0, f"would import {ME}\n")
    equal(os.listdir(folder.path / "secrets"), [], "files")


@test
def bad_rows_do_not_stop_the_others(folder):
    text = (f"HOTP/T30 nobody-of-that-name - {KEY.hex()}\n"
            f"HOTP/T45 {ME} - {KEY.hex()}\n"
            f"HOTP/T30 {ME} - {KEY.hex()[:-1]}\n" + USERS_ROW)
    result = import_text(folder, text, "--from=users-file")
    lines = result.errors.splitlines()
    equal(len(lines), 3, f"lines of {result.errors!r}")
    for line, words in zip(lines, ("1: nobody-of-that-name: ", "2: not a type",
                                   "3: the secret is not")):
        check(line.startswith(f"totp-enroll: failed input: line {words}"), line)
    equal(result.output, f"imported {ME}\n", "standard output")
    equal(result.status, 7, "exit status")
    check(KEY.hex()[:10] not in result.output + result.errors, "a secret is printed")


@test
def user_takes_one_user_of_many(folder):
    text = (f"HOTP/T30 somebody - {KEY.hex()}\nHOTP/T45 somebody - 00\n" + USERS_ROW)
    check_result(import_text(folder, text, f"--user={ME}", "-q", name="a"), 7,
                 "failed input: line 2: not a type that pam_oath knows, such as HOTP/T30\n")
    equal(read(credential(folder, "a")), PLAIN, "credential from a users file")
    text = migration(phone("Shop:somebody", "Shop"), phone(f"Host:{ME}@host", "Host"))
    check_result(import_text(folder, text, f"--user={ME}", "-q", name="b"), 0, "")
    equal(read(credential(folder, "b")), PLAIN, "credential from a phone")
    # A single key is taken for the user, whatever its label says.
    text = migration(phone("Shop:somebody", "Shop"))
    check_result(import_text(folder, text, f"--user={ME}", "-q", name="c"), 0, "")
    equal(read(credential(folder, "c")), PLAIN, "credential from a single account")
    text = migration(phone("Shop:somebody", "Shop"), phone("Shop:else", "Shop"))
    check_result(import_text(folder, text, f"--user={ME}", "-q", name="d"), 6, "",
                 "nothing to import for that user")


@test
def inputs_that_cannot_be_read_are_reported(folder):
    check_result(import_text(folder, ""), 6, "failed input: not a format that can be told "
                                             "from its content; name it with --from\n")
    check_result(import_text(folder, "# none\n", "--from=users-file"), 6, "",
                 "nothing to import")
    check_result(import_text(folder, "user,secret,color\n", "--from=csv"), 6,
                 "failed input: line 1: there is no column 'color'\n")
    check_result(run(folder, "import", spec(folder), "missing"), 6,
                 "failed missing: cannot open it: No such file or directory\n")
    check_result(run(folder, "import", spec(folder), "."), 6,
                 "failed .: cannot read it: Is a directory\n")
    # Where one of two inputs fails, some have failed.
    (folder.path / "rows").write_text(USERS_ROW, encoding="ascii")
    check_result(run(folder, "import", spec(folder), "-q", "missing", "rows"), 7,
                 "failed missing: cannot open it: No such file or directory\n")


@test
def wrong_command_lines_are_refused(folder):
    for words in (("import", "--from=json"), ("import", "--to=csv"), ("import", "--user="),
                  ("import", "--user=a", "--user=b"), ("import", "--from"), ("import", "-x"),
                  ("export", "--to=json"), ("export", "--from=csv"), ("export", "--dry-run"),
                  ("export", "--output="), ("export", "--quiet=yes"),
                  ("export", "--to=google-authenticator", "a", "b")):
        result = run(folder, *words)
        equal((result.status, result.output), (2, ""), f"{words} ({result.errors!r})")
        equal(len(result.errors.splitlines()), 1, f"lines of {result.errors!r}")
    for words in (("import", "--help"), ("export", "-h")):
        result = run(folder, *words)
        equal((result.status, result.errors), (0, ""), f"{words}")
        check(words[0] in result.output, "help")
    result = run(folder, "import", "--secret=relative/${USER}", answers=USERS_ROW)
    equal(result.status, 7, "exit status of a relative --secret")
    check("not absolute" in result.errors, result.errors)


@test
def changes_to_a_key_are_reported(folder):
    uri = f"otpauth://totp/Big:{ME}?issuer=Small&secret={SECRET}\n"
    check_result(import_text(folder, uri, "--from=uri", name="a"), 0, f"imported {ME}\n",
                 "input: line 1: the label names another issuer than the parameter, which is "
                 "taken: Small")
    row = f"HOTP/E/6 {ME} 1234 {KEY.hex()}\n"
    check_result(import_text(folder, row, "--from=users-file", name="b"), 0,
                 f"imported {ME}\n", "the code of counter 0 is not accepted", "PINs are left out")
    check(read(credential(folder, "b")).endswith('" HOTP_COUNTER 1\n'), "counter")
    text = migration(phone("x"), parts=3, part=1) + migration(phone(ME), parts=3)
    check_result(import_text(folder, text, "--from=migration", f"--user={ME}", name="c"), 0,
                 f"imported {ME}\n", "an export of 3 parts, of which 2 are here")
    text = migration(phone("x"), parts=2, part=1) + migration(phone(ME), parts=2)
    check_result(import_text(folder, text, "--from=migration", f"--user={ME}", name="d"), 0,
                 f"imported {ME}\n")


@test
def a_code_that_pam_oath_accepted_is_spent(folder):
    step = step_safely()
    row = (f"HOTP/T30\t{ME}\t-\t{KEY.hex()}\t0\t{totp(SECRET, step)}\t"
           "2026-01-02T03:04:05L\n")
    check_result(import_text(folder, row, "-q"), 0, "")
    steps = f" {step - 2} {step - 1} {step}"
    equal(read(credential(folder)), PLAIN.replace("REUSE", "REUSE" + steps), "credential")


CREDENTIALS = (
    PLAIN,
    COUNTED,
    PLAIN.replace('" DIS', '" ALGORITHM SHA512\n" DIGITS 8\n" DIS'),
    PLAIN + "12345678\n98765432\n",
)


@test
def an_export_can_be_imported_without_loss(folder):
    for format_name in ("csv", "uri", "migration", "users-file", "google-authenticator"):
        for text in CREDENTIALS:
            if format_name == "users-file" and "ALGORITHM" in text:
                continue
            put_credential(folder, text)
            result = run(folder, "export", spec(folder), f"--to={format_name}", "-q")
            equal((result.status, result.errors), (0, ""), f"export to {format_name}")
            again = run(folder, "import", spec(folder, "again"), "-q", "--force",
                        f"--user={ME}", answers=result.output)
            check_result(again, 0, "")
            expected = text
            if format_name not in ("csv", "google-authenticator"):
                expected = text.split("12345678")[0]
            equal(read(credential(folder, "again")), expected, format_name)


@test
def both_use_the_files_that_a_login_uses(folder):
    """Without --secret, the configuration says where these are."""
    conf = folder.path / "totpgroup.conf"
    (folder.path / "apart").mkdir(mode=0o700)
    conf.write_text(f"secret={folder.path}/apart/${{USER}}\n")
    conf.chmod(0o644)
    (folder.path / "input").write_text(f"otpauth://totp/{ME}?secret={SECRET}\n")
    check_result(run(folder, "import", "-q", "--from=uri", f"--conf={conf}", "input"), 0, "")
    equal(read(folder.path / "apart" / ME).splitlines()[0], SECRET, "imported")
    result = run(folder, "export", "-q", f"--conf={conf}")
    equal(result.status, 0, result.errors)
    check(f"secret={SECRET}" in result.output, result.output)


@test
def export_reports_what_a_format_cannot_hold(folder):
    put_credential(folder, PLAIN.replace("REUSE", "REUSE 123") + "12345678\n")
    result = run(folder, "export", spec(folder), ME, ME)
    equal(result.status, 0, "exit status")
    equal(len(result.output.splitlines()), 2, "URIs")
    check_result(result, 0, result.output, "emergency codes are left out", "used codes")
    put_credential(folder, PLAIN.replace('" DIS', '" STEP_SIZE 45\n" DIS'), name="slow")
    for format_name, words in (("migration", "a period of 45 s, only 30"),
                               ("users-file", "a period of 45 s, only 30 and 60")):
        result = run(folder, "export", spec(folder, "slow"), f"--to={format_name}",
                     "--output=none", ME)
        check_result(result, 6, "", f"{ME}: a ")
        check(words in result.errors, result.errors)
        check(not (folder.path / "none").exists(), "a file with nothing in it")
    put_credential(folder, COUNTED, name="new")
    result = run(folder, "export", spec(folder, "new"), "--to=google-authenticator")
    check_result(result, 0, COUNTED, "google-authenticator itself takes no other algorithm")


@test
def a_migration_of_many_keys_has_parts(folder):
    put_credential(folder, PLAIN)
    result = run(folder, "export", spec(folder), "--to=migration", "-q", *[ME] * 21)
    equal(result.status, 0, "exit status")
    lines = result.output.splitlines()
    equal(len(lines), 3, "parts")
    again = import_text(folder, "\n".join(lines[:2]), "--dry-run", "--from=migration",
                        f"--user={ME}", name="again")
    check("export of 3 parts, of which 2 are here" in again.errors, again.errors)
    equal(again.output, f"would import {ME}\n", "the account")
    equal(again.errors.count("has the same secret as in line 1 of "), 19, "others of two parts")


@test
def labels_for_apps_name_the_host(folder):
    put_credential(folder, PLAIN)
    host = os.uname().nodename
    label = urllib.parse.quote(host, safe="")
    result = run(folder, "export", spec(folder), "-q")
    equal(result.output, f"otpauth://totp/{label}:{ME}@{label}?secret={SECRET}&issuer={label}\n",
          "URI")
    result = run(folder, "export", spec(folder), "-q", "--issuer=A:&B")
    equal(result.output, f"otpauth://totp/A%3A%26B:{ME}@{label}?secret={SECRET}"
                         "&issuer=A%3A%26B\n", "URI with an issuer")
    result = run(folder, "export", spec(folder), "-q", "--issuer=")
    equal(result.output, f"otpauth://totp/{ME}@{label}?secret={SECRET}\n",
          "URI without an issuer")
    result = run(folder, "export", spec(folder), "-q", "--to=csv", '--issuer=A,"B')
    equal(result.output.splitlines()[1], f'{ME},{SECRET},SHA1,6,30,totp,,"A,""B",,', "row")


# A URI of each kind of credential has each of these issuers.
PLAIN_ISSUERS = ("Example", "Two words", "\u00e4\u20ac", "")
HARD_ISSUERS = ("50% & + = ? # / : %41", "a:b", "+", "%2B")


def exported_uris(folder, issuers):
    """URIs, and the values in them."""
    for algorithm in ("SHA1", "SHA256", "SHA512"):
        for digits in (6, 7, 8):
            for key, number in (("STEP_SIZE", 30), ("STEP_SIZE", 60), ("STEP_SIZE", 3600),
                                ("HOTP_COUNTER", 1), ("HOTP_COUNTER", 2**61 - 1)):
                put_credential(folder, f'{SECRET}\n" ALGORITHM {algorithm}\n" DIGITS {digits}\n'
                                       f'" {key} {number}\n" TOTP_AUTH\n')
                for issuer in issuers:
                    result = run(folder, "export", spec(folder), "-q", f"--issuer={issuer}")
                    name = f"{ME}@{os.uname().nodename}"
                    yield result.output.rstrip("\n"), (
                        key == "HOTP_COUNTER", SECRET, issuer, name, algorithm, digits, number)


@test
def pyotp_reads_every_uri(folder):
    try:
        import pyotp  # pylint: disable=import-outside-toplevel
    except ImportError as missing:
        raise Skip("PyOTP is missing (package python3-pyotp)") from missing
    # PyOTP 2.6 unescapes a URI before it looks for '&' and the like. The next test has
    # the issuers for which that matters.
    for uri, expected in exported_uris(folder, PLAIN_ISSUERS):
        otp = pyotp.parse_uri(uri)
        hotp = isinstance(otp, pyotp.HOTP)
        seen = (hotp, otp.secret, otp.issuer or "", otp.name, otp.digest().name.upper(),
                otp.digits, otp.initial_count if hotp else otp.interval)
        equal(seen, expected, f"what PyOTP reads from {uri}")


@test
def urllib_reads_every_uri(folder):
    for uri, expected in exported_uris(folder, HARD_ISSUERS):
        parts = urllib.parse.urlsplit(uri)
        query = dict(urllib.parse.parse_qsl(parts.query, strict_parsing=True))
        issuer, name = map(urllib.parse.unquote, parts.path[1:].split(":", 1))
        equal(issuer, query["issuer"], "issuers")
        hotp = parts.netloc == "hotp"
        seen = (hotp, query["secret"], issuer, name, query.get("algorithm", "SHA1"),
                int(query.get("digits", 6)),
                int(query["counter"] if hotp else query.get("period", 30)))
        equal(seen, expected, f"what urllib reads from {uri}")
        equal(parts.fragment, "", "fragment")


@test
def secrets_go_to_a_terminal_only_with_force(folder):
    put_credential(folder, PLAIN)
    child = start(folder, "export", spec(folder))
    equal(finish(child), 1, "exit status")
    check(SECRET not in child.before and "--output" in child.before, child.before)
    child = start(folder, "export", spec(folder), "--force")
    equal(finish(child), 0, "exit status with --force")
    check(SECRET in child.before, "no secret")
    child = start(folder, "export", spec(folder), "--output=file")
    equal(finish(child), 0, "exit status with a file")
    check(SECRET not in child.before, child.before)
    check(isinstance(child, pexpect.spawn), "no terminal")


@test
def an_output_file_is_new_and_only_for_its_owner(folder):
    put_credential(folder, PLAIN)
    file = folder.path / "file"
    for mask in (0, 0o777):
        before = os.umask(mask)
        try:
            result = run(folder, "export", spec(folder), "-q", "--output=file")
        finally:
            os.umask(before)
        check_result(result, 0, "")
        equal(file.stat().st_mode & 0o7777, 0o600, "mode")
        check(SECRET in read(file), "no secret")
        file.unlink()
    file.write_text("old", encoding="ascii")
    for target in ("file", "link", "dangling"):
        if target != "file":
            (folder.path / target).symlink_to("file" if target == "link" else "nothing")
        for options in ((), ("--force",)):
            result = run(folder, "export", spec(folder), f"--output={target}", *options)
            check_result(result, 6, "", f"cannot write {target}: File exists")
    equal(read(file), "old", "old file")
    check(not (folder.path / "nothing").exists(), "a link was followed")
    result = run(folder, "export", spec(folder), "--output=missing/file")
    check_result(result, 6, "", "cannot write missing/file")


@test
def a_full_device_is_an_error(folder):
    put_credential(folder, PLAIN)
    with open("/dev/full", "wb") as full:
        result = run_to(folder, full, "export", spec(folder))
        equal(result, 6, "exit status of export")
        (folder.path / "rows").write_text(USERS_ROW, encoding="ascii")
        result = run_to(folder, full, "import", spec(folder), "--force", "rows")
        equal(result, 6, "exit status of import")


def run_to(folder, output, *arguments):
    import subprocess  # pylint: disable=import-outside-toplevel
    return subprocess.run([PROGRAM, *arguments], stdout=output, stderr=subprocess.DEVNULL,
                          cwd=folder.path, env=folder.environment(), check=False).returncode


@test
def export_reports_users_without_a_usable_secret(folder):
    check_result(run(folder, "export", spec(folder), ME), 3, "", f"{ME}: cannot open")
    check_result(run(folder, "export", spec(folder)), 3, "", "cannot open")
    put_credential(folder, SECRET + "\n12345678\n")
    check_result(run(folder, "export", spec(folder)), 6, "", "neither")
    put_credential(folder, "not base32!\n")
    result = run(folder, "export", spec(folder))
    check_result(result, 6, "", "line 1")
    check_result(run(folder, "export", spec(folder), "nobody-of-that-name"), 2, "",
                 "there is no user")


# The tests below run as root, for users of their own.


@test
def root_imports_and_exports_for_many_users(folder):
    need_root()
    program = share(folder)
    homes = [home_of(folder, user) for user in NUMBERS]
    result = in_namespace(folder, '"$@"', program, "import", answers=rows(*NUMBERS))
    check_result(result, 0, f"imported {ALICE}\nimported {BOB}\n", "taken for")
    for home, number in zip(homes, NUMBERS.values()):
        check_owner(home / ".google_authenticator", number)
        equal(os.listdir(home), [".google_authenticator"], "files")
    result = in_namespace(folder, '"$@"', program, "export", "--to=users-file", "-q", ALICE,
                          "nobody-of-that-name", BOB)
    check_result(result, 7, rows(*NUMBERS).replace(" ", "\t"),
                 "nobody-of-that-name: there is no user")


@test
def only_root_imports_and_exports_for_others(folder):
    need_root()
    program = share(folder)
    homes = [home_of(folder, user) for user in NUMBERS]
    result = in_namespace(folder, as_user(ALICE) + '"$@"', program, "import", "-q",
                          answers=rows(BOB))
    check_result(result, 5, f"failed standard input: line 1: {BOB}: only root may do that for "
                            "another user\n")
    result = in_namespace(folder, as_user(ALICE) + '"$@"', program, "import", "-q",
                          answers=rows(BOB, ALICE))
    check_result(result, 7, f"failed standard input: line 1: {BOB}: only root may do that for "
                            "another user\n")
    equal(os.listdir(homes[1]), [], "files of another user")
    check_owner(homes[0] / ".google_authenticator", NUMBERS[ALICE])
    result = in_namespace(folder, as_user(ALICE) + '"$@"', program, "export", "-q", BOB)
    check_result(result, 5, "", f"{BOB}: only root may")
    result = in_namespace(folder, as_user(ALICE) + '"$@"', program, "export", "-q",
                          "--to=users-file")
    check_result(result, 0, rows(ALICE).replace(" ", "\t"))


@test
def in_a_folder_of_the_user_root_has_only_the_users_rights(folder):
    need_root()
    program = share(folder)
    home = home_of(folder, ALICE)
    precious = folder.path / "precious"
    precious.write_text("precious", encoding="ascii")
    precious.chmod(0o600)
    (home / ".google_authenticator").symlink_to(precious)
    for words in (("import", "-q", "--force"), ("export", "-q", ALICE)):
        result = in_namespace(folder, '"$@"', program, *words, answers=rows(ALICE))
        check(result.status in (6, 7), f"exit status {result.status}")
        equal(read(precious), "precious", "root's file")
    # The same holds for a path that does not name the home folder.
    sub = home / "sub"
    sub.mkdir()
    os.chown(sub, NUMBERS[ALICE], NUMBERS[ALICE])
    option = f"--secret={folder.path}/${{USER}}/sub/secret"
    result = in_namespace(folder, '"$@"', program, "import", "-q", option,
                          answers=rows(ALICE))
    check_result(result, 0, "")
    check_owner(sub / "secret", NUMBERS[ALICE])


@test
def a_user_cannot_lead_root_to_other_folders(folder):
    """A user who owns a part of the path cannot redirect it."""
    need_root()
    program = share(folder)
    home = home_of(folder, ALICE)
    victim = home_of(folder, BOB)
    own = folder.path / "own"
    own.mkdir()
    option = f"--secret={folder.path}/${{USER}}/sub/secret"
    for target in (victim, own):
        (home / "sub").symlink_to(target)
        os.chown(home / "sub", NUMBERS[ALICE], NUMBERS[ALICE], follow_symlinks=False)
        result = in_namespace(folder, '"$@"', program, "import", "-q", "--force", option,
                              answers=rows(ALICE))
        equal(result.status, 7, f"exit status ({result.output!r})")
        equal(os.listdir(target), [], "files")
        (home / "sub").unlink()
    # A folder of root has a link of the user.
    links = folder.path / "links"
    links.mkdir()
    (links / "link").symlink_to(own)
    os.chown(links / "link", NUMBERS[ALICE], NUMBERS[ALICE], follow_symlinks=False)
    option = f"--secret={links}/link/${{USER}}"
    result = in_namespace(folder, '"$@"', program, "import", "-q", option, answers=rows(ALICE))
    equal(result.status, 7, f"exit status ({result.output!r})")
    equal(os.listdir(own), [], "files behind a link")
    # A folder on the path belongs to a third user.
    option = f"--secret={victim}/${{USER}}"
    result = in_namespace(folder, '"$@"', program, "import", "-q", option, answers=rows(ALICE))
    equal(result.status, 7, "exit status")
    check("a folder of another user" in result.errors, result.errors)
    equal(os.listdir(victim), [], "files")
    # Others may write in a folder on the path.
    own.chmod(0o777)
    option = f"--secret={own}/${{USER}}"
    result = in_namespace(folder, '"$@"', program, "import", "-q", option, answers=rows(ALICE))
    equal(result.status, 7, "exit status")
    check("others may write there" in result.errors, result.errors)
    equal(os.listdir(own), [], "files")


@test
def in_its_own_folder_root_owns_the_files(folder):
    need_root()
    program = share(folder)
    home_of(folder, ALICE)
    option = spec(folder)
    result = in_namespace(folder, '"$@"', program, "import", "-q", option, answers=rows(ALICE))
    check_result(result, 0, "")
    check_owner(credential(folder, user=ALICE), 0)


@test
def a_label_names_the_user_before_the_at_sign(folder):
    need_root()
    program = share(folder)
    homes = [home_of(folder, user) for user in NUMBERS]
    uris = "".join(f"otpauth://totp/Host:{name}?secret={SECRET}&issuer=Host\n"
                   for name in (ALICE, f"{BOB}@host.example", "nobody-of-that-name@host"))
    result = in_namespace(folder, '"$@"', program, "import", "--from=uri", answers=uris)
    check_result(result, 7, f"imported {ALICE}\nimported {BOB}\nfailed standard input: line 3: "
                            "'nobody-of-that-name@host' is no user here; name one with --user\n")
    for home, number in zip(homes, NUMBERS.values()):
        check_owner(home / ".google_authenticator", number)
