# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/web-login behind nginx, in a real browser, beside a real sshd."""

import base64
import http.client
import http.server
import os
import re
import ssl
import subprocess
import threading

import sshd_host
from browser import Browser, PROGRAM
from scenario import check, let_in, refused, test
from web_host import NAME, STORE, VERIFIER, WebHost, listen, need, units, write

SITE = f"https://{NAME}"

# The folder for pictures of the pages; by default there are none.
PICTURES = os.environ.get("TOTPGROUP_PICTURES")


def picture(browser, name):
    """Keeps pictures of the page: in a wide and a narrow window, with light and dark colors."""
    if PICTURES:
        for width, height, dark in ((1280, 800, False), (1280, 800, True), (375, 667, False),
                                    (375, 667, True), (320, 568, False)):
            browser.look(width, height, dark)
            browser.picture(f"{PICTURES}/{name}-{width}{'-dark' if dark else ''}.png")
        browser.look()


def shows(browser, selector, pattern):
    """Checks the text of the page."""
    text = browser.text(selector)
    check(text is not None and re.search(pattern, text),
          f"{selector} should say {pattern!r}, and says {text!r} on\n{browser.text()}")


def give(browser, code):
    """Types a code and sends it."""
    browser.type("#code", code)
    browser.press_enter()


def password_file():
    write("/etc/nginx/htpasswd", f"alice:{sshd_host.PASSWORD_HASH}\nbob:{sshd_host.PASSWORD_HASH}\n")


GRANT = ("[verify web]", "peer=web-login", "groups=webtotp")

# nginx and the application without a first factor, as README.md describes it.
NO_PASSWORD = (('auth_basic "www.example.org";', ""),
               ("auth_basic_user_file /etc/nginx/htpasswd;", ""))
NO_HEADER = ("--user-header X-Remote-User", "")


def ask(path, password=None, **headers):
    """Sends a request without a browser. Returns the answer, which was read to its end."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(NAME, timeout=60, context=context)
    headers = {key.replace("_", "-"): value for key, value in headers.items()}
    if password:
        headers["Authorization"] = "Basic " + base64.b64encode(password.encode()).decode()
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        response.read()
    finally:
        connection.close()
    return response


@test
def a_code_spent_on_the_web_is_spent_for_ssh(host):
    """A wrong code, a right one, the protected page; then the same code with ssh."""
    need("chromium", PROGRAM, "chromium")
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.configure(*GRANT, "attempts=100 30")
        web.start_verifier()
        password_file()
        login = web.start_login()
        web.start_nginx()
        host.password_then_code("")
        host.start_sshd()
        with Browser() as browser:
            browser.password("alice", sshd_host.PASSWORD)
            browser.go(f"{SITE}/page.html?a=1&b=2")
            check(browser.address == f"{SITE}/login?next=/page.html?a=1&b=2", browser.address)
            shows(browser, "h1", "^One more step$")
            shows(browser, ".lead", "alice")
            picture(browser, "step")
            give(browser, secret.wrong_code())
            shows(browser, "[role=alert]", "^That code is not right")
            picture(browser, "wrong")
            spent_on_the_web = secret.code()
            give(browser, spent_on_the_web[:3] + " " + spent_on_the_web[3:])
            check(browser.address == f"{SITE}/page.html?a=1&b=2", browser.address)
            shows(browser, "h1", "^A page behind it$")
            picture(browser, "behind")
            refused(host.login("alice", code=spent_on_the_web), "alice", reason="reused")
            cookie_is_kept_well(browser)
            browser.go(f"{SITE}/login")
            shows(browser, "h1", "^Signed in$")
            picture(browser, "in")
            browser.click(".leave button")
            shows(browser, "[role=status]", "^You are signed out")
            picture(browser, "out")
            browser.go(f"{SITE}/")
            check(browser.address == f"{SITE}/login?next=/", browser.address)
            spent_on_ssh = secret.code(1)
            let_in(host.login("alice", code=spent_on_ssh), "alice", method="totp")
            give(browser, spent_on_ssh)
            shows(browser, "[role=alert]", r"^That code was used already\. The next one is good in \d+ s")
            picture(browser, "used")
            give(browser, secret.code(2))
            shows(browser, "h1", "^The front page$")
        check("accepted user=\"alice\" rhost=\"127.0.0.1\"" in login.lines, "it is logged")


@test
def a_hashed_emergency_code_can_be_typed_on_a_phone(host):
    """The field brings up a keyboard with letters, and takes the code as it is typed there."""
    need("chromium", PROGRAM, "chromium")
    with WebHost(host) as web:
        web.enroll("alice")
        web.configure(*GRANT, "attempts=100 30")
        codes = subprocess.run(
            [host.enroll_program, "codes", "--codes=hashed", "-q", "-f",
             f"--secret={STORE}/secret/alice", "alice"],
            capture_output=True, text=True, check=True).stdout
        web.start_verifier()
        password_file()
        web.start_login()
        web.start_nginx()
        with Browser() as browser:
            browser.look(375, 667)
            browser.password("alice", sshd_host.PASSWORD)
            browser.go(f"{SITE}/page.html")
            for name, value in (("inputMode", "text"), ("autocapitalize", "characters"),
                                ("autocomplete", "one-time-code"), ("pattern", "")):
                found = browser.evaluate(f"document.querySelector('#code').{name}")
                check(found == value, f"{name} is {found!r}")
            picture(browser, "phone")
            give(browser, codes.split()[0].lower())
            shows(browser, "h1", "^A page behind it$")


def cookie_is_kept_well(browser):
    """Checks the attributes of the session's cookie."""
    cookie, = browser.cookies()
    check(cookie["name"] == "__Host-web-login", f"the cookie: {cookie}")
    for key, wanted in (("httpOnly", True), ("secure", True), ("sameSite", "Lax"), ("path", "/")):
        check(cookie[key] == wanted, f"the cookie's {key}: {cookie}")


@test
def nobody_gets_past_nginx(host):
    """Not without the password, not as another user, not with a header, not when something fails."""
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.configure(*GRANT)
        verifier = web.start_verifier()
        password_file()
        login = web.start_login()
        web.start_nginx()
        alice, bob = f"alice:{sshd_host.PASSWORD}", f"bob:{sshd_host.PASSWORD}"
        check(ask("/login").status == 401, "the page is behind the password")
        check(ask("/login", "alice:wrong").status == 401, "behind the right password")
        check(ask("/page.html").status == 302, "without anything")
        check(ask("/page.html", alice).headers["Location"] == f"{SITE}/login?next=/page.html", "a password")
        check(ask("/page.html", X_Remote_User="alice").status == 302, "a header")
        check(ask("/auth", alice).status == 404, "/auth is nginx's own")
        need("chromium", PROGRAM, "chromium")
        with Browser() as browser:
            browser.password("alice", sshd_host.PASSWORD)
            browser.go(f"{SITE}/login")
            give(browser, secret.code())
            session = "; ".join(f"{each['name']}={each['value']}" for each in browser.cookies())
            check(ask("/page.html", alice, Cookie=session).status == 200, "with all")
            check(ask("/page.html", Cookie=session).status == 302, "the session alone")
            check(ask("/page.html", bob, Cookie=session).status == 302, "bob with alice's session")
            check(ask("/page.html", bob, Cookie=session, X_Remote_User="alice").status == 302, "as alice")
            verifier.stop()
            os.unlink(VERIFIER)
            check(ask("/page.html", alice, Cookie=session).status == 200, "a session needs no daemon")
            browser.go_as_new(f"{SITE}/login")
            give(browser, secret.code(1))
            shows(browser, "[role=alert]", "^Codes cannot be checked at the moment")
            login.stop()
            os.unlink(units("web-login/web-login.socket")["ListenStream"])
            check(ask("/page.html", alice, Cookie=session).status == 500, "without the application")


@test
def the_application_learns_the_name_and_no_password(host):
    """The lines for this in the example are comments."""
    need("chromium", PROGRAM, "chromium")
    with WebHost(host) as web:
        secret = web.enroll("alice")
        web.configure(*GRANT)
        web.start_verifier()
        password_file()
        web.start_login()
        web.start_nginx(*[(f"#{line}", line) for line in (
            "auth_request_set", "proxy_set_header Host", "proxy_set_header X-User",
            "proxy_set_header Authorization", "proxy_pass http://127.0.0.1:8080")])
        with Browser() as browser, Application() as application:
            browser.password("alice", sshd_host.PASSWORD)
            browser.go(f"{SITE}/page.html")
            give(browser, secret.code())
            shows(browser, "h1", "^The application$")
            session = "; ".join(f"{each['name']}={each['value']}" for each in browser.cookies())
            ask("/x", f"alice:{sshd_host.PASSWORD}", Cookie=session, X_User="root")
            for headers in application.seen:
                check(headers.get_all("X-User") == ["alice"], f"the user: {headers}")
                check(headers["Authorization"] is None, f"the password is kept: {headers}")
            check(len(application.seen) == 2, "both requests came")


@test
def the_login_application_sees_no_password(host):
    """Also not in the requests of auth_request."""
    with WebHost(host) as web:
        password_file()
        where = units("web-login/web-login.socket")["ListenStream"]
        with listen(where, 0o666) as listener:
            listener.settimeout(60)
            web.start_nginx()
            asking = threading.Thread(
                target=ask, args=("/page.html", f"alice:{sshd_host.PASSWORD}"),
                kwargs={"X_Remote_User": "bob"})
            asking.start()
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as file:
                request = file.readline()
                headers = http.client.parse_headers(file)
                connection.sendall(b"HTTP/1.0 204 No Content\r\n\r\n")
            asking.join()
        os.unlink(where)
    check(request.startswith(b"GET /auth "), repr(request))
    check(headers.get_all("X-Remote-User") == ["alice"], f"the user: {headers}")
    check(headers["Authorization"] is None, f"the password is kept: {headers}")


class Application(http.server.HTTPServer):
    """The application behind nginx, which keeps the headers of its requests. A context manager."""

    class Handler(http.server.BaseHTTPRequestHandler):
        """Keeps the headers."""

        def do_GET(self):  # pylint: disable=invalid-name
            """Sends a page."""
            self.server.seen.append(self.headers)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><link rel=icon href=data:,><h1>The application</h1>")

        def log_message(self, *_):  # pylint: disable=arguments-differ
            """Logs nothing."""

    def __init__(self):
        super().__init__(("127.0.0.1", 8080), self.Handler)
        self.seen = []
        self._thread = threading.Thread(target=self.serve_forever)
        self._thread.start()

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()


@test
def a_page_that_asks_for_name_and_code_tells_strangers_nothing(host):
    """Without a password before this page. The page is in German."""
    need("chromium", PROGRAM, "chromium")
    with WebHost(host) as web:
        secret = web.enroll("alice")
        host.add_user("bob")
        web.configure(*GRANT, "attempts=4 3600")
        web.start_verifier()
        web.start_login(NO_HEADER)
        web.start_nginx(*NO_PASSWORD)
        host.password_then_code("")
        host.start_sshd()
        with Browser("de-DE,de;q=0.9,en;q=0.5") as browser:
            browser.go(f"{SITE}/page.html")
            shows(browser, "h1", "^Anmelden$")
            picture(browser, "form")
            code = secret.code()
            said = set()
            for name, typed in (("alice", secret.wrong_code()), ("bob", code), ("nobody-here", code)):
                browser.evaluate("document.querySelector('#user').value = ''")
                browser.type("#user", name)
                give(browser, typed)
                said.add(browser.text().replace(name, "NAME"))
            check(len(said) == 1, f"different pages: {said}")
            picture(browser, "stranger")
            browser.evaluate("document.querySelector('#user').value = ''")
            browser.type("#user", "alice")
            give(browser, code)
            shows(browser, "h1", "^A page behind it$")
            for _ in range(3):
                browser.go_as_new(f"{SITE}/login")
                browser.type("#user", "alice")
                give(browser, secret.wrong_code())
            shows(browser, "[role=alert]", r"^Zu viele Versuche\. Versuchen Sie es in \d+ Minuten wieder")
            picture(browser, "limited")
        let_in(host.login("alice", code=secret.code(1)), "alice", method="totp")
