# SPDX-License-Identifier: LGPL-2.1-or-later
"""Hardware tokens: containers and tables of vendors, and whose each token is."""

import base64

from import_host import KEY, ME, SECRET, credential, in_namespace, read, spec
from pskc_files import KeyWrap, Plain, container, token, with_key, with_password
from support import PROGRAM, Skip, check, equal, need, need_root, run, test

LONG = KEY + b"123456789012"
LONG_SECRET = base64.b32encode(LONG).decode().rstrip("=")
PRESHARED = bytes.fromhex("12345678901234567890123456789012")

# Another user of the host.
OTHER = "root" if ME == "nobody" else "nobody"


def import_tokens(folder, text, *options, users=f"{ME},T1\n", answers=""):
    (folder.path / "tokens").write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder.path / "users").write_text(users, encoding="utf-8")
    credential(folder).unlink(missing_ok=True)
    return run(folder, "import", spec(folder), "--users=users", *options, "tokens", answers=answers)


def pskc(folder, *words, **changes):
    result = import_tokens(folder, *words, **changes)
    if "built without libpskc" in result.errors or "needs libpskc" in result.errors:
        raise Skip("there is no libpskc")
    return result


def check_secret(folder, result, *lines, secret=SECRET):
    equal(result.status, 0, f"{result.output!r} {result.errors!r}")
    check(result.output in ("", f"imported {ME}\n"), result.output)
    text = read(credential(folder))
    equal(text.splitlines()[0], secret, "secret")
    for line in lines:
        check(f'" {line}\n' in text, f"{line!r} is not in {text!r}")


@test
def a_plain_container_has_all_that_codes_need(folder):
    for digits in (6, 8):
        for suite, secret in (("HMAC-SHA1", KEY), ("HmacSHA256", LONG), ("HMAC-SHA512", LONG)):
            for period in (30, 60):
                text = container(token("T1", secret, digits=digits, suite=suite, period=period))
                lines = ['TOTP_AUTH', 'LABEL T1', *[f"DIGITS {digits}"] * (digits > 6),
                         *[f"STEP_SIZE {period}"] * (period > 30),
                         *[f"ALGORITHM {suite[-6:]}"] * (secret is LONG)]
                check_secret(folder, pskc(folder, text, "-q"), *lines,
                             secret=SECRET if secret is KEY else LONG_SECRET)
    text = container(token("T1", KEY, kind="hotp", counter="<PlainValue>42</PlainValue>"))
    check_secret(folder, pskc(folder, text), "HOTP_COUNTER 42")


@test
def the_examples_of_rfc_6030_are_decrypted(folder):
    method = '<xenc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'

    def cipher(value):
        return f"{method}<xenc:CipherData><xenc:CipherValue>{value}</xenc:CipherValue></xenc:CipherData>"

    # Section 6.1: AES-128-CBC with a pre-shared key.
    text = container(
        '<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>'
        '<MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"><MACKey>'
        + cipher("ESIzRFVmd4iZABEiM0RVZgKn6WjLaTC1sbeBMSvIhRejN9vJa2BOlSaMrR7I5wSX") +
        "</MACKey></MACMethod>"
        '<KeyPackage><DeviceInfo><Manufacturer>Manufacturer</Manufacturer><SerialNo>987654321</SerialNo>'
        '</DeviceInfo><Key Id="12345678" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:hotp">'
        '<AlgorithmParameters><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>'
        "<Data><Secret><EncryptedValue>"
        + cipher("AAECAwQFBgcICQoLDA0OD+cIHItlB3Wra1DUpxVvOx2lef1VmNPCMl8jwZqIUqGv") +
        "</EncryptedValue><ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC></Secret>"
        "<Counter><PlainValue>0</PlainValue></Counter></Data></Key></KeyPackage>")
    (folder.path / "key").write_text(PRESHARED.hex() + "\n", encoding="ascii")
    result = pskc(folder, text, "--key-file=key", users=f"{ME},987654321\n")
    check_secret(folder, result, "HOTP_COUNTER 1", "DIGITS 8")
    check("begin at counter 1" in result.errors, result.errors)


@test
def keys_and_passwords_come_from_a_file_or_are_typed(folder):
    need("openssl")
    cases = []
    for length in (16, 24, 32):
        key = bytes(range(1, length + 1))
        cases.append((with_key(key), "key", key.hex()))
        cases.append((with_key(key), "key", base64.b64encode(key).decode()))
        cases.append((with_password("a pass word", length), "password", "a pass word"))
    cases.append((with_key(PRESHARED, "sha256"), "key", PRESHARED.hex().upper()))
    cases.append((with_password("x", 32, "sha256"), "password", "x"))
    for cipher, kind, answer in cases:
        text = container(token("T1", KEY, cipher=cipher, period=30), cipher=cipher)
        (folder.path / kind).write_text(answer + "\n", encoding="ascii")
        check_secret(folder, pskc(folder, text, f"--{kind}-file={kind}"), "TOTP_AUTH")
        check_secret(folder, pskc(folder, text, answers=answer + "\n"), "TOTP_AUTH")
        check(KEY.hex() not in text and SECRET not in text, "the container is encrypted")
    (folder.path / "key").write_bytes(bytes(range(200, 216)))
    cipher = with_key(bytes(range(200, 216)))
    text = container(token("T1", KEY, cipher=cipher, period=30), cipher=cipher)
    check_secret(folder, pskc(folder, text, "--key-file=key"))
    # A counter may be encrypted, too.
    text = container(token("T1", KEY, cipher=cipher, kind="hotp", counter=cipher.value(b"\1\2")),
                     cipher=cipher)
    check_secret(folder, pskc(folder, text, "--key-file=key"), "HOTP_COUNTER 258")


@test
def a_wrapped_key_is_unwrapped(folder):
    need("openssl")
    for length in (16, 24, 32):
        key = bytes(range(1, length + 1))
        cipher = KeyWrap(key)
        text = container(token("T1", LONG, cipher=cipher, suite="HMAC-SHA256", period=60), cipher=cipher)
        result = pskc(folder, text, answers=key.hex() + "\n")
        check_secret(folder, result, "ALGORITHM SHA256", "STEP_SIZE 60", secret=LONG_SECRET)
        refused(folder, "the key or the password is wrong", text, answers="00" * length + "\n")
        wrapped = text.split("CipherValue>")[1].removesuffix("</xenc:")
        data = bytearray(base64.b64decode(wrapped))
        for damage in (data[:-8], data[:-1], data[:8], data[:1], data + bytes(8),
                       data[:9] + bytes([data[9] ^ 1]) + data[10:]):
            refused(folder, "the key or the password is wrong",
                    text.replace(wrapped, base64.b64encode(damage).decode()), answers=key.hex() + "\n")


def refused(folder, words, text, *options, **changes):
    result = pskc(folder, text, *options, **changes)
    check(words in result.errors, f"{words!r} is not in {result.errors!r}")
    check(result.status in (6, 7), f"exit status {result.status}: {result.errors}")
    equal(read(credential(folder)), None, "nothing is written")


@test
def what_cannot_be_decrypted_is_refused(folder):
    need("openssl")
    cipher = with_password("right")
    text = container(token("T1", KEY, cipher=cipher), cipher=cipher)
    wrong = "the key or the password is wrong"
    refused(folder, wrong, text, answers="wrong\n")
    refused(folder, "it is encrypted: name --password-file", text)
    refused(folder, "the password is empty", text, answers="\n")
    (folder.path / "key").write_text(PRESHARED.hex(), encoding="ascii")
    refused(folder, "encrypted with a password: name --password-file", text, "--key-file=key")
    refused(folder, "absent: ", text, "--password-file=absent")
    cipher = with_key(PRESHARED)
    text = container(token("T1", KEY, cipher=cipher), cipher=cipher)
    refused(folder, wrong, text, answers="00" * 16 + "\n")
    refused(folder, "not of 16, 24 or 32 bytes", text, answers="1234\n")
    refused(folder, "the key has 32 bytes", text, answers="00" * 32 + "\n")
    head, tail = text.split("<ValueMAC>")
    refused(folder, "no ValueMAC", head + tail.split("</ValueMAC>")[1], answers=PRESHARED.hex() + "\n")
    refused(folder, wrong, f"{head}<ValueMAC>AAAA{tail[4:]}", answers=PRESHARED.hex() + "\n")
    for name in ("aes128-cbc", "hmac-sha1"):
        refused(folder, "is not known", text.replace(name, "rot13"), answers=PRESHARED.hex() + "\n")
    refused(folder, "there is no EncryptionKey", text.replace("EncryptionKey", "Other"))


@test
def damaged_and_strange_containers_are_refused(folder):
    good = container(token("T1", KEY))
    refused(folder, "no XML", good[:-20], "--from=pskc")
    refused(folder, "no PSKC KeyContainer", "<a>KeyContainer</a>")
    refused(folder, "has a DOCTYPE", good.replace(
        "?>\n", '?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n', 1))
    refused(folder, "no HOTP or TOTP codes", container(token("T1", KEY, kind="ocra")))
    refused(folder, "have 10 digits", container(token("T1", KEY, digits=10)))
    refused(folder, "the algorithm must be", container(token("T1", KEY, suite="HMAC-MD5")))
    refused(folder, "not decimal", good.replace("DECIMAL", "ALPHANUMERIC"))
    refused(folder, "the secret is missing", good.replace("PlainValue>", "Other>"))
    refused(folder, "the secret is missing", good.replace("<PlainValue>", "<PlainValue>!"))
    # One bad token does not stop the others.
    text = container(token("T0", KEY, digits=4), token("T1", KEY))
    result = pskc(folder, text, "-q", users=f"{ME},T1\n{OTHER},T0\n")
    equal(result.status, 7, result.errors)
    check("tokens: token T0: its codes have 4 digits" in result.errors, result.errors)
    check(read(credential(folder)).startswith(SECRET), "the other one")
    signed = good.replace("</KeyContainer>", "<ds:Signature/></KeyContainer>")
    result = pskc(folder, signed)
    check("its signature is not checked" in result.errors, result.errors)


@test
def the_shapes_of_tables_are_known(folder):
    seed = KEY.hex()
    for text, *lines in (
            (f"T1,{seed},TOTP,6,30\n", "TOTP_AUTH"),
            (f"# tokens\n\nT1, {seed}, totp, 8, 60, SHA256\n", "DIGITS 8", "STEP_SIZE 60",
             "ALGORITHM SHA256"),
            (f"T1;{seed.upper()};HOTP;6\r\n", "HOTP_COUNTER 1"),
            (f"T1\t{seed}\ttotp\n", "TOTP_AUTH"),
            (f"T1   {seed} totp\n", "TOTP_AUTH"),
            (f"Serial Number,Seed,Time Interval\nT1,{seed},60\n", "TOTP_AUTH", "STEP_SIZE 60"),
            (f"serial,secret,counter,digits\nT1,{seed},5,8\n", "HOTP_COUNTER 5", "DIGITS 8"),
            (f"userName,serialNumber,sharedSecret,timeStep,otpLength,hmacAlgorithm\n"
             f",T1,{seed},60,8,HMacSHA256\n", "ALGORITHM SHA256", "DIGITS 8", "STEP_SIZE 60"),
            (f"serial_number,shared_secret,time_step,otp_length,hmac_algorithm\n"
             f"T1,{seed},60,8,HMacSHA512\n", "ALGORITHM SHA512", "DIGITS 8", "STEP_SIZE 60"),
            (f"upn,serial number,secret key,time interval,manufacturer,model\n,T1,{SECRET},30,A,B\n",
             "TOTP_AUTH"),
            (f"T1,,0,{seed},,2013-12-12T08:41:07,\n", "HOTP_COUNTER 1"),
            (f"Yubico OTP,12/11/2013 11:10,1,T0,ab,{'00' * 16},,,0,0,0,0,0,0,0,0,0,0\n"
             f"OATH-HOTP,11.12.13 18:55,1,T1,,{seed},,,0,0,0,8,0,0,0,0,0,0\n", "HOTP_COUNTER 1",
             "DIGITS 8"),
            (f"\ufeffT1,{seed},TOTP\n", "TOTP_AUTH")):
        check_secret(folder, import_tokens(folder, text, "-q"), "LABEL T1", *lines)
    # What the table does not say is said by options, or assumed with a warning.
    for kind, line in (("totp", "TOTP_AUTH"), ("hotp", "HOTP_COUNTER 1")):
        result = import_tokens(folder, f"T1,{seed}\n", f"--type={kind}")
        check_secret(folder, result, line)
        check("SHA1, 6 digits and 30 s are assumed" in result.errors, result.errors)
    result = import_tokens(folder, f"T1,{LONG.hex()}\n", "--type=totp", "--algorithm=SHA256",
                           "--digits=8", "--period=60")
    check_secret(folder, result, "ALGORITHM SHA256", "DIGITS 8", "STEP_SIZE 60", secret=LONG_SECRET)
    check("assumed" not in result.errors, result.errors)


@test
def rows_that_cannot_be_tokens_are_refused(folder):
    seed = KEY.hex()
    for text, words in (
            (f"T1,{seed}\n", "line 1: does not say whether codes change with time or with use"),
            (f"T1,{seed},OCRA\n", "line 1: the type is neither totp nor hotp"),
            (f"T1,{seed}0,TOTP\n", "line 1: the secret"),
            (f"T1,{seed},TOTP,5\n", "line 1: the number of digits must be"),
            (f"T1,{seed},TOTP,6,0\n", "line 1: the period must be"),
            (f"T1,{seed},TOTP,6,30,MD5\n", "line 1: the algorithm must be"),
            (f'T1,{seed},TOTP\n"T2,{seed},TOTP\n', "line 2: a quote is not closed"),
            ("serial,secret,type\nT1,,totp\n", "line 2: the secret is empty"),
            (f"serial,secret,type\nT1,{seed}\n", "line 2: 2 values, and not the 3"),
            (f"serial,secret,seed\nT1,{seed},\n", "line 1: two columns mean the same: 'seed'")):
        result = import_tokens(folder, text, "-q", "--from=tokens")
        check(words in result.errors, f"{text!r}: {result.errors!r}")
        check(result.status in (6, 7), result.status)


@test
def each_token_goes_to_its_user(folder):
    table = "".join(f"T{i},{bytes([i] * 20).hex()},TOTP,6,30,SHA1\n" for i in range(5))
    result = import_tokens(folder, table, "--dry-run", users=f"user;serial\n# remark\n\n{ME};t3\n")
    equal((result.status, result.output), (0, f"would import {ME}\n"), result.errors)
    check("4 of the tokens have no user in users\n" in result.errors, result.errors)
    equal(read(credential(folder)), None, "a dry run writes nothing")
    check_secret(folder, import_tokens(folder, table, "-q", users=f'"{ME}" T3\n{ME} T3\n'), "LABEL T3",
                 secret=base64.b32encode(bytes([3] * 20)).decode())
    # Two tokens of one user are devices.
    result = import_tokens(folder, table, "-q", users=f"{ME},T3\n{ME},T4\n")
    equal((result.status, result.output), (0, ""), result.errors)
    status = run(folder, "status", spec(folder), ME)
    check("T3" in status.output and "T4" in status.output, status.output)


@test
def what_does_not_fit_is_told(folder):
    seed = KEY.hex()
    table = f"T1,{seed},TOTP,6,30,SHA1\n"
    for users, tokens, words in (
            (f"{ME},T9\n", table, f"users: line 1: {ME}: there is no token with the serial T9\n"),
            (f"{ME},T1\n{OTHER},t1\n", table, f"line 2: {OTHER}: the serial is there for two users"),
            (f"{ME}\n", table, "line 1: "),
            (f"{ME},T1,x\n", table, f"line 1: {ME}: a line is a user and a serial"),
            (f"{ME},T1\n", table + table.replace(seed, seed[::-1]), "the serial T1 is there with two secrets"),
            ("no-such-user,T1\n", table, "no-such-user")):
        result = import_tokens(folder, tokens, "-q", users=users)
        check(words in result.errors, f"{users!r}: {result.errors!r}")
        equal((result.status, result.output), (7, ""), result.errors)
        equal(read(credential(folder)), None, "nothing is written")
    # The same row twice is one token.
    check_secret(folder, import_tokens(folder, table + table, "-q"), "LABEL T1")
    # Without the file, one token may be said to be somebody's, and no more.
    (folder.path / "one").write_text(table, encoding="ascii")
    (folder.path / "two").write_text(table + table.replace("T1", "T2"), encoding="ascii")
    for options, status in ((["one"], 2), ([f"--user={ME}", "two"], 2), (["--users=users", "two", "-q"], 2),
                            ([f"--user={ME}", "--force", "one"], 0)):
        result = run(folder, "import", spec(folder), *options)
        if options[0] != "--users=users":
            equal(result.status, status, result.errors)
    result = import_tokens(folder, f"otpauth://totp/{ME}?secret={SECRET}\n")
    equal((result.status, "--users is for hardware tokens" in result.errors), (2, True), result.errors)


@test
def without_libpskc_a_container_is_refused(folder):
    need_root()
    (folder.path / "tokens").write_text(container(token("T1", KEY)), encoding="ascii")
    (folder.path / "users").write_text(f"{ME},T1\n", encoding="ascii")
    (folder.path / "empty").write_bytes(b"")
    script = ('for file in $(ls /usr/lib/*/libpskc.so.0 /usr/lib*/libpskc.so.0 2>/dev/null); do '
              'mount --bind empty "$file"; done; exec "$@"')
    result = in_namespace(folder, script, PROGRAM, "import", spec(folder), "--users=users", "tokens")
    check(result.status == 6 and "libpskc" in result.errors, f"{result.output!r} {result.errors!r}")
    equal(read(credential(folder)), None, "nothing is written")


@test
def no_secret_is_shown(folder):
    seed = KEY.hex()
    for table in (f"T1,{seed}x,TOTP\nT2,{seed},OCRA\n", f"{seed},T1,TOTP,6,30\n", f"T1{seed},TOTP\n",
                  f"seed,serial\n{seed}\n", f'"T1,{seed},TOTP\n', f"Static Password,{seed},,,,,\n"):
        for options in ([], ["--from=tokens"]):
            result = import_tokens(folder, table, *options, users=f"{ME},T1\n{OTHER},T2\n")
            for secret in (seed, SECRET, seed[:12]):
                check(secret not in result.output + result.errors, f"{table!r}: {result.errors!r}")
    equal(Plain.head(), "", "plain")
