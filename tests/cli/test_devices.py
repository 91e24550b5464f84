# SPDX-License-Identifier: LGPL-2.1-or-later
"""Several devices of one user, which are added, shown and revoked by their names."""

import json
import pathlib

from support import (
    CODE_QUESTION, QUESTION, Skip, check, equal, finish, log_in, run, shown_secret,
    shown_uri, start, step_safely, test, totp,
)
from pwd import getpwuid
from os import getuid

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
TABLET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
REST = '" RATE_LIMIT 9 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n'
CODES = "12345678\n87654321\n"
PHONE = f'{SECRET}\n" LABEL phone\n{REST}{CODES}'
BOTH = f'{SECRET}\n" DEVICE {TABLET} the tablet\n" LABEL phone\n{REST}{CODES}'

try:
    ME = getpwuid(getuid()).pw_name
except KeyError:
    ME = None


def put(folder, text):
    if ME is None:
        raise Skip("the caller has no name")
    folder.file.unlink(missing_ok=True)
    folder.file.write_text(text, encoding="utf-8")
    folder.file.chmod(0o400)


def at(folder):
    return f"--secret={folder.file}"


def conf(folder, text):
    path = folder.path / "totpgroup.conf"
    path.write_text(text)
    path.chmod(0o644)
    return f"--conf={path}"


def verify(folder, code, *more):
    result = run(folder, "verify", at(folder), *more, ME, answers=f"{code}\n")
    return result.output.strip() or result.errors.strip()


def is_right(folder, code, *more):
    return "right" in verify(folder, code, *more)


def revoke(folder, name, *more):
    return run(folder, "revoke", "-f", at(folder), f"--device={name}", *more, ME)


def devices(folder):
    result = run(folder, "status", "--json", at(folder), ME)
    return json.loads(result.output)["users"][0]["devices"]


def add(folder, name, *more):
    """Adds a device and confirms it; returns its secret and the step of the code."""
    child = start(folder, "enroll", at(folder), f"--device={name}", *more, ME, columns=200)
    child.expect(CODE_QUESTION)
    secret = shown_secret(child.before)
    step = step_safely()
    child.sendline(totp(secret, step))
    equal(finish(child), 0, f"exit status: {child.before}")
    check(f"the device '{name}' is in {folder.file}" in child.before, child.before)
    return secret, step


@test
def the_first_device_gets_a_name_and_a_second_is_added(folder):
    put(folder, "")
    folder.file.unlink()
    result = run(folder, "enroll", at(folder), "--device=phone", "-t", "-d", "-f", "-C", "-W",
                 "-r", "9", "-R", "30", "--qr=none")
    equal(result.status, 0, result.errors)
    lines = folder.file.read_text().splitlines()
    check('" LABEL phone' in lines, "the first device has no name")
    first = lines[0]
    secret, step = add(folder, "the tablet")
    check(secret != first, "the same secret twice")
    after = [line.replace('" DISALLOW_REUSE', f'" DISALLOW_REUSE {step}') for line in lines]
    after.insert(1, f'" DEVICE {secret} the tablet')
    equal(folder.file.read_text().splitlines(), after, "the file with two devices")
    equal(folder.file.stat().st_mode & 0o777, 0o400, "mode")
    equal(folder.names(), [folder.file.name], "files left behind")
    equal(devices(folder), ["phone", "the tablet"], "devices in status")
    table = " ".join(run(folder, "status", at(folder), ME).output.split())
    check("(phone, the tablet)" in table and secret not in table, "devices in the table")
    # The confirming code is spent for both devices; the next one is good.
    check("reused" in verify(folder, totp(secret, step)), "the confirming code")
    check("reused" in verify(folder, totp(first, step)), "the other device's code of that step")
    check(is_right(folder, totp(secret, step + 1)), "a code of the new device")


@test
def nothing_is_written_before_the_code_is_right(folder):
    put(folder, PHONE)
    child = start(folder, "enroll", at(folder), "--device=tablet", ME)
    child.expect(CODE_QUESTION)
    secret = shown_secret(child.before)
    check("Shall" not in child.before and "mergency" not in child.before, child.before)
    child.sendline(totp(secret, step_safely() + 30))
    child.expect(CODE_QUESTION)
    child.sendeof()
    equal(finish(child), 1, "exit status")
    equal(folder.file.read_text(), PHONE, "the file")


@test
def a_new_device_has_the_kind_of_the_first(folder):
    put(folder, f'{SECRET}\n" ALGORITHM SHA256\n" DIGITS 8\n" STEP_SIZE 60\n" TOTP_AUTH\n')
    child = start(folder, "enroll", at(folder), "--device=tablet", "--digits=6", ME)
    child.expect(CODE_QUESTION)
    uri = shown_uri(child.before)
    check("algorithm=SHA256" in uri and "digits=8" in uri and "period=60" in uri, uri)
    secret = uri.split("secret=")[1].split("&")[0]
    child.sendline(totp(secret, step_safely(60), 8, "sha256"))
    equal(finish(child), 0, child.before)
    check(f'" DEVICE {secret} tablet\n' in folder.file.read_text(), "the line")


@test
def a_device_that_cannot_be_added_is_refused(folder):
    def refused(text, name, status, message):
        put(folder, text)
        result = run(folder, "enroll", at(folder), f"--device={name}", "-C", "--qr=none", ME)
        equal((result.status, result.output), (status, ""), f"adding {name!r}")
        check(message in result.errors, result.errors)
        equal(folder.file.read_text(), text, "the file")

    refused(f'{SECRET}\n" HOTP_COUNTER 1\n', "x", 1, "only a secret whose codes change with time")
    refused(PHONE + '" DEVICE x\n', "x", 6, f"{folder.file}, line 8: DEVICE needs a secret")
    refused(PHONE, " x", 2, "--device: a name has 1 to 64 bytes")
    refused(PHONE, "x" * 65, 2, "--device: a name has 1 to 64 bytes")
    refused(PHONE, "a\tb", 2, "--device: a name has 1 to 64 bytes")
    seven = "".join(f'" DEVICE {TABLET} {i}\n' for i in range(7))
    refused(PHONE + seven, "x", 1, "8 devices already")


@test
def a_device_of_that_name_is_replaced_after_a_question(folder):
    put(folder, BOTH)
    child = start(folder, "enroll", at(folder), "--device=the tablet", "-C", "--qr=none", ME)
    child.expect(f"can give no code any more.*Replace it. {QUESTION}")
    child.sendline("")
    equal(finish(child), 1, "exit status after no answer")
    equal(folder.file.read_text(), BOTH, "the file")
    child = start(folder, "enroll", at(folder), "--device=the tablet", "-C", "--qr=none", ME)
    child.expect(QUESTION)
    child.sendline("y")
    equal(finish(child), 0, "exit status after y")
    secret = shown_secret(child.before)
    equal(folder.file.read_text(), BOTH.replace(TABLET, secret), "the file")
    check("wrong-code" in verify(folder, totp(TABLET, step_safely())), "the old tablet")
    check(is_right(folder, totp(secret, step_safely())), "the new tablet")
    # The first device can be replaced, too, here without a question.
    result = run(folder, "enroll", at(folder), "--device=phone", "-C", "-f", "--qr=none", ME)
    equal(result.status, 0, result.errors)
    check("wrong-code" in verify(folder, totp(SECRET, step_safely() + 1)), "the old phone")
    check(is_right(folder, totp(shown_secret(result.output), step_safely() + 1)), "the new phone")
    check(is_right(folder, "12345678"), "an emergency code")


@test
def one_device_is_revoked_and_the_other_stays(folder):
    put(folder, BOTH)
    equal(revoke(folder, "the tablet").output,
          f"{ME}: revoked the device 'the tablet' in {folder.file}\n", "output")
    equal(folder.file.read_text(), PHONE, "the file")
    check("wrong-code" in verify(folder, totp(TABLET, step_safely())), "the tablet's code")
    check(is_right(folder, totp(SECRET, step_safely())), "the phone's code")
    result = revoke(folder, "the tablet")
    equal(result.status, 3, "exit status of one that is gone")
    check("there is no device 'the tablet'" in result.errors, result.errors)
    result = revoke(folder, "phone")
    equal(result.status, 1, "exit status of the last one")
    check("the only device: 'totp-enroll revoke" in result.errors, result.errors)


@test
def the_next_device_becomes_the_first_when_that_is_revoked(folder):
    put(folder, BOTH)
    step = step_safely()
    check(is_right(folder, totp(SECRET, step)), "the phone's code")
    check(is_right(folder, "12345678"), "an emergency code")
    spent = folder.file.read_text()
    result = revoke(folder, "phone", "--json")
    equal(json.loads(result.output)["users"][0],
          {"user": ME, "status": 0, "revoked": True, "device": "phone",
           "file": str(folder.file), "store": "file", "place": str(folder.file),
           "message": None}, "JSON")
    lines = [line for line in spent.splitlines() if "DEVICE" not in line]
    lines[0] = TABLET
    lines[1] = '" LABEL the tablet'
    equal(folder.file.read_text().splitlines(), lines, "the file")
    check("reused" in verify(folder, totp(TABLET, step)), "the step that the phone has spent")
    check("wrong-code" in verify(folder, totp(SECRET, step + 1)), "the phone")
    check("wrong-code" in verify(folder, "12345678"), "the spent emergency code")
    check(is_right(folder, totp(TABLET, step + 1)), "the tablet")
    equal(devices(folder), ["the tablet"], "devices")


@test
def with_separate_state_nothing_spent_is_good_again(folder):
    apart = conf(folder, f"state={folder.path}/state/${{USER}}\n")
    put(folder, BOTH)
    step = step_safely()
    check(is_right(folder, totp(SECRET, step), apart), "the phone's code")
    check(is_right(folder, "12345678", apart), "an emergency code")
    equal(folder.file.read_text(), BOTH, "the secret")
    result = revoke(folder, "phone", apart)
    equal(result.status, 0, result.errors)
    alone = folder.file.read_text()
    equal(alone, f'{TABLET}\n" LABEL the tablet\n{REST}{CODES}', "the secret without the phone")
    check("reused" in verify(folder, totp(TABLET, step), apart), "the step that is spent")
    check("wrong-code" in verify(folder, "12345678", apart), "the spent emergency code")
    check(is_right(folder, "87654321", apart), "the other one")
    # Configuration management restores the old file.
    put(folder, BOTH)
    check("reused" in verify(folder, totp(TABLET, step), apart), "the step, with the old file")
    check("wrong-code" in verify(folder, "87654321", apart), "what was spent since")
    # The confirming code is spent in the state.
    secret, confirmed = add(folder, "paper", apart)
    check("reused" in verify(folder, totp(secret, confirmed), apart), "the confirming code")
    (folder.path / "state" / ME).write_text("rubbish\n")
    before = folder.file.read_text()
    result = revoke(folder, "paper", apart)
    equal((result.status, folder.file.read_text()), (6, before), "with a damaged state")
    check(f"state/{ME}, line 1" in result.errors, result.errors)


@test
def a_person_is_asked_before_a_device_is_revoked(folder):
    put(folder, BOTH)
    child = start(folder, "revoke", at(folder), "--device=phone", ME)
    child.expect(f"'phone' can give no code any more.*{QUESTION}")
    child.sendline("")
    equal(finish(child), 1, "exit status")
    equal(folder.file.read_text(), BOTH, "the file")


@test
def each_device_is_shown_by_itself(folder):
    put(folder, BOTH)

    def shown(*more):
        result = run(folder, "show", at(folder), "-f", "--qr=none", *more, ME)
        return result.status, result.output + result.errors

    status, text = shown()
    equal((status, shown_secret(text)), (0, SECRET), "the first")
    check("Device 'phone', one of 2." in text and "--device=NAME" in text, text)
    status, text = shown("--device=the tablet")
    equal((status, shown_secret(text)), (0, TABLET), "the tablet")
    status, text = shown("--device=x")
    equal(status, 3, "one that there is not")
    check("there is no device 'x'" in text and "Secret" not in text, text)
    put(folder, PHONE)
    check("Device" not in shown()[1], "one device alone")


@test
def each_device_is_exported_as_an_account(folder):
    put(folder, BOTH)
    uris = run(folder, "export", at(folder), ME).output.splitlines()
    equal(len(uris), 2, "links")
    check(f"secret={SECRET}" in uris[0] and "%28phone%29" in uris[0], uris[0])
    check(f"secret={TABLET}" in uris[1] and "%28the%20tablet%29" in uris[1], uris[1])
    result = run(folder, "export", at(folder), "--to=csv", ME)
    equal([line.rsplit(",", 1)[1] for line in result.output.splitlines()[1:]],
          ["phone", "the tablet"], "a row for each device")
    check(TABLET in result.output, "the second device")
    result = run(folder, "export", at(folder), "--to=google-authenticator", ME)
    equal(result.output, BOTH, "the file as it is")
    old = pathlib.Path(folder.path) / ME
    old.write_text(BOTH)
    result = run(folder, "import", "--dry-run", "--from=google-authenticator", f"--user={ME}",
                 at(folder) + ".new", str(old))
    equal(result.errors, "", "what is left out")


@test
def a_file_that_no_login_looks_for_is_not_replaced(folder):
    """Without --secret, HOME may name another folder than the user database."""
    put(folder, PHONE)
    if pathlib.Path(getpwuid(getuid()).pw_dir, ".google_authenticator").exists():
        raise Skip("the caller is enrolled")
    result = run(folder, "enroll", "--device=tablet", "-t", "-d", "-f", "-C", "-W", "-u")
    equal((result.status, folder.file.read_text()), (1, PHONE), "the file")
    check("not where a login looks" in result.errors, result.errors)


@test
def the_module_takes_codes_of_both_devices(folder):
    put(folder, BOTH)
    when = step_safely() * 30 + 5
    check(log_in(folder, totp(TABLET, when // 30), when), "the tablet is refused")
    check(not log_in(folder, totp(SECRET, when // 30), when), "the phone, with the same step")
    check(log_in(folder, totp(SECRET, when // 30 + 1), when), "the phone is refused")
    equal(revoke(folder, "the tablet").status, 0, "revoking")
    check(not log_in(folder, totp(TABLET, when // 30 + 2), when + 60), "the revoked tablet")
    check(log_in(folder, totp(SECRET, when // 30 + 2), when + 60), "the phone afterwards")
