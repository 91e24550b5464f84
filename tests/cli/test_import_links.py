# SPDX-License-Identifier: LGPL-2.1-or-later
"""Links and rows as other programs and people write them: taken whole, or refused clearly."""

from import_host import KEY, ME, check_result, credential, import_text, read, spec
from import_host import SECRET as OTHER
from import_host import migration, phone
from support import check, equal, run, test

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PLAIN = SECRET + '\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n'
COUNTED = SECRET + '\n" RATE_LIMIT 3 30\n" HOTP_COUNTER 1\n'
SLOW = PLAIN.replace('" DIS', '" DIGITS 8\n" STEP_SIZE 60\n" DIS')


def take(folder, text, expected, *warnings):
    """The text is taken, and becomes that secret."""
    result = import_text(folder, text, "--force", f"--user={ME}", "--from=uri")
    check_result(result, 0, f"imported {ME}\n", *warnings)
    equal(read(credential(folder)), expected, f"secret of {text!r}")
    credential(folder).unlink()


def refuse(folder, text, *words, options=("--from=uri",)):
    result = import_text(folder, text, f"--user={ME}", *options)
    equal((result.status, read(credential(folder))), (7, None), f"{text!r}: {result.errors}")
    for word in words:
        check(word in result.errors, f"{word!r} is not in {result.errors!r}")
    check(SECRET not in result.output + result.errors, "a secret is printed")


@test
def a_secret_that_is_no_base32_is_refused(folder):
    for secret in ("CQ1HUXJ2VWDI8WFF", "JBSWY3DPEHPK3PX0", "JBSWY3DPEHPK3PX1"):
        refuse(folder, f"otpauth://totp/x:{ME}?secret={secret}", "line 1: the secret is not base32",
               "0, 1 and 8")
    for secret in ("MZX", "M", "MZXW6Y", SECRET[:-2], "MZX%3D%3D%3D", "M-Z-X"):
        refuse(folder, f"otpauth://totp/x:{ME}?secret={secret}",
               "line 1: the secret is cut short")
    for secret in ("CQ1HUXJ2VWDI8WFF", "MZX"):
        refuse(folder, f"user,secret\n{ME},{secret}\n", "line 2: the secret is ",
               options=("--from=csv",))
    # The file of a secret may have them, as google-authenticator reads it.
    result = import_text(folder, 'CQ1HUXJ2VWDI8WFFA\n" TOTP_AUTH\n', f"--user={ME}", "-q")
    check_result(result, 0, "")


@test
def codes_of_steam_are_refused(folder):
    refuse(folder, f"otpauth://totp/Steam:{ME}?secret={SECRET}&encoder=steam",
           "line 1: codes of Steam have letters")
    refuse(folder, f"otpauth://totp/Steam:{ME}?encoder=STEAM&secret={SECRET}", "Steam")


@test
def a_counter_that_is_not_said_is_0(folder):
    take(folder, f"otpauth://hotp/{ME}?secret={SECRET}", COUNTED,
         "input: line 1: the link has no counter: 0 is assumed", "begins at counter 1")


@test
def an_algorithm_may_have_a_dash(folder):
    for name, written in (("SHA-256", "SHA256"), ("sha-512", "SHA512")):
        take(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm={name}",
             PLAIN.replace('" DIS', f'" ALGORITHM {written}\n" DIS'))
    take(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm=SHA-1", PLAIN)
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm=SHA-", "algorithm must be")
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm=S-HA1", "algorithm must be")


@test
def a_parameter_may_be_there_twice_with_one_value(folder):
    take(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm=SHA1&algorithm=sha1", PLAIN)
    take(folder, f"otpauth://totp/{ME}?secret={SECRET}&digits=6&Secret={SECRET}&digits=6", PLAIN)
    for again in ("algorithm=SHA-1&algorithm=SHA1", "digits=6&digits=%36", "issuer=A+B&issuer=A%20B",
                  f"secret={SECRET[:4]}+{SECRET[4:].lower()}"):
        take(folder, f"otpauth://totp/{ME}?secret={SECRET}&{again}", PLAIN)
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&algorithm=SHA1&algorithm=SHA256",
           "the algorithm is there twice, with different values")
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&secret={OTHER}", "the secret is there")


@test
def a_plus_is_a_blank(folder):
    take(folder, f"otpauth://totp/{ME}?secret=JBSW+Y3DP+EHPK+3PXP+JBSW+Y3DP+EHPK+3PXP", PLAIN)
    take(folder, f"otpauth://totp/{ME}?secret=+{SECRET}%20&digits=6", PLAIN)


@test
def an_ampersand_of_html_is_one(folder):
    for amp in ("&amp;", "&AMP;", "&amp;amp;"):
        take(folder, f"otpauth://totp/{ME}?secret={SECRET}{amp}digits=8{amp}period=60", SLOW)
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&#38;digits=8", "&#")
    refuse(folder, f"otpauth://totp/{ME}?secret={SECRET}&#x26;digits=8", "&#")
    result = import_text(folder, migration(phone(ME)).replace("?data", "?x=y&amp;data"),
                         f"--user={ME}", "-q")
    check_result(result, 0, "")


@test
def a_parameter_that_is_misspelt_is_an_error(folder):
    for name, meant in (("digit", "digits"), ("digist", "digits"), ("Perod", "period"),
                        ("algoritm", "algorithm"), ("algo", "algorithm"), ("alg", "algorithm"),
                        ("isuer", "issuer"), ("secrets", "secret"), ("digits ", "digits"),
                        ("peroid", "period"), ("digest", "algorithm"), ("step", "period")):
        for kind in ("totp", "hotp"):
            refuse(folder, f"otpauth://{kind}/{ME}?secret={SECRET}&{name}=8".replace(" ", "%20"),
                   f"line 1: there is no parameter '{name}'; {meant} is meant")
    take(folder, f"otpauth://totp/{ME}?secret={SECRET}&%64igits=8&p%65riod=60", SLOW)
    # What other programs add is none of ours.
    for name in ("image", "icon", "color", "lock", "tag", "pin", "codeDisplay", "group", "x", ""):
        take(folder, f"otpauth://totp/{ME}?secret={SECRET}&{name}=8", PLAIN)


@test
def the_last_code_of_a_row_says_how_long_codes_are(folder):
    row = f"{ME}\t-\t{KEY.hex()}\t0\t69041896\t2026-11-30T11:46:26L\n"
    for kind, line in (("HOTP/T30", '" DIS'), ("HOTP/T60", '" STEP'), ("HOTP", '" HOTP'),
                       ("HOTP/E", '" HOTP')):
        result = import_text(folder, f"{kind}\t{row}", "-f", "--from=users-file")
        check_result(result, 0, f"imported {ME}\n")
        check(f'\n" DIGITS 8\n{line}' in read(credential(folder)), read(credential(folder)))
    credential(folder).unlink()
    for kind in ("HOTP/T30/6", "HOTP/E/7"):
        refuse(folder, f"{kind}\t{row}", "line 1: the last code does not have",
               options=("--from=users-file",))
    # Nothing says it here.
    result = import_text(folder, f"HOTP/T30 {ME} - {KEY.hex()}\nHOTP x\nHOTP/T30 x - 00\n",
                         "-f", "--from=users-file", f"--user={ME}")
    check("failed input: line 2: " in result.errors, result.errors)
    equal([line for line in result.errors.splitlines() if "failed" not in line], [
        "totp-enroll: input: 6 digits are assumed where a row does not say how many: line 1"],
        result.errors)
    check_result(import_text(folder, f"HOTP/T30/6 {ME} - {KEY.hex()}\n", "-f",
                             "--from=users-file"), 0, f"imported {ME}\n")


@test
def the_same_secret_in_many_forms_counts_once(folder):
    link = f"otpauth://totp/{ME}@host?secret={OTHER}\n"
    spec(folder)
    (folder.path / "link").write_text(link, encoding="ascii")
    (folder.path / "phone").write_text(migration(phone(ME)), encoding="ascii")
    (folder.path / "rows").write_text(f"HOTP/T30 {ME} - {KEY.hex()}\n", encoding="ascii")
    (folder.path / "twice").write_text(link + link, encoding="ascii")
    for files in (("twice",), ("link", "link"), ("link", "phone"), ("phone", "phone"),
                  ("rows", "link", "phone", "twice")):
        result = run(folder, "import", spec(folder), "-q", *files)
        check_result(result, 0, "")
        equal(read(credential(folder)).splitlines()[0], OTHER, "secret")
        equal(read(credential(folder)).count("DEVICE"), 0, "devices")
        credential(folder).unlink()


MARK = "\ufeff"


@test
def a_byte_order_mark_is_no_part_of_the_text(folder):
    row = f"HOTP/T30/6 {ME} - {KEY.hex()}\n"
    for text in (f"otpauth://totp/{ME}?secret={OTHER}\n", row, f"user,secret\n{ME},{OTHER}\n",
                 f'{OTHER}\n" RATE_LIMIT 3 30\n" DISALLOW_REUSE\n" TOTP_AUTH\n',
                 migration(phone(ME))):
        result = import_text(folder, MARK + text, "-q", "--force", f"--user={ME}")
        check_result(result, 0, "")
        equal(read(credential(folder)), PLAIN.replace(SECRET, OTHER), text)
    result = import_text(folder, row.encode("utf-16"), f"--user={ME}")
    check_result(result, 6, "failed input: the text is UTF-16: save it as UTF-8\n")


@test
def tables_of_other_programs_are_read(folder):
    for text in (f"Username,Secret\n{ME},{SECRET}\n", f"user;secret\n{ME};{SECRET}\n",
                 f'"Secret";"Username"\r\n"{SECRET}";"{ME}"\r\n', f"user, secret\n{ME},{SECRET}\n",
                 f"User Name;Secret;Issuer\n{ME};{SECRET};a,b\n"):
        for options in ((), ("--from=csv",)):
            result = import_text(folder, text, "-q", "--force", *options)
            check_result(result, 0, "")
            equal(read(credential(folder)), PLAIN, text)


@test
def secrets_may_have_the_blanks_of_web_pages(folder):
    credential(folder).parent.mkdir(exist_ok=True)
    for blank in ("%C2%A0", "%E2%80%AF", "\u00a0", "%20", "%0D%0A"):
        spaced = blank.join(SECRET[i:i + 4] for i in range(0, 32, 4))
        take(folder, f"otpauth://totp/{ME}?secret={spaced}", PLAIN)
    result = import_text(folder, f"user,secret\n{ME},{SECRET[:16]}\u00a0{SECRET[16:]}\n", "-q")
    check_result(result, 0, "")
    equal(read(credential(folder)), PLAIN, "from a table")


def enroll(folder, text):
    spec(folder)
    credential(folder).unlink(missing_ok=True)
    return run(folder, "enroll", spec(folder), "--from-file=-", ME, answers=text)


@test
def a_bare_secret_is_enrolled(folder):
    groups = " ".join(SECRET[i:i + 4] for i in range(0, 32, 4))
    for text in (SECRET, SECRET + "\n", SECRET.lower() + "\r\n", groups + "\n", f"\n  {SECRET}\n\n",
                 groups.replace(" ", "-"), groups.replace(" ", "\u00a0"), MARK + SECRET):
        result = enroll(folder, text)
        equal((result.status, read(credential(folder))), (0, PLAIN), f"{text!r}: {result.errors}")
    # Words that could be base32 are no secret, and neither is what was cut.
    for text in ("secret not found here\n", "no such secret in this vault\n", "password\n", "MZXW6YTB",
                 SECRET[:-2], SECRET + "\n" + SECRET, SECRET.replace("J", "1")):
        result = enroll(folder, text)
        equal((result.status, read(credential(folder))), (6, None), f"{text!r}: {result.errors}")
        check(SECRET[:-2] not in result.errors, "a secret is printed")


@test
def a_file_that_a_login_would_refuse_is_refused_with_the_line(folder):
    good = [SECRET, '" RATE_LIMIT 3 30', '" WINDOW_SIZE 5', '" TOTP_AUTH', "12345678"]
    for line, bad, words in (
            (1, "JBSWY3DPEHPK3PX!", "secret"), (1, "", "secret"),
            (2, '" RATE_LIMIT', "RATE_LIMIT"), (2, '" RATE_LIMIT 0 30', "RATE_LIMIT"),
            (2, '" RATE_LIMIT 3 x', "RATE_LIMIT"), (3, '" WINDOW_SIZE 0', "WINDOW_SIZE"),
            (3, '" STEP_SIZE 0', "STEP_SIZE"), (3, '" DIGITS 9', "DIGITS"),
            (3, '" ALGORITHM MD5', "ALGORITHM"), (3, '" TIME_SKEW x', None),
            (3, '" DISALLOW_REUSE x', "DISALLOW_REUSE"), (3, '" DEVICE MZXW6', "DEVICE"),
            (3, '" DEVICE 1!1 phone', "base32"), (3, '" PENDING_UNTIL x', "PENDING_UNTIL"),
            (3, '" SCRATCH_HASH x', "SCRATCH_HASH"),
            (3, '" LAST0 x', None)):
        text = "\n".join(good[:line - 1] + [bad] + good[line:]) + "\n"
        for options in ((), ("--from=google-authenticator",)):
            result = import_text(folder, text, "-q", f"--user={ME}", *options)
            if words is None:
                check_result(result, 0, "")
                credential(folder).unlink()
                continue
            equal((result.status, read(credential(folder))), (7, None), f"{bad}: {result.errors}")
            check(f"line {line}: " in result.errors and words in result.errors, result.errors)
        result = enroll(folder, text)
        equal(result.status, 0 if words is None else 6, f"{bad}: {result.errors}")
        check(words is None or f"line {line}: " in result.errors, result.errors)
        credential(folder).unlink(missing_ok=True)
