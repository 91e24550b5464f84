# SPDX-License-Identifier: LGPL-2.1-or-later
"""The exports of apps that keep codes or passwords."""

import json

from import_host import COUNTED, ME, PLAIN, SECRET, check_result, credential, import_text, read
from support import check, equal, test


def aegis_entry(name=ME, kind="totp", **info):
    values = {"secret": SECRET, "algo": "SHA1", "digits": 6}
    values.update({"counter": 0} if kind == "hotp" else {"period": 30})
    values.update(info)
    return {"type": kind, "uuid": "3a1c", "name": name, "issuer": "Host", "note": "", "icon": None,
            "favorite": False, "info": values, "groups": []}


def aegis(*entries, **more):
    return json.dumps({"version": 1, "header": {"slots": None, "params": None},
                       "db": {"version": 3, "entries": list(entries), "groups": [], **more}},
                      indent=4)


def bitwarden(*items):
    return json.dumps({"encrypted": False, "folders": [], "items": [
        {"id": "x", "type": 1, "name": "Host", "notes": None, "fields": [], "login": login}
        for login in items]})


def login(totp, username=ME):
    return {"uris": [{"match": None, "uri": "https://host"}], "username": username,
            "password": "hunter2", "totp": totp}


def take(folder, text, expected, *options, name):
    for more in ((), (f"--from={name}",)):
        result = import_text(folder, text, "-q", "-f", *options, *more)
        check_result(result, 0, "")
        equal(read(credential(folder)), expected, text)
        credential(folder).unlink()


@test
def an_export_of_aegis_is_read(folder):
    take(folder, aegis(aegis_entry()), PLAIN, name="aegis")
    take(folder, aegis(aegis_entry(f"{ME}@host")), PLAIN, name="aegis")
    take(folder, aegis(aegis_entry(kind="hotp", algo="SHA256", digits=8, counter=7)), COUNTED,
         name="aegis")
    take(folder, aegis(aegis_entry("shop"), aegis_entry(digits=8, period=60)),
         PLAIN.replace('" DIS', '" DIGITS 8\n" STEP_SIZE 60\n" DIS'), f"--user={ME}", name="aegis")


@test
def an_export_of_bitwarden_is_read(folder):
    for totp in (SECRET, SECRET.lower(), f"otpauth://totp/Host:{ME}?secret={SECRET}",
                 f"otpauth://totp/?secret={SECRET}"):
        take(folder, bitwarden(login(totp)), PLAIN, name="bitwarden")
    note = {"type": 2, "name": "note", "secureNote": {"type": 0}}
    text = json.loads(bitwarden(login(None), login(""), login(SECRET)))
    text["items"].insert(0, note)
    take(folder, json.dumps(text), PLAIN, name="bitwarden")
    # One that does not say whether it is encrypted.
    del text["encrypted"]
    take(folder, json.dumps(text), PLAIN, name="bitwarden")


KEEPASSXC = '"Group","Title","Username","Password","URL","Notes","TOTP","Icon","Last Modified"\n'
BITWARDEN = ("folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,"
             "login_password,login_totp\n")
LINK = f"otpauth://totp/Host:{ME}?secret={SECRET}&period=30&digits=6&issuer=Host"


@test
def tables_of_password_vaults_are_read(folder):
    for head, rows in (
            (KEEPASSXC, f'"Root","Host","{ME}","hunter2","","two\nlines, ""quoted""","{LINK}","0",""\n'),
            (KEEPASSXC, f'"Root","Host","{ME}","hunter2","","","{SECRET}","0",""\n'),
            (BITWARDEN, f",,login,Host,,,0,https://host,{ME},hunter2,{SECRET.lower()}\n"),
            (BITWARDEN, f",,note,Note,x,,0,,,,\n,,login,Host,,,0,,{ME},hunter2,{LINK}\n")):
        take(folder, head + rows, PLAIN, name="csv")
    # An account of another site is not taken for one of this host.
    other = '"Root","Shop","{0}@shop","x","","","otpauth://totp/Shop:{0}@shop?secret={1}","0",""\n'
    text = KEEPASSXC + other.format(ME, SECRET[:16]) + other.format(ME, SECRET).replace("shop", "x")
    result = import_text(folder, text, "-q")
    equal((result.status, read(credential(folder))), (7, None), result.errors)
    check("choose with --issuer or --label" in result.errors, result.errors)
    result = import_text(folder, KEEPASSXC + '"Root","Host","x","hunter2","","","MZX","0",""\n', "-q")
    check_result(result, 7, "failed input: line 2: the secret is cut short: base32 has no text of "
                            "that length\n")
    # The rows have an empty name, and no password is printed.
    result = import_text(folder, KEEPASSXC + '"Root","Host","","hunter2","","","","0"\n', "-q")
    equal(result.status, 7, result.errors)
    check("hunter2" not in result.output + result.errors, result.output)


@test
def entries_that_cannot_be_used_are_named(folder):
    for entry, words in ((aegis_entry(kind="steam"), "codes of Steam have letters"),
                         (aegis_entry(kind="motp"), "the type is neither"),
                         (aegis_entry(secret="MZX"), "cut short"),
                         (aegis_entry(secret=None), "the secret is missing"),
                         (aegis_entry(secret=["x"]), "the secret is no text"),
                         (aegis_entry(digits=5), "digits must be 6 to 8"),
                         (aegis_entry(digits=6.5), "digits must be 6 to 8"),
                         (aegis_entry(algo="MD5"), "algorithm must be"),
                         (aegis_entry("x\u0001"), "control character"),
                         ({"type": "totp", "name": ME}, "the info is missing"), (7, "info")):
        result = import_text(folder, aegis(entry, aegis_entry()), "-q", "-f", f"--user={ME}")
        equal((result.status, read(credential(folder))), (7, PLAIN), f"{entry}: {result.errors}")
        check("failed input: line 10: " in result.errors and words in result.errors, result.errors)
    result = import_text(folder, bitwarden(login(f"steam://{SECRET}")), "-q")
    equal(result.status, 7, result.errors)
    check("Steam" in result.errors and SECRET not in result.errors + result.output, result.errors)


@test
def encrypted_exports_are_refused(folder):
    encrypted = json.dumps({"version": 1, "header": {"slots": [], "params": {}}, "db": "AAAA"})
    for text in (encrypted, json.dumps({"encrypted": True, "data": "2.xyz"})):
        result = import_text(folder, text, "-q")
        check_result(result, 6, "failed input: the export is encrypted: export it once more, "
                                "without a password\n")
    for text, name in ((aegis(aegis_entry())[:-1], "aegis"), ("{}", "aegis"), ("{}", "bitwarden"),
                       ("[]", "aegis"), ("", "bitwarden"), ('{"items": {}}', "bitwarden")):
        result = import_text(folder, text, "-q", f"--from={name}")
        equal(result.status, 6, result.output)
