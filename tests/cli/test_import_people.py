# SPDX-License-Identifier: LGPL-2.1-or-later
"""Whose secret a label means: nobody gets another person's."""

from import_host import HOST, SECRET, check_result, in_namespace, read, share, spec
from support import check, equal, need_root, test

MAIL = "alice@corp.example"
PEOPLE = {"alice": 54321, MAIL: 54322, "bob": 54323}
ONE_PERSON = {"alice": 54321, "bob": 54323}


def link(label):
    return f"otpauth://totp/h:{label}?secret={SECRET}\n"


def imported(folder, text, *options, users=None, command="import"):
    """What the program says, and whose secret it wrote."""
    secrets = folder.path / "secrets"
    option = spec(folder)
    result = in_namespace(folder, '"$@"', share(folder), command, "-q", option, *options,
                          answers=text, users=users or PEOPLE)
    names = sorted(path.name for path in secrets.iterdir())
    for name in names:
        equal(read(secrets / name).splitlines()[0], SECRET, f"secret of {name}")
        (secrets / name).unlink()
    return result, names


@test
def what_export_writes_for_a_long_name_is_not_another_users(folder):
    need_root()
    (folder.path / "secrets").mkdir()
    program = share(folder)
    (folder.path / "from").mkdir()
    (folder.path / "from" / MAIL).write_text(f'{SECRET}\n" TOTP_AUTH\n', encoding="ascii")
    (folder.path / "from" / MAIL).chmod(0o400)
    for form in ("uri", "migration", "csv", "users-file"):
        text = in_namespace(folder, '"$@"', program, "export", "-q", f"--to={form}",
                            f"--secret={folder.path}/from/${{USER}}", MAIL, users=PEOPLE)
        equal(text.status, 0, text.errors)
        result, names = imported(folder, text.output)
        equal((result.status, names), (0, [MAIL]), f"{form}: {result.output!r}")


@test
def the_longest_user_that_fits_a_label_gets_it(folder):
    need_root()
    for label, users, expected in (
            (f"{MAIL}@h", PEOPLE, [MAIL]), (f"{MAIL}@{HOST}", PEOPLE, [MAIL]),
            (f"{MAIL}@h (old phone)", PEOPLE, [MAIL]), ("alice@h", PEOPLE, ["alice"]),
            ("alice@h (me@home)", PEOPLE, ["alice"]), ("alice", PEOPLE, ["alice"]),
            (MAIL, {MAIL: 54322}, [MAIL]), (MAIL, ONE_PERSON, ["alice"])):
        result, names = imported(folder, link(label), users=users)
        equal((result.status, names), (0, expected), f"{label}: {result.output!r}")


@test
def a_label_with_a_name_of_nobody_here_is_not_for_the_user_it_begins_with(folder):
    need_root()
    for label in (f"{MAIL}@h", "alice@corp.example@h@h", f"{MAIL}@h (phone)"):
        result, names = imported(folder, link(label), users=ONE_PERSON)
        equal((result.status, names), (7, []), f"{label}: {result.output!r}")
        check("is no user here; name one with --user" in result.errors, result.errors)


@test
def a_label_that_two_users_fit_is_refused(folder):
    need_root()
    result, names = imported(folder, link(MAIL))
    equal(names, [], result.errors)
    check_result(result, 7, f"failed standard input: line 1: '{MAIL}' can be alice or {MAIL}; "
                            "name one with --user\n")
    # The administrator says whom it means.
    for user in ("alice", MAIL):
        result, names = imported(folder, link(MAIL), f"--user={user}")
        equal((result.status, names), (0, [user]), result.output)


@test
def a_label_of_somebody_else_is_refused_for_a_user(folder):
    need_root()
    for text in (link("alice@h"), link(f"{MAIL}@h"), link("alice"), link("alice@h (x)"),
                 link(f"{MAIL}@h") + link("nobody-here")):
        for command, options in (("enroll", ("--from-file=-", "bob")),
                                 ("import", ("--user=bob",))):
            result, names = imported(folder, text, *options, command=command)
            equal(names, [], f"{command} of {text}: {result.output!r} {result.errors!r}")
            check(result.status in (6, 7), f"exit status {result.status}")
            check("is for " in result.output + result.errors or
                  "for that user" in result.output + result.errors, result.errors)
    # alice's name begins like another's.
    for command, options in (("enroll", ("--from-file=-", "alice")),
                             ("import", ("--user=alice",))):
        result, names = imported(folder, link(f"{MAIL}@h"), *options, command=command)
        equal(names, [], f"{command}: {result.output!r} {result.errors!r}")


@test
def a_label_of_no_user_here_is_for_the_user_who_is_named(folder):
    need_root()
    for label in ("bob@h", "bob", "robert@phone", "Robert", "", "bob@h (phone)"):
        for command, options in (("enroll", ("--from-file=-", "bob")),
                                 ("import", ("--user=bob",))):
            result, names = imported(folder, link(label), *options, command=command)
            equal((result.status, names), (0, ["bob"]),
                  f"{command} of {label}: {result.output!r} {result.errors!r}")
