# SPDX-License-Identifier: LGPL-2.1-or-later
"""A browser shows and prints letters: their QR codes can be scanned, and a print run has a
sheet for each user."""

import html.parser
import os
import re
import subprocess
import urllib.parse

from browser import browse, photograph, read_codes
from support import Skip, check, equal, need, test

MAKE_LETTERS = os.path.join(os.environ["top_builddir"], "tests/cli/make_letters")
SOURCE = os.environ["top_srcdir"]
SECRET = "HQI5TLL72WPUNYA4ZUHNOBOHKCJMCIRZ"

CODES = "codes=78625093,91194427,81326448,19186889,14339775"
PENDING = "pending=1797206400"

# The longest contents that a letter can have.
LONG_SECRET = SECRET + SECRET[:19] + "A"
LONG_HOST = "login-gateway-2.datacenter.example.org"
LONGEST = [
    "language=de", PENDING, "date=1796079600", "full_name=Maximilian Mustermann-von-der-Heide",
    "organization=Landesamt für Kartografie, Vermessung und Geodaten, Außenstelle Nord",
    "contact=IT-Service, Zimmer 4711, Telefon 0123 456789, it-service@kartografie.example.org",
    f"host={LONG_HOST}",
    f"label=maximilian.mustermann@{LONG_HOST}", "hashed=yes", "algorithm=SHA256", "digits=8",
    "codes=" + ",".join(10 * ["WXYZ-WXYZ-WXYZ-WXYZ"]), f"secret={LONG_SECRET}"]

# The HTML elements of a letter.
ELEMENTS = set("""html head meta title style body article p h1 h2 bdi dl dt dd div ol ul li
                  a svg path span section header""".split())


def uri(label="alice@host.example.org", issuer="Example", secret=SECRET):
    """The otpauth URI, made independently of the program."""
    name = f"{urllib.parse.quote(issuer, safe='')}:" if issuer else ""
    name += urllib.parse.quote(label, safe="@")
    query = f"secret={secret}"
    if issuer:
        query += f"&issuer={urllib.parse.quote(issuer, safe='')}"
    return f"otpauth://totp/{name}?{query}"


def make(folder, name, *arguments):
    """Writes letters to a file in the folder. Returns its path."""
    path = folder.path / name
    done = subprocess.run([MAKE_LETTERS, *arguments], capture_output=True, check=False,
                          env=folder.environment(top_builddir=os.environ["top_builddir"],
                                                 TZ="UTC0"))
    if b"in no locale of this host" in done.stderr:
        raise Skip("there is no locale in which gettext translates")
    equal((done.returncode, done.stderr), (0, b""), "make_letters")
    path.write_bytes(done.stdout)
    return path


def scan(folder, path, size, *arguments):
    """The QR codes that a window of that size shows."""
    return read_codes(photograph(folder, path, size, *arguments))


def print_out(folder, path):
    """Prints a page. Returns the QR codes of each sheet."""
    for program in ("pdfinfo", "pdftoppm"):
        need(program)
    paper = folder.path / "paper.pdf"
    browse(folder, path, "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    pages = re.search(r"^Pages:\s+(\d+)$", subprocess.run(
        ["pdfinfo", paper], capture_output=True, text=True, check=True).stdout, re.M)
    subprocess.run(["pdftoppm", "-r", "150", "-gray", paper, folder.path / "sheet"], check=True)
    sheets = sorted(folder.path.glob("sheet-*.pgm"))
    equal(len(sheets), int(pages[1]), "sheets")
    found = [read_codes(sheet) for sheet in sheets]
    for sheet in sheets:
        sheet.unlink()
    return found


@test
def an_image_can_be_scanned(folder):
    equal(read_codes(make(folder, "code.png", "png")), [uri()], "the QR code")
    equal(read_codes(make(folder, "code.png", "issuer=", "label=x y", "png")),
          [uri("x y", "")], "without issuer")


@test
def a_drawing_can_be_scanned_at_any_size(folder):
    path = make(folder, "code.svg", "svg")
    equal(scan(folder, path, "400,400"), [uri()], "the QR code")
    page = folder.path / "page.html"
    drawing = path.read_text(encoding="utf-8")
    page.write_text("<style>body{background:#000}</style>" + "<br>".join(
        drawing.replace("<svg", f"<svg style='width:{side}px;height:{side}px'", 1)
        for side in (90, 180, 777)), encoding="utf-8")
    equal(scan(folder, page, "900,1200"), 3 * [uri()], "on black")


@test
def a_page_can_be_scanned_on_every_screen(folder):
    path = make(folder, "letter.html", CODES, PENDING, "html")
    dark = "--blink-settings=preferredColorScheme=0"
    for size in ("1000,1400", "360,2600"):
        equal(scan(folder, path, size), [uri()], size)
        equal(scan(folder, path, size, dark), [uri()], f"{size}, dark")


@test
def a_print_run_has_a_sheet_for_each_user(folder):
    users = [f"user=user{i}" for i in range(1, 6)]
    sheets = print_out(folder, make(folder, "run.html", CODES, PENDING, *users, "run"))
    equal(sheets, 5 * [[uri()]], "QR codes")


@test
def the_longest_letter_fits_on_a_sheet(folder):
    path = make(folder, "run.html", *LONGEST, "user=maximilian.mustermann", "user=x", "run")
    text = path.read_text(encoding="utf-8")
    link = uri(f"maximilian.mustermann@{LONG_HOST}", secret=LONG_SECRET)
    for size in ("A4", "letter"):
        check("@page { margin" in text, "the margins")
        path.write_text(text.replace("@page { margin", f"@page {{ size: {size}; margin"),
                        encoding="utf-8")
        equal(print_out(folder, path), 2 * [[link + "&algorithm=SHA256&digits=8"]], size)


@test
def a_single_letter_is_one_sheet(folder):
    equal(print_out(folder, make(folder, "letter.html", "html")), [[uri()]], "QR codes")


class Reader(html.parser.HTMLParser):
    """Collects the elements, attributes and texts of a page."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.words, self.attributes = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data):
        self.words.append(data)


@test
def names_are_never_markup(folder):
    evil = "<script>alert(1)</script><img src=x onerror=y>&amp;'\"><b>"
    path = make(folder, "letter.html", f"user={evil}", f"host={evil}", f"issuer={evil}",
                f"label={evil}", "codes=<b>&<", PENDING, "html")
    reader = Reader(path.read_text(encoding="utf-8"))
    equal(set(reader.elements) - ELEMENTS, set(), "elements")
    check("onerror" not in reader.attributes, "an attribute")
    check(reader.words.count(evil) >= 3, "the name is not there as it is")
    check("<b>&<" in reader.words, "the code is not there as it is")
    equal(scan(folder, path, "1000,2000"), [uri(evil, evil)], "the QR code")


@test
def nothing_is_run_or_loaded(folder):
    path = make(folder, "letter.html", "html")
    text = path.read_text(encoding="utf-8")
    reader = Reader(text)
    check(not {"script", "link", "img", "iframe", "object"} & set(reader.elements), "elements")
    check(not {"src", "action", "style"} & set(reader.attributes), "attributes")
    # The browser runs no script even if one gets into the page.
    path.write_text(text.replace(
        "</body>", "<script>document.title = 'it ran'</script></body>"), encoding="utf-8")
    check("it ran</title>" not in browse(folder, path, "--dump-dom"), "a script ran")
    path.write_text(path.read_text(encoding="utf-8").replace("Content-Security-Policy", "x"),
                    encoding="utf-8")
    check("it ran</title>" in browse(folder, path, "--dump-dom"), "this test sees nothing")


@test
def an_own_letter_can_be_scanned(folder):
    template = folder.path / "own.html"
    template.write_text("{{#page}}<h1>{{user}}</h1><img src='{{qr_png}}'>{{/page}}\n",
                        encoding="utf-8")
    template.chmod(0o644)
    path = make(folder, "letter.html", f"template={template}", "html")
    equal(scan(folder, path, "600,600"), [uri()], "the QR code")


@test
def the_example_of_the_manual_works(folder):
    with open(f"{SOURCE}/man/totpgroup-letter.5", encoding="utf-8") as page:
        example = re.search(r"^A letter that is as short.*?literal.*?\n(.*?)^\.Ed", page.read(),
                            re.M | re.S)[1]
    template = folder.path / "short.html"
    template.write_text(example.replace(r"\(dq", '"'), encoding="utf-8")
    template.chmod(0o644)
    path = make(folder, "run.html", f"template={template}", CODES, "user=a", "user=b", "run")
    text = path.read_text(encoding="utf-8")
    check("<h1>a on host.example.org</h1>" in text, text)
    check("<li>78625093</li>" in text, text)
    equal(print_out(folder, path), 2 * [[uri()]], "QR codes")


@test
def the_examples_are_the_built_in_letters(folder):
    for kind in ("html", "txt"):
        template = folder.path / f"letter.{kind}"
        with open(f"{SOURCE}/conf/letter.{kind}", "rb") as source:
            template.write_bytes(source.read())
        template.chmod(0o644)
        own = make(folder, "own", f"template={template}", CODES, PENDING, kind).read_bytes()
        equal(own, make(folder, "built-in", CODES, PENDING, kind).read_bytes(), kind)
