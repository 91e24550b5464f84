# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/apache: a certificate, then a code, through mod_auth_form and mod_authnz_external."""

import base64
import http.client
import ssl
import urllib.parse

from scenario import check, let_in, refused, test
from web_host import NAME, WebHost

ORIGIN = f"https://{NAME}"


class Visitor:
    """A browser with a certificate, which keeps cookies."""

    def __init__(self, certificate=None):
        self._context = ssl.create_default_context()
        self._context.check_hostname, self._context.verify_mode = False, ssl.CERT_NONE
        if certificate:
            self._context.load_cert_chain(certificate)
        self.cookies, self.headers, self.set_cookie = {}, {}, None

    def ask(self, method, path, fields=None, origin=ORIGIN):
        """Returns the status, the Location header and the text."""
        connection = http.client.HTTPSConnection(NAME, timeout=60, context=self._context)
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            if origin:
                headers["Origin"] = origin
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        self.set_cookie = response.headers["Set-Cookie"]
        if self.set_cookie:
            name, _, value = self.set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, response.headers["Location"], text

    def get(self, path):
        """Asks for a page."""
        return self.ask("GET", path)

    def sign_in(self, name, code, **options):
        """Sends the form. Returns the Location header."""
        return self.ask("POST", "/login/check", {"httpd_username": name, "httpd_password": code},
                        **options)[:2]


def expect(found, wanted, what):
    check(found == wanted, f"{what}: {found!r}, expected {wanted!r}")


@test
def a_certificate_and_a_code_let_in(host):
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.enroll("bob")
        web.configure("[verify apache]", "peer=www-data", "groups=webtotp", "attempts=100 30")
        web.start_verifier()
        certificates = web.certify("alice", "bob")
        apache = web.start_apache(("/usr/bin/totp-enroll", host.enroll_program))
        host.password_then_code("")
        host.start_sshd()
        alice = Visitor(certificates["alice"])
        expect(alice.get("/page.html")[:2], (302, "/login/"), "without a session")
        status, _, text = alice.get("/login/")
        check(status == 200 and "one-time-code" in text, f"the form: {status} {text}")
        expect(alice.sign_in("alice", secret.wrong_code()), (302, "/login/again.html"), "a wrong code")
        check("did not work" in alice.get("/login/again.html")[2], "the page says so")
        expect(alice.get("/page.html")[0], 302, "after a wrong code")
        code = secret.code()
        expect(alice.sign_in("alice", code, origin="https://evil.example")[0], 403, "from elsewhere")
        expect(alice.sign_in("alice", code, origin=None)[0], 403, "from nowhere")
        expect(alice.sign_in("alice", code), (302, "/"), "the right code")
        for part in ("path=/", "secure", "httponly", "samesite=lax"):
            check(part in alice.set_cookie.lower(), f"the cookie has {part}: {alice.set_cookie}")
        check(code not in alice.set_cookie and "alice" not in alice.set_cookie, "the cookie is encrypted")
        for _ in range(20):
            status, _, text = alice.get("/page.html")
            check(status == 200 and "Only who gave a code" in text, f"the page behind it: {status}")
        refused(host.login("alice", code=code), "alice", reason="reused")
        again = Visitor(certificates["alice"])
        expect(again.sign_in("alice", code), (302, "/login/again.html"), "the same code again")
        spent = secret.code(1)
        let_in(host.login("alice", code=spent), "alice", method="totp")
        expect(again.sign_in("alice", spent), (302, "/login/again.html"), "spent over SSH")
        bob = Visitor(certificates["bob"])
        expect(bob.sign_in("alice", secret.code(2)), (302, "/"), "alice's code and bob's key")
        expect(bob.get("/page.html")[0], 401, "two persons")
        bob.cookies = dict(alice.cookies)
        expect(bob.get("/page.html")[0], 401, "bob with alice's session")
        alice.get("/logout")
        expect(alice.get("/page.html")[0], 302, "after the end of the session")
        try:
            Visitor().get("/login/")
        except (ssl.SSLError, ConnectionError):
            pass
        else:
            raise AssertionError("nobody is asked for a certificate")
        check(not apache.has_ended(), "Apache goes on")


@test
def without_the_passphrase_a_session_ends_at_once(host):
    """Without it Apache verifies the code again from the session, and the code is spent by then."""
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.configure("[verify apache]", "peer=www-data", "groups=webtotp", "attempts=100 30")
        web.start_verifier()
        certificates = web.certify("alice")
        web.start_apache(("/usr/bin/totp-enroll", host.enroll_program),
                         ("Include /etc/apache2/totpgroup/site-passphrase.conf", ""))
        alice = Visitor(certificates["alice"])
        expect(alice.sign_in("alice", secret.code()), (302, "/"), "the right code")
        expect(alice.get("/page.html")[:2], (302, "/login/"), "the page behind it")


@test
def without_a_form_a_code_is_good_more_than_once_or_never(host):
    """AuthType Basic verifies at each request. With a cache the code is good more than once."""
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.configure("[verify apache]", "peer=www-data", "groups=webtotp", "attempts=100 30")
        web.start_verifier()
        certificates = web.certify("alice")

        def start(provider, *more):
            return web.start_apache(
                ("/usr/bin/totp-enroll", host.enroll_program), ("AuthType form", "AuthType Basic"),
                ("AuthFormProvider external", "\n".join([f"AuthBasicProvider {provider}", *more])))

        def ask(code):
            alice = Visitor(certificates["alice"])
            alice.headers["Authorization"] = "Basic " + base64.b64encode(f"alice:{code}".encode()).decode()
            return alice.get("/page.html")[0]
        apache = start("external")
        code = secret.code()
        expect([ask(code), ask(code)], [200, 401], "by itself")
        apache.stop()
        start("socache external", "AuthnCacheProvideFor external", "AuthExternalProvideCache On")
        code = secret.code(1)
        expect([ask(code), ask(code)], [200, 200], "with a cache")
