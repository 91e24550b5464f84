# SPDX-License-Identifier: LGPL-2.1-or-later
"""A user without a secret sets up an app on the page of examples/web-login, in a real browser."""

import os
import re
import subprocess
import urllib.parse

import private_root
import sshd_host
from browser import Browser, PROGRAM
from one_time_code import Secret
from scenario import check, let_in, refused, test
from test_web_login import GRANT, PICTURES, SITE, give, password_file, picture, shows
from web_host import WebHost, need

ENROLLS = ("--site", "--enroll --site")
POLICY = (*GRANT, "self_enroll=yes", "attempts=100 30")


class Site:
    """A site whose page enrolls, and a browser of a user who has given the password."""

    def __init__(self, host, language="en"):
        need("chromium", PROGRAM, "chromium")
        need("zbarimg", "/usr/bin/zbarimg", "zbar-tools")
        self.host = host
        self.web, self.browser = WebHost(host), Browser(language)
        self.login = None

    def __enter__(self):
        self.web.__enter__()
        private_root.find_libraries(private_root.TOP)
        self.web.configure(*POLICY)
        self.web.start_verifier()
        password_file()
        self.login = self.web.start_login(ENROLLS)
        self.web.start_nginx()
        self.browser.__enter__()
        return self

    def __exit__(self, *kind):
        self.browser.__exit__(*kind)
        self.web.__exit__(*kind)

    def as_user(self, name):
        """The browser sends that user's password."""
        self.browser.password(name, sshd_host.PASSWORD)

    def begin(self, target="/page.html"):
        """From a protected page to the secret."""
        self.browser.go(f"{SITE}{target}")
        self.browser.click(".other a")
        shows(self.browser, "h1", "^(Set up your app|App einrichten)$")
        self.browser.click("form button")
        return self.secret()

    def secret(self):
        """The secret, from a picture of the QR code."""
        path = f"{private_root.TOP}/qr.png"
        self.browser.look(1280, 1600)
        self.browser.picture(path)
        self.browser.look()
        done = subprocess.run(["/usr/bin/zbarimg", "-q", "--raw", path], capture_output=True,
                              text=True, check=False)
        check(done.stdout.startswith("otpauth://totp/"), f"the QR code: {done}")
        shown = self.browser.text(".secret").replace(" ", "")
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(done.stdout.strip()).query)
        check(query["secret"] == [shown], f"{query} and {shown}")
        secret = Secret.of_base32(shown)
        self.host.secrets.append(secret)
        return secret


@test
def a_user_sets_up_an_app_and_comes_in(host):
    with Site(host) as site:
        host.add_user("alice", "webtotp")
        site.as_user("alice")
        browser = site.browser
        secret = site.begin("/page.html?a=1&b=2")
        for width, height, dark in ((1280, 1400, False), (1280, 1400, True), (375, 1400, False)):
            if PICTURES:
                browser.look(width, height, dark)
                browser.picture(f"{PICTURES}/enroll-{width}{'-dark' if dark else ''}.png")
        browser.look()
        check(browser.violations() == [], f"{browser.violations()}")
        check(secret.base32 not in browser.address, browser.address)
        check(browser.evaluate("document.querySelector('button[data-text]').hidden") is False,
              "the button to copy is there")
        link = browser.evaluate("document.querySelector('li a.button').href")
        check(link.startswith("otpauth://totp/") and secret.base32 in link, link)
        give(browser, secret.wrong_code())
        shows(browser, "[role=alert]", r"not right.*You have 2 tries more")
        check(site.secret().base32 == secret.base32, "the same secret again")
        picture(browser, "enroll-wrong")
        check(not os.path.exists(f"{private_root.TOP}/store/secret/alice"), "nothing is stored")
        # Another window, and a page that is loaded again, show the same one.
        browser.go(f"{SITE}/enroll?next=/page.html?a=1&b=2")
        check(site.secret().base32 == secret.base32, "the same secret in another window")
        spent = secret.code()
        give(browser, spent)
        shows(browser, "h1", "^Your app works$")
        picture(browser, "enroll-codes")
        check(browser.violations() == [], f"{browser.violations()}")
        codes = browser.text(".codes").split()
        check(len(codes) == 5 and all(re.fullmatch(r"\S{8,}", code) for code in codes), codes)
        browser.click("a.button:not(.second)")
        check(browser.address == f"{SITE}/page.html?a=1&b=2", browser.address)
        shows(browser, "h1", "^A page behind it$")
        browser.go(f"{SITE}/enroll")
        browser.click("form button")
        shows(browser, "[role=alert]", "set up for you already")
        host.password_then_code("")
        host.start_sshd()
        refused(host.login("alice", code=spent), "alice", reason="reused")
        let_in(host.login("alice", code=secret.code(1)), "alice", method="totp")
        let_in(host.login("alice", code=codes[0]), "alice", method="emergency")
        said = "\n".join(site.login.lines)
        check('enrolled user="alice"' in said, said)
        for word in (secret.base32, *codes):
            check(word not in said, "the log of the page")


@test
def no_step_needs_a_script(host):
    with Site(host) as site:
        host.add_user("alice", "webtotp")
        site.as_user("alice")
        browser = site.browser
        browser.without_scripts()
        secret = site.begin()
        hidden = "[...document.querySelectorAll('button[type=button]')].every(one => one.hidden)"
        check(browser.evaluate(hidden), "what needs a script is not there")
        give(browser, secret.wrong_code())
        shows(browser, "[role=alert]", "not right")
        give(browser, secret.code())
        shows(browser, "h1", "^Your app works$")
        check(browser.evaluate(hidden), "what needs a script is not there")
        check(browser.evaluate("document.querySelector('a[download]').href.startsWith('data:')"),
              "the codes can be saved")
        browser.click("a.button:not(.second)")
        shows(browser, "h1", "^A page behind it$")


@test
def three_wrong_codes_end_a_secret(host):
    with Site(host, "de") as site:
        host.add_user("alice", "webtotp")
        site.as_user("alice")
        browser = site.browser
        secret = site.begin()
        for left in ("2 Versuche", "1 Versuch"):
            give(browser, secret.wrong_code())
            shows(browser, "[role=alert]", f"noch {left}\\.")
        give(browser, secret.wrong_code())
        shows(browser, "[role=alert]", "Drei Codes waren falsch")
        other = site.begin()
        check(other.base32 != secret.base32, "a new secret")
        # Somebody else who knows the password gets another, which ends it.
        browser.go_as_new(f"{SITE}/enroll")
        shows(browser, "form button", "^Anfangen$")
        first, other = other, site.begin()
        check(other.base32 != first.base32, "a secret for each browser")
        give(browser, secret.code())
        shows(browser, "[role=alert]", "stimmt nicht")
        check(not os.path.exists(f"{private_root.TOP}/store/secret/alice"), "nothing is stored")


@test
def nobody_else_gets_a_secret(host):
    """Not without the password, not a user outside the group, not one who has a secret, and not in
    another user's name."""
    with Site(host) as site:
        site.web.enroll("alice")
        host.add_user("bob")
        browser = site.browser
        site.as_user("alice")
        browser.go(f"{SITE}/enroll")
        browser.click("form button")
        shows(browser, "[role=alert]", "set up for you already")
        site.as_user("bob")
        browser.go_as_new(f"{SITE}/enroll")
        browser.click("form button")
        shows(browser, "[role=alert]", "^You cannot set up an app here")
        browser.password("bob", "wrong")
        browser.go_as_new(f"{SITE}/enroll")
        check(browser.text("form button") is None, "without a password")
