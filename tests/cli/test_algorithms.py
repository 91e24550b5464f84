# SPDX-License-Identifier: LGPL-2.1-or-later
"""Unusual hashes, numbers of digits and periods: in the file, on the screen, in the
confirmation and at a login. And hashed emergency codes."""

import re
import subprocess
from urllib.parse import parse_qs, urlsplit

import screen
from support import (
    CODE_QUESTION, HASHED_CODE, HASHED_LINE, Credential, check, equal, finish, is_hash_of,
    log_in, need, run, shown_secret, shown_uri, start, step_now, step_safely, test,
    totp,
)

REST = ["-f", "-W", "-u"]
QUIET = ["-t", "-d", *REST, "-q"]

# Options, their lines in the file, characters of the secret, parameters of the URI.
KINDS = [
    ([], [], 32, {}),
    (["--algorithm=SHA1", "--digits=6", "-S", "30"], [], 32, {}),
    (["--algorithm=SHA256"], ['" ALGORITHM SHA256'], 52, {"algorithm": "SHA256"}),
    (["--algorithm=sha512"], ['" ALGORITHM SHA512'], 103, {"algorithm": "SHA512"}),
    (["--digits=7"], ['" DIGITS 7'], 32, {"digits": "7"}),
    (["--digits=8"], ['" DIGITS 8'], 32, {"digits": "8"}),
    (["--step-size=60"], ['" STEP_SIZE 60'], 32, {"period": "60"}),
    (["--step-size=3600"], ['" STEP_SIZE 3600'], 32, {"period": "3600"}),
    (["-S", "61", "--digits=8", "--algorithm=Sha256"],
     ['" ALGORITHM SHA256', '" DIGITS 8', '" STEP_SIZE 61'], 52,
     {"algorithm": "SHA256", "digits": "8", "period": "61"}),
]


def lines(kind, *spent):
    return ['" WINDOW_SIZE 3', *kind, " ".join(['" DISALLOW_REUSE', *map(str, spent)]),
            '" TOTP_AUTH']


@test
def each_kind_has_its_lines_and_its_length_of_secret(folder):
    for arguments, kind, length, _ in KINDS:
        equal(run(folder, *QUIET, *arguments).status, 0, " ".join(arguments))
        Credential(folder.file).check(lines(kind), length=length)


@test
def the_link_and_the_text_name_the_kind(folder):
    for arguments, _, length, parameters in KINDS:
        result = run(folder, "-t", "-d", *REST, "-C", "-i", "b", *arguments)
        values = {name: value[0]
                  for name, value in parse_qs(urlsplit(shown_uri(result.output)).query).items()}
        equal(len(values["secret"]), length, "length of the secret")
        equal(shown_secret(result.output), values["secret"], "secret in groups")
        equal(values, {"secret": values["secret"], "issuer": "b", **parameters}, "link")
        kind = re.search(r"  \((.*)\)\n", result.output).group(1)
        expected = f"by time, {parameters.get('digits', 6)} digits"
        if "algorithm" in parameters:
            expected += f", {parameters['algorithm']}"
        if "period" in parameters:
            expected += f", {parameters['period']} seconds"
        equal(kind, expected, "what the text says of it")


@test
def the_qr_code_has_the_same_link(folder):
    need("zbarimg")
    for arguments, *_ in KINDS[-1:]:
        result = run(folder, "-t", "-d", *REST, "-C", "--qr=utf8", *arguments)
        equal(screen.decode(result.output, "dark", folder.path / "screen.pgm"),
              shown_uri(result.output), "QR code")


@test
def a_code_of_each_kind_confirms(folder):
    for arguments, kind, _, parameters in KINDS:
        period = int(parameters.get("period", 30))
        digits = int(parameters.get("digits", 6))
        child = start(folder, "-t", "-d", *REST, *arguments, columns=200)
        child.expect(CODE_QUESTION)
        secret = shown_secret(child.before)
        child.sendline("1" * (digits - 1))
        child.expect(CODE_QUESTION)
        check({6: "six", 7: "seven", 8: "eight"}[digits] + " digits" in child.before,
              f"{child.before!r} does not say how many digits")
        # In a long step the time need not be far from the end: neighboring steps count.
        step = step_safely(period) if period <= 61 else step_now(period)
        child.sendline(totp(secret, step, digits, parameters.get("algorithm", "sha1").lower()))
        equal(finish(child), 0, f"exit status of {arguments}")
        check("Right" in child.before, f"the code is not right with {arguments}")
        seen = [line for line in Credential(folder.file).options if "SCRATCH" not in line]
        equal(seen, lines(kind, step), "option lines")
        folder.file.unlink()


def oathtool(folder, when, *arguments):
    secret = Credential(folder.file).secret
    # The secret of a test may be in an argument.
    done = subprocess.run(
        ["oathtool", "-b", *arguments, f"--now=@{when}", secret + "=" * (-len(secret) % 8)],
        capture_output=True, text=True, check=True)
    return done.stdout.strip()


@test
def a_login_takes_codes_of_oathtool_once(folder):
    need("oathtool")
    when = 1_800_000_000
    for arguments, _, _, parameters in KINDS:
        equal(run(folder, *QUIET, *arguments).status, 0, " ".join(arguments))
        folder.file.chmod(0o600)
        code = oathtool(
            folder, when, f"--totp={parameters.get('algorithm', 'sha1').lower()}",
            "-d", parameters.get("digits", "6"), "-s", parameters.get("period", "30"))
        check(log_in(folder, code, when), f"{code} is refused with {arguments}")
        check(not log_in(folder, code, when), f"{code} is good twice with {arguments}")


@test
def a_counter_can_have_another_hash_and_more_digits(folder):
    result = run(folder, "-c", *REST, "-i", "b", "--digits=8", "--algorithm=sha256")
    equal(result.status, 0, "exit status")
    seen = [line for line in Credential(folder.file).options if "SCRATCH" not in line]
    equal(seen, ['" WINDOW_SIZE 1', '" ALGORITHM SHA256', '" DIGITS 8', '" HOTP_COUNTER 1'],
          "option lines")
    for part in ("otpauth://hotp/", "counter=1", "digits=8", "algorithm=SHA256"):
        check(part in result.output, f"no {part}")
    code = totp(Credential(folder.file).secret, 1, 8, "sha256")
    check(log_in(folder, code), "the code is refused")


# Options, words of the warning, words that are not in it, and whether it names
# google-authenticator.
WARNED = [
    (["--algorithm=SHA256"], ["SHA256", "Microsoft Authenticator", "Authy", "Duo Mobile",
                              "Google Authenticator from before 2024"], ["1Password"], True),
    (["--algorithm=SHA512"], ["SHA512", "1Password", "Yubico"], [], True),
    (["--digits=8"], ["8 digits", "Microsoft Authenticator", "1Password"], ["Yubico"], True),
    (["-S", "60"], ["60 seconds", "Google Authenticator "], ["Authy", "2024"], False),
    (["-S", "45", "--digits=7"], ["7 digits, 45 seconds", "Google Authenticator"],
     ["Google Authenticator from before"], True),
    (["-S", "61"], ["61 seconds", "Google Authenticator"], ["Authy"], True),
]


@test
def kinds_that_some_apps_do_not_know_are_warned_about(folder):
    for arguments, parts, others, ours in WARNED:
        result = run(folder, "-t", "-d", *REST, "-C", *arguments)
        errors = "\n".join(line for line in result.errors.splitlines() if "HOME" not in line)
        check("\n" not in errors, f"{errors!r} is not one line")
        for part in (*parts, "No code from the app"):
            check(part in errors, f"{errors!r} does not name {part}")
        for part in others:
            check(part not in errors, f"{errors!r} names {part}")
        equal("google-authenticator" in errors, ours, f"the other program with {arguments}")
        confirmed = run(folder, "-t", "-d", *REST, *arguments, answers="-1\n").errors
        check("will tell" in confirmed and "No code" not in confirmed, "what confirming is for")
        equal(run(folder, *QUIET, *arguments).errors, "", "with -q")
    for arguments, kind, *_ in KINDS:
        if not kind:
            equal(run(folder, "-t", "-d", *REST, "-C", *arguments).errors.count("wrong"), 0,
                  "warnings of what every app can do")


@test
def wrong_values_are_refused(folder):
    for arguments in (["--algorithm=MD5"], ["--algorithm="], ["--algorithm=SHA"],
                      ["--algorithm=SHA1|SHA256"], ["--algorithm"], ["--digits=5"], ["--digits=9"],
                      ["--digits=x"], ["-S", "3601"], ["-S", "0"], ["--codes=scrypt"],
                      ["--codes="], ["--digits=6", "--digits=6"],
                      ["--algorithm=SHA1", "--algorithm=SHA1"], ["-q", "--codes=hashed"]):
        result = run(folder, *arguments, answers="y\n" * 9)
        equal(result.status, 2, " ".join(arguments))
        check(re.fullmatch(r"totp-enroll: [^\n]+\n", result.errors), f"{result.errors!r}")
        folder.check_empty()


def shown_codes(text):
    return re.findall(r"^  (\S{8,})$", text, re.M)


def check_hashed(folder, shown, count=5):
    credential = Credential(folder.file)
    hashed = [line for line in credential.options if "SCRATCH_HASH" in line]
    equal(credential.codes, [], "plain codes")
    equal((len(hashed), len(shown)), (count, count), "lines and codes")
    equal(len({HASHED_LINE.fullmatch(line).group(3) for line in hashed}), min(count, 1), "salts")
    for line, code in zip(hashed, shown):
        check(HASHED_CODE.fullmatch(code), f"{code} is malformed")
        check(is_hash_of(line, code), f"{line} is not of {code}")
    text = folder.file.read_text(encoding="ascii")
    check(not any(code in text for code in shown), "a code is in the file")


@test
def codes_hashed_keeps_only_hashes_in_the_file(folder):
    for count in (5, 1, 0):
        result = run(folder, "-t", "-d", *REST, "-C", "--codes=hashed", "-e", str(count))
        check_hashed(folder, shown_codes(result.output), count)
        equal("hashes of them" in result.output, count > 0, "what is said of them")


@test
def codes_are_hashed_where_only_the_module_reads_the_file(folder):
    for arguments, kind, *_ in KINDS:
        result = run(folder, "-t", "-d", *REST, "-C", *arguments)
        if not kind or kind == ['" STEP_SIZE 60']:
            equal(Credential(folder.file).codes, shown_codes(result.output), "plain codes")
        else:
            check_hashed(folder, shown_codes(result.output))
        run(folder, "-t", "-d", *REST, "-C", "--codes=plain", *arguments)
        equal(len(Credential(folder.file).codes), 5, "plain codes on demand")
        run(folder, *QUIET, *arguments)
        equal(len(Credential(folder.file).codes), 5, "plain codes that nobody was shown")


@test
def a_login_takes_a_hashed_code_once_in_any_spelling(folder):
    result = run(folder, "-t", "-d", *REST, "-C", "--codes=hashed")
    folder.file.chmod(0o600)
    codes = shown_codes(result.output)
    forms = (str, str.lower, lambda code: code.replace("-", ""),
             lambda code: code.replace("-", " ").lower(),
             lambda code: code.replace("0", "o").replace("1", "l"))
    for form, code in zip(forms, codes):
        check(log_in(folder, form(code)), f"{form(code)} is refused")
        check(not log_in(folder, form(code)), f"{form(code)} is good twice")
    check("SCRATCH" not in folder.file.read_text(encoding="ascii"), "a line is left")
