# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several secrets of one user: his devices, or accounts of other hosts; and what export writes
comes back whole, or export says what does not."""

import base64
import itertools
import os

from import_host import KEY, ME, SECRET, check_result, import_text, migration, phone, read, spec
from import_host import credential, put_credential
from support import check, equal, run, step_safely, test, totp

OTHER = base64.b32encode(KEY[::-1]).decode()
THIRD = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
FORMATS = ("google-authenticator", "users-file", "uri", "migration", "csv")
HOST = os.uname().nodename


def text_of(*devices, options=("RATE_LIMIT 3 30", "DISALLOW_REUSE", "TOTP_AUTH"), label=None,
            codes=()):
    """A file with a secret, and further devices as pairs of secret and name."""
    lines = [SECRET] + [f'" {option}' for option in options]
    if label:
        lines.insert(2, f'" LABEL {label}')
    lines += [f'" DEVICE {secret} {name}' for secret, name in devices]
    return "\n".join([*lines, *codes]) + "\n"


def devices_of(text):
    """The secrets and names, the first device first."""
    lines = text.splitlines()
    label = [line[8:] for line in lines if line.startswith('" LABEL ')]
    return [(lines[0], label[0] if label else "first")] + [
        tuple(line.split(" ", 3)[2:]) for line in lines if line.startswith('" DEVICE ')]


def options_of(text):
    return sorted(line for line in text.splitlines()[1:]
                  if not line.startswith(('" DEVICE', '" LABEL')))


def bring(folder, text, *options, expected=0):
    """Imports a text for the caller, and returns what was said and what is in the file."""
    result = import_text(folder, text, "--force", f"--user={ME}", *options)
    equal(result.status, expected, f"exit status: {result.output} {result.errors}")
    written = read(credential(folder))
    credential(folder).unlink(missing_ok=True)
    return result, written


@test
def several_secrets_of_one_user_become_devices(folder):
    other = base64.b32decode(OTHER).hex()
    inputs = {
        "users-file": f"HOTP/T30/6 {ME} - {KEY.hex()}\nHOTP/T30/6 {ME} - {other}\n",
        "csv": f"user,secret\n{ME},{SECRET}\n{ME},{OTHER}\n",
        "uri": f"otpauth://totp/{ME}?secret={SECRET}\notpauth://totp/{ME}?secret={OTHER}\n",
        "migration": migration(phone(ME), phone(ME, _1=KEY[::-1])),
    }
    for name, text in inputs.items():
        result, written = bring(folder, text, "-q")
        check_result(result, 0, "")
        equal(devices_of(written), [(SECRET, "first"), (OTHER, "device 2")], name)
        result, written = bring(folder, text + text.replace("user,secret\n", ""),
                                f"--from={name}")
        equal(devices_of(written), [(SECRET, "first"), (OTHER, "device 2")], name)
        check(f"imported {ME} with 2 devices\n" == result.output, result.output)


@test
def devices_have_the_names_that_labels_have(folder):
    text = "".join(f"otpauth://totp/h:{ME}@h{label}?secret={secret}\n" for secret, label in (
        (SECRET, "%20(phone)"), (OTHER, "%20(my%20tablet)"), (THIRD, "%20(phone)")))
    _, written = bring(folder, text)
    equal(devices_of(written), [(SECRET, "phone"), (OTHER, "my tablet"), (THIRD, "device 3")],
          "devices")
    text = f"user,device,secret\n{ME},desk,{SECRET}\n{ME},,{OTHER}\n{ME},device 2,{THIRD}\n"
    _, written = bring(folder, text)
    equal(devices_of(written), [(SECRET, "desk"), (OTHER, "device 3"), (THIRD, "device 2")],
          "devices")
    result, _ = bring(folder, f"user,device,secret\n{ME},\x1b,{SECRET}\n", expected=7)
    check("line 2: the device's name" in result.errors, result.errors)


@test
def what_was_spent_on_one_device_is_spent(folder):
    step = step_safely()
    rows = (f"HOTP/T30 {ME} - {KEY.hex()} 0 {totp(SECRET, step - 1)} 2026-01-02T03:04:05L\n",
            f"HOTP/T30 {ME} - {base64.b32decode(OTHER).hex()} 0 {totp(OTHER, step)} "
            "2026-01-02T03:04:05L\n")
    for text in ("".join(rows), "".join(reversed(rows))):
        _, written = bring(folder, text)
        check(f'" DISALLOW_REUSE {step - 2} {step - 1} {step}\n' in written, written)


@test
def the_same_secret_keeps_all_that_is_known_of_it(folder):
    text = (f"user,secret,type,counter,emergency_codes\n{ME},{SECRET},hotp,5,12345678\n"
            f"{ME},{SECRET},hotp,9,12345678 23456789\n{ME},{SECRET},hotp,7,\n")
    _, written = bring(folder, text)
    check('" HOTP_COUNTER 9\n12345678\n23456789\n' in written, written)


@test
def secrets_that_cannot_be_devices_of_one_user_are_refused(folder):
    def refused(text, words):
        result, written = bring(folder, text, "-q", expected=7)
        equal(written, None, "file")
        check(words in result.errors, result.errors)

    head = "user,secret,digits,algorithm,type\n"
    first = f"{ME},{SECRET},6,SHA1,totp\n"
    for row in (f"{ME},{OTHER},8,SHA1,totp\n", f"{ME},{OTHER},6,SHA256,totp\n",
                f"{ME},{OTHER},6,SHA1,hotp\n", f"{ME},{SECRET},8,SHA1,totp\n"):
        refused(head + first + row, f"line 3: {ME} has another kind of codes in line 2 of input")
    counted = first.replace("totp", "hotp")
    refused(head + counted + counted.replace(SECRET, OTHER), "change with each use")
    many = "".join(f"{ME},{base64.b32encode(bytes([i]) * 20).decode()},,,\n" for i in range(9))
    refused(head + many, "9 devices, of which a user can have 8")
    # The file of one user is taken whole or not at all.
    (folder.path / "whole").write_text(text_of(), encoding="ascii")
    (folder.path / "more").write_text(head + first.replace(SECRET, OTHER), encoding="ascii")
    result = run(folder, "import", spec(folder), "-q", f"--user={ME}", "whole", "more")
    equal((result.status, read(credential(folder))), (7, None), result.errors)
    (folder.path / "more").write_text(head + first, encoding="ascii")
    result = run(folder, "import", spec(folder), "-q", f"--user={ME}", "more", "whole")
    equal((result.status, read(credential(folder))), (0, text_of()), result.output)


@test
def a_file_with_devices_is_taken_whole_without_a_word(folder):
    text = text_of((OTHER, "tablet"))
    result, written = bring(folder, text, "--from=google-authenticator")
    check_result(result, 0, f"imported {ME}\n")
    equal(written, text, "file")


TOTP = ("RATE_LIMIT 3 30", "DISALLOW_REUSE", "TOTP_AUTH")
WAYS = {
    "devices": ((), ((OTHER, "tablet"),), ((OTHER, "my tablet"), (THIRD, "a (b) c"))),
    "label": (None, "phone"),
    "codes": ((), ("12345678", "23456789")),
    "options": (
        TOTP, ("RATE_LIMIT 3 30", "ALGORITHM SHA256", "DIGITS 8", "STEP_SIZE 60", *TOTP[1:]),
        ("RATE_LIMIT 3 30", "DIGITS 8", *TOTP[1:]), ("RATE_LIMIT 3 30", "HOTP_COUNTER 7"),
        ("RATE_LIMIT 3 30", "DISALLOW_REUSE 100 101", "WINDOW_SIZE 5", "TOTP_AUTH")),
}

# What export says of what is not in the text, and what the import lacks then.
STATE, CODES, NAMES = "limits, windows", "emergency codes are", "names of devices are"


@test
def what_is_exported_comes_back_or_export_says_what_does_not(folder):
    for form, *choice in itertools.product(FORMATS, *WAYS.values()):
        devices, label, codes, options = choice
        if devices and "TOTP_AUTH" not in options:
            continue
        text = text_of(*devices, label=label, codes=codes, options=options)
        put_credential(folder, text)
        result = run(folder, "export", spec(folder), f"--to={form}")
        what = f"{form} of {text}: {result.output}{result.errors}"
        if result.status != 0:
            check(any(words in result.errors for words in (
                "cannot hold the algorithm", "cannot hold a period", "cannot hold 7")), what)
            continue
        _, written = bring(folder, result.output, f"--from={form}")
        names = [name for _, name in devices_of(text)]
        if NAMES in result.errors:
            equal((form, devices != () or label is not None), ("users-file", True), what)
            names = [name for _, name in devices_of(written)]
        equal(devices_of(written),
              list(zip([SECRET, *(secret for secret, _ in devices)], names)), what)
        lost = [words for words in (STATE, CODES) if words in result.errors]
        expected = options_of(text)
        if CODES in lost:
            expected = [line for line in expected if line not in codes]
        if STATE in lost:
            expected = [line.split(" 100")[0] for line in expected if "WINDOW" not in line]
        equal(options_of(written), expected, what)
        # Nothing is said that is not so.
        equal(STATE in lost, form != "google-authenticator" and "WINDOW_SIZE 5" in options, what)
        equal(CODES in lost, form not in ("csv", "google-authenticator") and codes != (), what)


@test
def an_export_has_what_logins_changed_in_a_state_of_its_own(folder):
    text = text_of(codes=("12345678", "23456789"), options=("RATE_LIMIT 3 30", "HOTP_COUNTER 7"))
    (folder.path / "state").mkdir(mode=0o700)
    conf = folder.path / "totpgroup.conf"
    conf.write_text(f"secret={folder.path}/secrets/${{USER}}\n"
                    f"state={folder.path}/state/${{USER}}\n")
    conf.chmod(0o644)
    put_credential(folder, text)
    for answer in ("12345678", None):
        code = answer or totp(SECRET, 7)
        result = run(folder, "verify", f"--conf={conf}", ME, answers=code + "\n")
        equal(result.status, 0, result.output + result.errors)
    equal(read(credential(folder)), text, "the secret itself")
    for form, counter, codes in (("csv", ",8,", "23456789"), ("google-authenticator",
                                 "HOTP_COUNTER 8\n", "23456789"), ("uri", "counter=8", None),
                                 ("users-file", "\t8\n", None)):
        result = run(folder, "export", f"--conf={conf}", "-q", f"--to={form}")
        equal(result.status, 0, result.errors)
        check(counter in result.output and (codes is None or codes in result.output), result.output)
        check("12345678" not in result.output, result.output)


@test
def of_a_phones_accounts_the_one_of_this_host_is_taken(folder):
    def account(label, secret, issuer=""):
        return f"otpauth://totp/{label}?secret={secret}" + (issuer and f"&issuer={issuer}") + "\n"

    here = account(f"{HOST}:{ME}@{HOST}", OTHER)
    for mine in (here, account(f"x:{ME}@{HOST.upper()}", OTHER),
                 account(f"{ME}", OTHER, HOST), account(f"{ME}@{HOST}.example.org", OTHER),
                 account(f"{ME}@{HOST.split('.')[0]}", OTHER)):
        for text in (account(f"one:{ME}@one", SECRET) + mine + account(f"{ME}@two", THIRD),
                     mine + account(f"one:{ME}@one", SECRET)):
            result, written = bring(folder, text, "--from=uri")
            equal(devices_of(written), [(OTHER, "first")], mine)
            check(f"{ME}@one is not for this host, and is left out" in result.errors,
                  result.errors)
    # Two accounts of this host are two devices.
    _, written = bring(folder, account(f"{ME}@one", SECRET) + here +
                       account(f"{HOST}:{ME}@{HOST}", THIRD))
    equal(devices_of(written), [(OTHER, "first"), (THIRD, "device 2")], "devices")


@test
def of_accounts_of_other_hosts_the_person_chooses_one(folder):
    text = (f"otpauth://totp/Shop:{ME}@one?secret={SECRET}\n"
            f"otpauth://totp/Work:{ME}@two?secret={OTHER}\n")
    result, written = bring(folder, text, "-q", expected=7)
    equal(written, None, "file")
    check(f"failed input: line 1: {ME} has another account, {ME}@two of Work, in line 2 of "
          "input; choose with --issuer or --label of import\n" in result.errors, result.errors)
    for option, secret in (("--issuer=Shop", SECRET), ("--issuer=Work", OTHER),
                           (f"--label={ME}@one", SECRET), (f"--label=Work:{ME}@two", OTHER)):
        _, written = bring(folder, text, option)
        equal(devices_of(written), [(secret, "first")], option)
    for option in ("--issuer=shop", "--label=x", f"--label=Shop:{ME}@two"):
        result, written = bring(folder, text, option, expected=6)
        check("nothing to import" in result.errors, result.errors)
    result = run(folder, "enroll", spec(folder), "--from-file=-", "-f", answers=text)
    equal(result.status, 6, result.output)
    check("choose with" in result.errors, result.errors)
