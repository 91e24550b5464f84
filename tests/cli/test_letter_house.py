# SPDX-License-Identifier: LGPL-2.1-or-later
"""Letters of an organization: its name and logo, whom to ask, the day, the full name of the user,
and the prompt that a login shows."""

import base64
import os
import re
import struct
import unicodedata
import zlib

from browser import photograph, read_codes
from bulk_host import GID, Host
from case import BUILD
from support import Skip, check, equal, test

# Monday, 30 November 2026, 23:00 UTC.
DAY = "1796079600"


def chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def picture(width=3, height=2, between=b"", behind=b""):
    """A PNG file of one color, with further chunks before its pixels."""
    rows = (b"\0" + b"\x10\x60\x70" * width) * height
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + between + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"") + behind)


def put(host, name, data):
    path = host.top / name
    path.write_bytes(data)
    path.chmod(0o644)
    return path


def letter(host, name="alice", kind="txt"):
    return (host.out / f"{name}.{kind}").read_text(encoding="utf-8")


def make(host, *arguments, formats="txt,html", **changes):
    done = host.run(*arguments, formats=formats, SOURCE_DATE_EPOCH=DAY, **changes)
    equal(done.status, 0, f"exit status of {arguments}: {done.errors}")


def translations(host):
    """The environment with the translations of the build."""
    library = BUILD / ".libs" / "catalogs.so"
    changes = {"LD_PRELOAD": f"{host.wrapper}:{library}", "TEST_CATALOGS": str(BUILD / "po")}
    if not library.exists():
        raise Skip(f"{library} was not built")
    errors = host.run("--language=de", "--dry-run", **changes).errors
    if "no locale of this host" in errors or "--disable-nls" in errors:
        raise Skip("there is no locale in which gettext translates, or --disable-nls was given")
    return changes


def refused(host, why, *arguments, **changes):
    """No letter and no secret is made."""
    done = host.run(*arguments, formats="txt,html", **changes)
    check(done.status in (2, 6), f"exit status of {arguments}: {done.errors}")
    check(re.search(why, done.errors), f"{arguments}: {done.errors}")
    equal(host.enrolled(), set(), "enrolled")


@test
def a_letter_names_its_organization_and_whom_to_ask(folder):
    host = Host(folder, ["alice", "bob"])
    make(host, "--organization=Institute of <Maps>", "--contact=Service desk, phone 4711")
    page, run = letter(host, kind="html"), letter(host, "letters", "html")
    check(letter(host).startswith("Institute of <Maps>\n1 December 2026\n")
          or letter(host).startswith("Institute of <Maps>\n30 November 2026\n"), letter(host))
    check("stolen:\nService desk, phone 4711\n" in letter(host), letter(host))
    check("tell the administrator" not in letter(host) + page, "two people are to be asked")
    check("<bdi>Institute of &lt;Maps&gt;</bdi>" in page, page)
    check("<bdi>Service desk, phone 4711</bdi>" in page, page)
    equal(run.count("Service desk, phone 4711"), 2, "pages with the contact")


@test
def the_configuration_names_them_too(folder):
    host = Host(folder, ["alice"])
    logo = put(host, "logo.png", picture())
    host.configure(f"secret={host.store}/${{USER}}\nuser=root\n[enroll]\norganization=Maps\n"
                   f"contact=the desk\nlogo={logo}\n")
    make(host, "--contact=Ann")
    check("\nAnn\n" in letter(host) and letter(host).startswith("Maps\n"), letter(host))
    check('<img class="logo" src="data:image/png;base64,' in letter(host, kind="html"), "no logo")


@test
def without_them_a_letter_leaves_them_out(folder):
    host = Host(folder, ["alice"])
    make(host, "--issuer=Example")
    page = letter(host, kind="html")
    check("<img" not in page and "Name" not in re.sub("<style>.*</style>", "", page, flags=re.S),
          page)
    check("<bdi>Example</bdi>" in page, "the issuer is not there")
    check("tell the administrator at once" in page and "tell the administrator at once"
          in letter(host).replace("\n", " "), letter(host))


@test
def a_letter_has_the_day(folder):
    """In this host's time zone; SOURCE_DATE_EPOCH is a day in UTC."""
    host = Host(folder, ["alice"])
    make(host, "--language=de", TZ="JST-9", **translations(host))
    check(letter(host).startswith("30. November 2026\n\n"), letter(host))
    for nonsense in ("", "x", "-1", "99999999999999999999", "1e3"):
        (host.store / "alice").unlink(missing_ok=True)
        refused(host, "SOURCE_DATE_EPOCH is no time", SOURCE_DATE_EPOCH=nonsense)


@test
def a_letter_is_in_the_language_of_its_reader(folder):
    host = Host(folder, ["alice"])
    host.configure(f"secret={host.store}/${{USER}}\nuser=root\n[enroll]\ncontact=Ann\n")
    changes = translations(host)
    for language, day in (
            ("de", "30. November 2026"), ("es", "30 de noviembre de 2026"),
            ("fr", "30 novembre 2026"), ("ja", "2026年11月30日"), ("zh_CN", "2026年11月30日"),
            ("en", "30 November 2026")):
        make(host, f"--language={language}", "--pending-for=14d", **changes)
        text, page = letter(host), letter(host, kind="html")
        equal(text.split("\n")[0], day, f"{language}: day")
        check("\n   Verification code: 123456\n" in text, f"{language}: {text}")
        check(text.endswith("\nAnn\n"), f"{language}: {text}")
        check(f'<html lang="{language.replace("_", "-")}">' in page, f"{language}: {page[:80]}")
        if language != "en":
            for words in (text, re.sub("<[^>]*>|<style>.*</style>", "", page, flags=re.S)):
                check(not re.search(r"\b(the|you|your|with|this|when)\b", words), f"{language}: {words}")
        for line in text.splitlines():
            check(columns(line) <= 72 or "otpauth:" in line, f"{language}: {line!r}")
        (host.store / "alice").unlink()
        for path in host.out.iterdir():
            path.unlink()


def columns(line):
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


@test
def no_blank_stands_between_sentences_that_need_none(folder):
    host = Host(folder, ["alice", "bob"])
    changes = translations(host)
    for user, arguments in (("alice", ()), ("bob", ("--contact=Service desk",))):
        for language in ("ja", "zh_CN", "fr"):
            make(host, f"--language={language}", "--users=-", *arguments, group=False, names=user,
                 **changes)
            text = letter(host, user, kind="html")
            found = re.findall(r"[。？！：]\s+(?:<a|<strong|[^\s<])", text)
            check(not found, f"{language}: {found}")
            if language == "fr":
                check(re.search(r"\.\s+[A-Z]", text), "sentences in French have blanks")
            else:
                check(len(re.findall("。[^<\\s]", text)) > 5, f"{language}: {text}")
            (host.store / user).unlink()
            for path in host.out.iterdir():
                path.unlink()


@test
def a_letter_has_the_full_name(folder):
    others = (f"dora:x:30001:{GID}:& Grün,Room 5,x:/x:/bin/sh\n"
              f"evil:x:30002:{GID}:\x1b[2J<b>\xad\u202eX:/x:/bin/sh\n"
              f"long:x:30003:{GID}:{'ü' * 200}:/x:/bin/sh\n")
    host = Host(folder, ["alice"], others)
    make(host)
    check("\nName: Dora Grün\nUser: dora\n"
          in letter(host, "dora"), letter(host, "dora"))
    check("Name:" not in letter(host), "a name that nobody gave")
    shown = letter(host, "evil") + letter(host, "evil", "html")
    check("\x1b" not in shown and "\u202e" not in shown and "<b>" in letter(host, "evil"), shown)
    check("&lt;b&gt;" in letter(host, "evil", "html"), "not escaped")
    name = "".join(re.search(r"Name: ((?:\S+\n?\s*)+?)\n?User", letter(host, "long"))[1].split())
    equal(name, 63 * "ü", "a long name")


@test
def a_list_has_full_names(folder):
    host = Host(folder, ["alice", "bob", "carol", "dave", "erin"])
    names = ('alice,Alice Liddell\nbob;"Bob, the ""builder"""\r\ncarol\tCarol Shaw\n'
             '  dave ,\nerin,a,b\nnobody,"x\n')
    done = host.run("--users=-", group=False, names=names, formats="txt")
    equal(done.status, 7, done.errors)
    for user, name in (("alice", "Alice Liddell"), ("bob", 'Bob, the "builder"'),
                       ("carol", "Carol Shaw")):
        check(f"\nName: {name}\n" in letter(host, user), letter(host, user))
    check("Name:" not in letter(host, "dave"), letter(host, "dave"))
    equal(host.enrolled(), {"alice", "bob", "carol", "dave"}, "enrolled")
    check(done.errors.count("behind the user's name stands the full name alone") == 2, done.errors)


@test
def a_letter_shows_the_prompt_of_the_login(folder):
    host = Host(folder, ["alice"])
    place = f"secret={host.store}/${{USER}}\nuser=root\n"
    for text, prompt, example in (
            ("", "Verification code:", "123456"),
            ("authtok_prompt=Token <now>: \n", "Token <now>:", "123456"),
            ("forward_pass=yes\n", "Password & verification code:", "********123456")):
        host.configure(place + text)
        make(host, "--language=de", **translations(host))
        check(f"\n   {prompt} {example}\n" in letter(host), letter(host))
        check(("Passwort" in letter(host)) == ("forward" in text), letter(host))
        escaped = prompt.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        check(f'<bdi lang="">{escaped}</bdi> <span>' in letter(host, kind="html"), prompt)
        (host.store / "alice").unlink()
        for path in host.out.iterdir():
            path.unlink()


@test
def a_letter_shows_the_prompt_of_the_module_s_line(folder):
    host = Host(folder, ["alice"])
    place = f"secret={host.store}/${{USER}}\nuser=root\n"
    pam = host.top / "pam.d"
    pam.mkdir()
    module = "auth required pam_totpgroup.so"
    for line, conf, flags, shown in (
            (f"{module} [authtok_prompt=Token: ]", "authtok_prompt=Of the file: \n", (),
             "Token: 123456"),
            (f"{module} group=totp", "authtok_prompt=Of the file: \n", (), "Of the file: 123456"),
            ("auth requisite pam_totpgroup.so forward_pass", "", (),
             "Password & verification code: ********123456"),
            (f"session required pam_totpgroup.so forward_pass\n{module}", "", (),
             "Verification code: 123456"),
            ("auth required pam_unix.so", "forward_pass=yes\n", (),
             "Password & verification code: ********123456"),
            (f"{module} conf={host.top}/other.conf", "", (), "Verification code: 123456"),
            ("@include vpn", "", (), "Of the VPN: 123456"),
            (f"{module} [authtok_prompt=Token: ]", "", ("--service=vpn",), "Of the VPN: 123456"),
            (None, "authtok_prompt=Of the file: \n", (), "Of the file: 123456")):
        host.configure(place + conf)
        (pam / "vpn").write_text(f"{module} [authtok_prompt=Of the VPN: ]\n")
        (pam / "sshd").unlink(missing_ok=True)
        if line is not None:
            (pam / "sshd").write_text(f"{line}\n")
        make(host, f"--pam-dir={pam}", *flags)
        check(f"\n   {shown}\n" in letter(host), f"{line}: {letter(host)}")
        (host.store / "alice").unlink()
        for path in host.out.iterdir():
            path.unlink()


@test
def no_letter_is_made_where_the_prompt_cannot_be_known(folder):
    host = Host(folder, ["alice"])
    pam = host.top / "pam.d"
    pam.mkdir()
    (pam / "sshd").write_text("auth required pam_totpgroup.so authtok_promt=x\n")
    (pam / "broken").write_text("auth required\n")
    for flags, said in (((), f"{pam}/sshd, line 1: "), (("--service=broken",), f"{pam}/broken"),
                        (("--service=missing",), "missing")):
        done = host.run(f"--pam-dir={pam}", *flags, formats="txt")
        check(done.status in (2, 6), f"{flags}: {done.status}")
        check(said in done.errors, f"{flags}: {done.errors}")
        equal(host.enrolled(), set(), f"{flags}: enrolled")


@test
def a_logo_is_shown_and_keeps_the_qr_code(folder):
    host = Host(folder, ["alice"])
    logo = put(host, "logo.png", picture(600, 200))
    make(host, f"--logo={logo}", "--organization=Maps")
    path = folder.path / "letter.html"
    path.write_text(letter(host, kind="html"), encoding="utf-8")
    path.chmod(0o644)
    photo = photograph(folder, path, "1000,1600")
    check(f"secret={host.secret('alice')}" in read_codes(photo)[0], "the QR code")


@test
def a_logo_is_only_a_picture(folder):
    """What is not needed to show it stays out of the letter."""
    host = Host(folder, ["alice"])
    text = chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")
    logo = put(host, "logo.png", picture(between=text, behind=b"<script>"))
    make(host, f"--logo={logo}")
    data = re.search(r'src="data:image/png;base64,([^"]*)"', letter(host, kind="html"))[1]
    equal(base64.b64decode(data), picture(), "the picture")


@test
def what_is_no_logo_is_refused(folder):
    host = Host(folder, ["alice"])
    good = picture()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for name, data, why in (
            ("a.svg", svg, "a logo is a PNG file"), ("a.png", svg, "a logo is a PNG file"),
            ("b.png", b"", "a logo is a PNG file"), ("c.png", good[:40], "damaged"),
            ("d.png", good.replace(b"IDAT", b"IDAX"), "damaged"),
            ("e.png", good[:-20], "damaged"), ("f.png", picture(1, 2049), "2048 pixels"),
            ("g.png", picture(between=chunk(b"tEXt", bytes(70000))), "65536"),
            ("h.png", good[:16] + struct.pack(">II", 2 ** 31 - 1, 2 ** 31 - 1) + good[24:],
             "damaged")):
        refused(host, why, f"--logo={put(host, name, data)}")
    put(host, "open.png", good).chmod(0o666)
    refused(host, "open.png", f"--logo={host.top}/open.png")
    refused(host, "nowhere", "--logo=/nowhere/logo.png")


@test
def a_damaged_logo_never_gets_into_a_letter(folder):
    """Each byte of the file is changed in turn: the picture is refused, or it is one that has
    nothing but chunks of a picture."""
    host = Host(folder, ["alice"])
    good = picture(between=chunk(b"tEXt", b"Comment\0secret words"))
    step = 1 if os.environ.get("TOTPGROUP_LONG") else 7
    for at in range(0, len(good), step):
        logo = put(host, "logo.png", good[:at] + bytes([good[at] ^ 0x41]) + good[at + 1:])
        done = host.run(f"--logo={logo}", "--dry-run", formats="html")
        check(done.status in (0, 2), f"byte {at}: status {done.status}: {done.errors}")
        check(done.status == 0 or "logo.png: " in done.errors, f"byte {at}: {done.errors}")
