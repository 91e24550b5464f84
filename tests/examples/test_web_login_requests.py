# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/web-login alone: its answers to browsers, nginx and attackers. A fake verifier gives it
every possible verdict."""

import base64
import hashlib
import html
import http.client
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import types
import urllib.parse

from case import SOURCE, check, equal
from fake_daemon import FakeDaemon
from support import test

FOLDER = SOURCE / "examples/web-login"
sys.path[:0] = [str(FOLDER)]
# pylint: disable=wrong-import-position
import page
import web_login
from session import BadKey, Sessions, load_key

PROGRAM = FOLDER / "web_login.py"
HOST = "www.example.org"
ORIGIN = f"https://{HOST}"
COOKIE = "__Host-web-login"
CODE = "135791"


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path):
        super().__init__(HOST, timeout=60)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self._path)


class Answer:
    """The response of the application."""

    def __init__(self, response):
        self.status, self.headers = response.status, response.headers
        self.text = response.read().decode()

    @property
    def cookie(self):
        """The session in the cookie that was set, or None."""
        value = self.headers["Set-Cookie"]
        return value.partition(";")[0].partition("=")[2] if value else None

    @property
    def message(self):
        """The message on the page, or None."""
        found = re.search(r'<p id="message"[^>]*>(.*?)</p>', self.text)
        return html.unescape(re.sub("<[^>]*>", "", found[1])) if found else None


class Login:
    """The application, started as systemd does. A context manager."""

    def __init__(self, *words):
        self._words = words
        self.folder = tempfile.mkdtemp(prefix="totpgroup-login-")
        self.path, self.key = f"{self.folder}/socket", f"{self.folder}/key"

    def __enter__(self):
        self.daemon = FakeDaemon()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.daemon.__exit__()
        for name in os.listdir(self.folder):
            os.unlink(f"{self.folder}/{name}")
        os.rmdir(self.folder)

    def start(self):
        """Starts the application with a listening socket."""
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(self.path)
        listener.listen(1024)

        def pass_socket():
            os.dup2(listener.fileno(), 3)
            os.set_inheritable(3, True)
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'export LISTEN_PID=$$; exec "$@"', "-", sys.executable, "-B", PROGRAM,
             "--key", self.key, "--verifier", self.daemon.path, "--site", HOST, *self._words],
            preexec_fn=pass_socket, close_fds=False, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "LISTEN_FDS": "1"})
        listener.close()

    def stop(self):
        """Stops the application if it runs. Returns its log."""
        if self._process.stderr.closed:
            return ""
        self._process.terminate()
        said = self._process.communicate()[1]
        os.unlink(self.path)
        return said

    def says(self, result, retry_after=0):
        """Sets the reply of the verifier."""
        self.daemon.reply = json.dumps(
            {"parameters": {"result": result, "retry_after": retry_after}}).encode() + b"\0"

    def get(self, path, cookie=None, user=None, **headers):
        """Sends a request as nginx passes it on."""
        return self._ask("GET", path, None, cookie, user, headers)

    def post(self, path, cookie=None, user=None, body=None, origin=ORIGIN, fields=None, **headers):
        """Sends a form as a browser does from a page of the site."""
        if body is None:
            body = urllib.parse.urlencode(fields or {})
        headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        if origin is not None:
            headers["Origin"] = origin
        return self._ask("POST", path, body, cookie, user, headers)

    def sign_in(self, name="alice", user=None, target="/"):
        """Logs in with a right code."""
        self.says("accepted")
        fields = {"code": CODE, "next": target}
        if user is None:
            fields["user"] = name
        return self.post("/login", user=user, fields=fields)

    def _ask(self, method, path, body, cookie, user, headers):
        headers = {"Host": HOST, **{key.replace("_", "-"): value for key, value in headers.items()}}
        if cookie is not None:
            headers["Cookie"] = f"{COOKIE}={cookie}"
        if user is not None:
            headers["X-Remote-User"] = user.encode().decode("latin-1")
        connection = Connection(self.path)
        connection.request(method, path, body, headers)
        try:
            return Answer(connection.getresponse())
        finally:
            connection.close()


def behind_a_password():
    """The application with the options for nginx."""
    return Login("--user-header", "X-Remote-User")


@test
def a_right_code_makes_a_session_and_signing_out_ends_it(_):
    with Login() as login:
        equal(login.get("/auth").status, 401, "without a session")
        answer = login.sign_in("J\u00fcrgen", target="/page?a=1&b=2")
        equal((answer.status, answer.headers["Location"]), (303, "/page?a=1&b=2"), "after the login")
        attributes = answer.headers["Set-Cookie"].split("; ")[1:]
        equal(sorted(attributes), ["HttpOnly", "Max-Age=28800", "Path=/", "SameSite=Lax", "Secure"],
              "the cookie")
        equal(json.loads(login.daemon.requests[-1][:-1])["parameters"],
              {"user": "J\u00fcrgen", "code": CODE}, "what was verified")
        auth = login.get("/auth", answer.cookie)
        equal((auth.status, auth.headers["X-User"].encode("latin-1").decode()), (204, "J\u00fcrgen"),
              "with the session")
        equal(len(login.daemon.requests), 1, "a session is not verified again")
        out = login.post("/logout", answer.cookie)
        equal((out.status, out.headers["Location"], out.cookie), (303, "/login?signed-out", ""), "out")
        check("Max-Age=0" in out.headers["Set-Cookie"], "the browser forgets the cookie")
        equal(login.get("/auth", answer.cookie).status, 401, "a copy of the cookie")
        check("signed out" in login.get("/login?signed-out").message, "it is said")
        check(CODE not in login.stop(), "no code is logged")


@test
def a_stranger_is_always_told_the_same(_):
    """An unknown name, a wrong code and a spent code get one answer."""
    with Login() as login:
        answers = set()
        for result, seconds in (("refused", 0), ("refused", 17)):
            login.says(result, seconds)
            answer = login.post("/login", fields={"user": "alice", "code": CODE})
            check(answer.cookie is None, "no session")
            answers.add((answer.status, answer.text, str(sorted(
                pair for pair in answer.headers.items() if pair[0] != "Date"))))
        equal(len(answers), 1, "different answers")
        equal(answer.status, 403, "status")
        check('value="alice"' in answer.text and CODE not in answer.text, "the name stays, no code does")
        login.says("limited", 17)
        answer = login.post("/login", fields={"user": "alice", "code": CODE})
        equal((answer.status, answer.headers["Retry-After"], answer.cookie), (429, "17", None), "limited")


@test
def after_the_password_the_reason_is_told(_):
    with behind_a_password() as login:
        for result, seconds, status, pattern in (
                ("refused", 0, 403, "not right"), ("refused", 1, 403, "already.* 1 second\\."),
                ("refused", 17, 403, "already.* 17 seconds"), ("limited", 119, 429, "Too many.* 119 s"),
                ("limited", 121, 429, "Too many.* 3 minutes\\."),
                ("limited", 1, 429, "Too many.* 1 second\\.")):
            login.says(result, seconds)
            answer = login.post("/login", user="alice", fields={"code": CODE})
            equal((answer.status, answer.cookie), (status, None), f"{result} {seconds}")
            check(re.search(pattern, answer.message), f"{result} {seconds}: {answer.message}")
            equal(answer.headers["Retry-After"], str(seconds) if seconds else None, "Retry-After")
            check('role="alert"' in answer.text, "it is announced")


@test
def without_a_verdict_nobody_is_let_in(_):
    with Login() as login:
        for reply in (b"", b"\0", b"accepted\0", b"null\0", b"[]\0", b'{"parameters":null}\0',
                      b'{"parameters":{"result":"Accepted"}}\0', b'{"parameters":{"result":true}}\0',
                      b'{"parameters":{"result":["accepted"]}}\0',
                      b'{"parameters":{"result":"accepted"}}', b"[" * 4000 + b"\0",
                      b'{"parameters":{"result":"accepted","retry_after":"1"}}\0',
                      b'{"error":"org.totpgroup.Verify.Busy","parameters":{"result":"accepted"}}\0',
                      b" " * 9000 + b'{"parameters":{"result":"accepted"}}\0'):
            login.daemon.reply = reply
            answer = login.post("/login", fields={"user": "alice", "code": CODE})
            equal((answer.status, answer.cookie), (503, None), f"{reply[:60]}")
        login.daemon.__exit__()
        answer = login.post("/login", fields={"user": "alice", "code": CODE})
        equal((answer.status, answer.cookie), (503, None), "without a verifier")
        check("cannot be checked" in answer.message, answer.message)
        said = login.stop()
        check("No such file" in said and CODE not in said, said)
        login.daemon = FakeDaemon()


@test
def a_session_is_good_for_its_own_user_alone(_):
    """nginx names the user. A form cannot name somebody else."""
    with behind_a_password() as login:
        answer = login.sign_in(user="alice")
        equal(login.get("/auth", answer.cookie, user="alice").status, 204, "alice")
        equal(login.get("/auth", answer.cookie, user="bob").status, 401, "bob with alice's session")
        equal(login.get("/auth", answer.cookie).status, 401, "nobody with alice's session")
        count = len(login.daemon.requests)
        equal(login.post("/login", fields={"user": "alice", "code": CODE}).status, 400, "no header")
        equal(len(login.daemon.requests), count, "nobody is verified")
        login.post("/login", user="bob", fields={"user": "alice", "code": CODE})
        equal(json.loads(login.daemon.requests[-1][:-1])["parameters"]["user"], "bob", "who is verified")


@test
def forged_sessions_are_refused(_):
    with Login() as login:
        good = login.sign_in().cookie
        body, signature = good.split(".")
        fields = json.loads(base64.urlsafe_b64decode(body + "=="))
        other = base64.urlsafe_b64encode(json.dumps({**fields, "user": "root"}).encode()).decode()
        bare = hashlib.sha256(base64.urlsafe_b64decode(body + "==")).digest()
        for forged in ("", ".", "..", body, f"{body}.", f".{signature}", f"{other.rstrip('=')}.{signature}",
                       f"{body}.{base64.urlsafe_b64encode(bare).decode().rstrip('=')}",
                       f"{body}.{signature}.{signature}", f"{signature}.{body}", good[:-2], good[1:],
                       f"{body}x.{signature}", f"{body}.\u00e9", "x" * 5000, f"{body}.{'A' * 43}"):
            equal(login.get("/auth", forged.encode().decode("latin-1")).status, 401, f"{forged[:80]!r}")
        for cookies in (f"{COOKIE}", "=", ";;;", f"{COOKIE}=\"{body}", "\u00e9=\u00e9"):
            equal(login.get("/auth", Cookie=cookies.encode().decode("latin-1")).status, 401, cookies)
        equal(login.get("/auth", Cookie=f"a=b; {COOKIE}={good}; c=d").status, 204, "among others")
        login.stop()
        os.unlink(login.key)
        login.start()
        equal(login.get("/auth", good).status, 401, "after the key was removed")


@test
def sessions_end(_):
    now = [1000.0]
    sessions = Sessions(b"k" * 32, 60, lambda: now[0])
    first, second = sessions.make("alice"), sessions.make("alice")
    check(first != second, "each is another")
    now[0] = 1059
    equal(sessions.user_of(first), "alice", "until its end")
    sessions.end(first)
    equal((sessions.user_of(first), sessions.user_of(second)), (None, "alice"), "one was ended")
    now[0] = 1060
    equal(sessions.user_of(second), None, "at its end")
    third = sessions.make("bob")
    sessions.end(third)
    equal(len(sessions._ended), 1, "what is over need not be remembered")
    equal(Sessions(b"K" * 32, 60, lambda: now[0]).user_of(sessions.make("bob")), None, "another key")
    longest = "\U0001f642" * 256
    equal(sessions.user_of(sessions.make(longest)), longest, "the longest name")


@test
def one_key_is_made_and_an_unsafe_one_is_refused(_):
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/key"
        found = []
        threads = [threading.Thread(target=lambda: found.append(load_key(path))) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal((len(set(found)), len(found[0]), os.listdir(folder)), (1, 32, ["key"]), "one key")
        equal(os.stat(path).st_mode & 0o7777, 0o600, "its mode")
        os.chmod(path, 0o640)
        refuses_key(path, "mode 0600")
        os.chmod(path, 0o600)
        for size in (0, 31, 33):
            with open(path, "wb") as file:
                file.write(b"x" * size)
            refuses_key(path, "32 bytes")
        os.unlink(path)
        os.mkfifo(path, 0o600)
        refuses_key(path, "file")
        os.unlink(path)
        os.symlink("elsewhere", path)
        refuses_key(path, "symbolic link")


def refuses_key(path, pattern):
    try:
        load_key(path)
    except (BadKey, OSError) as error:
        check(pattern in str(error), f"{error}")
    else:
        raise AssertionError(f"the key was taken: {pattern}")


@test
def forms_of_other_sites_are_refused(_):
    with Login() as login:
        login.says("accepted")
        cookie = login.sign_in().cookie
        count = len(login.daemon.requests)
        for origin in (None, "null", "https://evil.example", f"http://{HOST}", f"{ORIGIN}:8443",
                       f"{ORIGIN}.evil.example", f"{ORIGIN}/", "", HOST):
            answer = login.post("/login", origin=origin, fields={"user": "alice", "code": CODE})
            equal((answer.status, answer.cookie), (403, None), f"a login from {origin}")
            answer = login.post("/logout", cookie, origin=origin)
            equal((answer.status, answer.cookie), (403, None), f"a logout from {origin}")
        equal(len(login.daemon.requests), count, "nothing is verified")
        equal(login.get("/auth", cookie).status, 204, "the session goes on")
        equal(login.get("/logout", cookie).status, 404, "a link does not sign out")


@test
def a_login_leads_to_pages_of_this_site_alone(_):
    with Login() as login:
        login.says("accepted")
        for target in ("/", "/a", "/a/b?c=d&e=f", "/a%0d%0ab", "/~x#y", "/.//a", "/login"):
            equal(login.sign_in(target=target).headers["Location"], target, "goes there")
            said = login.get(f"/login?next={target.partition('#')[0]}").text
            check(f'value="{html.escape(target.partition("#")[0])}"' in said, f"{target} is kept")
        for target in ("", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
                       "javascript:alert(1)", "/a\\b", "/\t/evil.example", "/\n/evil.example", " /a", "a",
                       "/a b", "/\r\nSet-Cookie: a=b", "/\u00e9", "/" + "a" * 3000, "/\x00", "///a"):
            equal(login.sign_in(target=target).headers["Location"], "/", f"{target[:40]!r}")
        for query in ("next=//evil.example", "next=https://evil.example", "next=%2F%2Fevil.example",
                      "x=y", "next=", "next"):
            check('name="next" value="/"' in login.get(f"/login?{query}").text, query)


@test
def what_was_typed_stays_text(_):
    with Login() as login:
        login.says("refused")
        evil = '"><script>alert(1)</script>\''
        for answer in (login.post("/login", fields={"user": evil, "code": CODE, "next": f"/{evil}"}),
                       login.get(f"/login?next=/{evil}")):
            check("<script" not in answer.text and html.escape(f"/{evil}") in answer.text, answer.text)
        cookie = login.sign_in(evil).cookie
        check(html.escape(evil) in login.get("/login", cookie).text, "the name of who is signed in")
        login.says("refused")
        login.post("/login", fields={"user": "a\nb accepted user=\"root\"", "code": CODE})
        login.post("/login", fields={"user": "\u2028\u202ealice", "code": CODE})
        login.post("/login", fields={"user": "x" * 2000, "code": CODE})
        said = login.stop().splitlines()
        check(all(re.fullmatch(r'(accepted|refused) user="[ -~]*" rhost="-"', line) for line in said),
              f"the log: {said}")
        equal(len(said), 5, "a line for each")


@test
def malformed_requests_are_refused(_):
    with Login() as login:
        login.says("accepted")
        for status, headers, body in (
                (413, {}, "x" * 4097), (400, {}, "code=%ff"), (400, {}, "code=\u00e9".encode()),
                (400, {}, "&".join(f"a{i}=b" for i in range(9))), (400, {}, ""), (400, {}, "user=alice"),
                (400, {}, "code=1"), (400, {}, "user=+&code=+")):
            answer = login.post("/login", body=body, **headers)
            equal((answer.status, answer.cookie), (status, None), f"{body[:40]}")
        for text in ("POST /login HTTP/1.0\r\n\r\n", "POST /login HTTP/1.0\r\nContent-Length: -1\r\n\r\n",
                     "POST /login HTTP/1.0\r\nContent-Length: 1e1\r\n\r\n",
                     "POST /login HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"):
            with socket.socket(socket.AF_UNIX) as raw:
                raw.settimeout(60)
                raw.connect(login.path)
                raw.sendall(text.encode())
                check(b" 411 " in raw.recv(4096), text)
        equal(login.daemon.requests, [], "nothing is verified")
        for path in ("/", "/auth/", "/loginx", "/style.css"):
            equal(login.get(path).status, 404, path)
        equal(login.post("/auth").status, 404, "a form for /auth")
        for user in ("\U0001f642" * 256, "\U0001f642" * 64, "x" * 256, "a\x00b", "a\x85b"):
            login.says("accepted")
            answer = login.post("/login", fields={"user": user, "code": CODE})
            equal((answer.status, answer.cookie), (403, None), f"{user[:10]!r}")
        answer = login.post("/login", fields={"user": "alice", "code": "1" * 1000})
        equal((answer.status, answer.cookie), (403, None), "a code without end")
        equal(login.daemon.requests, [], "what cannot be right is not verified")
        for user in ("\U0001f642" * 63, "x" * 255):
            equal(login.sign_in(user).status, 303, f"{user[:10]!r} of good length")


@test
def the_answers_have_the_headers_that_protect_them(_):
    with Login() as login:
        answer = login.get("/login")
        style = re.search("<style>(.*?)</style>", answer.text, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = answer.headers["Content-Security-Policy"]
        check(f"style-src 'sha256-{digest}'" in policy, "the style is what the policy allows")
        for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
            check(part in policy.split("; "), part)
        check("script" not in policy and "unsafe" not in policy, policy)
        login.says("refused")
        for each in (answer, login.post("/login", fields={"user": "a", "code": "b"}), login.sign_in()):
            equal([each.headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Referrer-Policy")],
                  ["no-store", "nosniff", "same-origin"], "headers")
        check("Python" not in answer.headers["Server"], "the server does not say what runs it")


@test
def the_page_speaks_the_language_of_the_browser(_):
    for accepted, wanted in ((None, "en"), ("", "en"), ("de", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"),
                             ("en-GB,de;q=0.9", "en"), ("fr,de;q=0.5", "de"), ("fr", "en"), ("*", "en"),
                             ("de;q=0", "en"), ("de;q=x", "en"), ("de;q=0.1,en;q=0.2", "en"), ("DE", "de"),
                             ("," * 9999, "en")):
        equal(page.language_of(accepted), wanted, f"{accepted!r}")
    equal(set(page.TEXTS["de"]), set(page.TEXTS["en"]), "each text is in each language")
    for name, text in page.TEXTS["en"].items():
        equal(sorted(re.findall("{.*?}", page.TEXTS["de"][name])), sorted(re.findall("{.*?}", text)), name)
    with Login() as login:
        check("Anmelden" in login.get("/login", Accept_Language="de").text, "German")


@test
def more_connections_than_threads_are_answered(_):
    with Login() as login:
        cookie = login.sign_in().cookie
        idle = []
        for _ in range(web_login.CONNECTIONS - 1):
            each = socket.socket(socket.AF_UNIX)
            each.connect(login.path)
            idle.append(each)
        equal(login.get("/auth", cookie).status, 204, "beside idle ones")
        for each in idle:
            each.close()
        results = []
        threads = [threading.Thread(target=lambda: results.append(login.get("/auth", cookie).status))
                   for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        equal((results.count(204), len(results)), (200, 200), "answers")


@test
def wrong_command_lines_are_refused(_):
    done = subprocess.run([sys.executable, "-B", PROGRAM], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"]}, cwd="/")
    check(done.returncode == 1 and done.stderr.startswith("web-login: "), done.stderr)


def enrolling():
    """The application that enrolls, with the options for nginx."""
    return Login("--user-header", "X-Remote-User", "--enroll")


def form_of(login, user, **headers):
    """The fields of the form with which a user begins."""
    text = login.get("/enroll?next=/a?b=1&c=2", user=user, **headers).text
    return {name: html.unescape(value) for name, value in
            re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text)}


@test
def there_is_no_enrollment_unless_it_is_turned_on(_):
    for start, user in ((behind_a_password, "alice"), (enrolling, None), (enrolling, "")):
        with start() as login:
            equal(login.get("/enroll", user=user).status, 404, f"{start.__name__} {user}")
            equal(login.post("/enroll", user=user).status, 404, f"{start.__name__} {user}, sent")
    with behind_a_password() as login:
        check("/enroll" not in login.get("/login", user="alice").text, "no link")
    with enrolling() as login:
        check("/enroll?next=/" in login.get("/login", user="alice").text, "a link")
    done = subprocess.run([sys.executable, "-B", PROGRAM, "--enroll"], capture_output=True,
                          text=True, check=False)
    equal(done.returncode, 2, "--enroll without --user-header")
    check("--user-header" in done.stderr, done.stderr)


@test
def a_secret_is_drawn_only_for_the_form_of_its_user(_):
    with enrolling() as login:
        fields = form_of(login, "alice")
        equal((fields["step"], fields["next"]), ("begin", "/a?b=1&c=2"), "the form")
        for changed in ({"token": ""}, {"token": form_of(login, "bob")["token"]},
                        {"token": "\u00e9"}):
            answer = login.post("/enroll", user="alice", fields={**fields, **changed})
            equal(answer.status, 403, f"with {changed}")
        equal(login.post("/enroll", user="alice", fields=fields, origin="https://evil.example").status,
              403, "from elsewhere")
        equal(login.daemon.requests, [], "what the daemon was asked")


@test
def each_answer_to_an_enrollment_has_its_message(_):
    for error, status, words in (
            ("NotPermitted", 403, "You cannot set up an app here"),
            ("AlreadyEnrolled", 409, "An app is set up for you already"),
            ("Busy", 429, "Too many people"), ("StoreError", 503, "cannot be checked"),
            ("Nonsense", 503, "cannot be checked")):
        with enrolling() as login:
            fields = form_of(login, "alice")
            login.daemon.reply = json.dumps(
                {"error": f"org.totpgroup.Verify.{error}", "parameters": {}}).encode() + b"\0"
            answer = login.post("/enroll", user="alice", fields=fields)
            equal(answer.status, status, error)
            check(words in (answer.message or ""), f"{error}: {answer.message}")
            equal(json.loads(login.daemon.requests[-1][:-1]),
                  {"method": "org.totpgroup.Verify.Enroll", "parameters": {"user": "alice"}}, error)
            check(answer.cookie is None, f"{error}: a session")
    for reply in (b"", b"[]\0", b"{}\0", b'{"parameters":{"uri":1}}\0', b"\xff\0",
                  b'{"parameters":{"uri":"x","secret":"y","emergency_codes":7}}\0'):
        with enrolling() as login:
            fields = form_of(login, "alice")
            login.daemon.reply = reply
            equal(login.post("/enroll", user="alice", fields=fields).status, 503, f"{reply}")


@test
def an_enrollment_shows_what_the_daemon_drew_and_keeps_it_out_of_addresses(_):
    drawn = {"uri": "otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP&issuer=A", "secret": "JBSWY3DPEHPK3PXP",
             "emergency_codes": ["<11111111>"]}
    with enrolling() as login:
        fields = form_of(login, "alice")
        login.daemon.reply = json.dumps({"parameters": drawn}).encode() + b"\0"
        answer = login.post("/enroll", user="alice", fields=fields)
        equal((answer.status, answer.headers["Location"]), (303, "/enroll?next=/a?b=1&c=2"), "begun")
        kept = answer.headers["Set-Cookie"]
        check(re.fullmatch(r"__Host-web-login-enroll=[\w-]{43}; Path=/; Max-Age=900; HttpOnly; "
                           "SameSite=Lax; Secure", kept), kept)
        browser = {"Cookie": kept.partition(";")[0]}
        check("JBSW" not in login.get("/enroll", user="alice").text, "another browser sees none")
        shown = login.get("/enroll", user="alice", **browser)
        check("JBSW Y3DP EHPK 3PXP" in shown.text, "the secret is shown")
        equal(shown.headers["Cache-Control"], "no-store", "it is not kept")
        equal(shown.headers["Referrer-Policy"], "same-origin", "the referrer")
        check("script-src 'sha256-" in shown.headers["Content-Security-Policy"] and
              "unsafe" not in shown.headers["Content-Security-Policy"], "the policy")
        check("JBSW" not in login.get("/enroll", user="bob", **browser).text, "bob sees none")
        equal(len(login.daemon.requests), 1, "it was drawn once")
        login.post("/enroll", user="alice", fields=fields, **browser)
        equal(len(login.daemon.requests), 1, "a second window draws none")
        # The daemon has gone, so nothing can be confirmed, and the secret ends.
        answer = login.post("/enroll", user="alice",
                            fields={**form_of(login, "alice", **browser), "code": CODE}, **browser)
        equal((answer.status, answer.cookie), (503, None), "without the daemon")
        check("JBSW" not in login.get("/enroll", user="alice", **browser).text, "it has ended")
        said = login.stop()
        check("JBSW" not in said and CODE not in said, said)


@test
def it_makes_no_socket_but_of_the_family_that_systemd_hands_over(_):
    """Its unit allows no other."""
    made = []

    def note(family=-1, *arguments, **options):
        made.append(family)
        return socket.socket(family, *arguments, **options)

    listener, _ = socket.socketpair(socket.AF_UNIX)
    kept, socketserver.socket = socketserver.socket, types.SimpleNamespace(socket=note)
    try:
        web_login.Server(listener, None).server_close()
    finally:
        socketserver.socket = kept
    equal(set(made), {socket.AF_UNIX}, "the families")
