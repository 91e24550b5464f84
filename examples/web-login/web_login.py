#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A login page for one-time codes, for nginx and its auth_request.

A code is good once, but auth_request asks at every request. So this program checks the code once,
and the browser keeps a signed session instead.

    GET  /login?next=/path   the page that asks for a code
    POST /login              checks it with the verification daemon
    GET  /auth               204 with a session, 401 without one
    POST /logout             ends the session

With --enroll a user who passed an earlier factor and has no secret yet gets one:

    GET  /enroll?next=/path  the page that begins, or that shows the secret
    POST /enroll             draws the secret, or confirms it by a code
"""

import argparse
import http.server
import json
import os
import re
import secrets
import socket
import socketserver
import sys
import threading
import time
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

import enroll_page
import page
from drafts import LIFETIME, Drafts
from session import BadKey, Sessions, load_key
from verifier import NoVerdict, Refusal, verify

BODY_SIZE = 4096
CONNECTIONS = 64

# A path of this site: no other host, and no characters that browsers strip or change to a slash.
LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]{0,2000}")

# No control characters.
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]{1,256}")


def local_path(text):
    """Returns the path to go to after the login: the front page if text leads to another site."""
    return text if text and LOCAL_PATH.fullmatch(text) else "/"


def target_of(query):
    """The path to go to, of a query. nginx cannot encode it, so it is all of the rest."""
    return local_path(query[5:] if query.startswith("next=") else "/")


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection. All share the application of the server."""

    timeout = 10
    server_version, sys_version = "web-login", ""

    @property
    def application(self):
        """Options and sessions."""
        return self.server.application

    def do_GET(self):  # pylint: disable=invalid-name
        """Sends the pages, and the answer to auth_request."""
        path, _, query = self.path.partition("?")
        if path == "/auth":
            self._answer_nginx()
        elif path == "/login":
            self._show_login(query)
        elif path == "/enroll" and self._enrolls():
            self._show_enrollment(target_of(query))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET

    def do_POST(self):  # pylint: disable=invalid-name
        """Takes the forms."""
        fields = self._fields()
        if fields is None:
            return
        if self.path not in ("/login", "/logout") and not (
                self.path == "/enroll" and self._enrolls()):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif not self._is_from_here():
            self._form(fields, HTTPStatus.FORBIDDEN, message="elsewhere")
        elif self.path == "/login":
            self._login(fields)
        elif self.path == "/enroll":
            self._enroll(fields)
        else:
            self._logout()

    # Requests

    def _answer_nginx(self):
        user = self._session_user()
        self.send_response(HTTPStatus.UNAUTHORIZED if user is None else HTTPStatus.NO_CONTENT)
        self.send_header("Cache-Control", "no-store")
        if user is not None:
            self.send_header("X-User", user.encode().decode("latin-1"))
        self.end_headers()

    def _show_login(self, query):
        target = target_of(query)
        user = self._session_user()
        if user is not None:
            self._send(HTTPStatus.OK, self._page().signed_in(target, user))
        else:
            self._form({"next": target}, HTTPStatus.OK,
                       message="signed-out" if query == "signed-out" else None)

    def _login(self, fields):
        earlier = self._earlier_user()
        user = fields.get("user", "").strip() if earlier is None else earlier
        code = fields.get("code", "").strip()
        if not user or not code:
            self._form(fields, HTTPStatus.BAD_REQUEST,
                       message="incomplete-both" if earlier is None else "incomplete")
            return
        try:
            verdict = verify(self.application.options.verifier, user, code) \
                if NAME.fullmatch(user) else None
        except NoVerdict as error:
            self._log("error", user, error)
            self._form(fields, HTTPStatus.SERVICE_UNAVAILABLE, message="down")
            return
        if verdict is not None and verdict.accepted:
            self._log("accepted", user)
            self._redirect(local_path(fields.get("next")), self._session_cookie(user))
        else:
            self._refuse(fields, user, verdict)

    def _refuse(self, fields, user, verdict):
        """A user who passed an earlier factor is told that a code was right, but used before. A
        stranger is not, because that would reveal that the name exists. A limit reveals nothing,
        because names that do not exist are limited as well."""
        result = "refused" if verdict is None else verdict.result
        self._log(result, user)
        if result == "limited":
            self._form(fields, HTTPStatus.TOO_MANY_REQUESTS, "limited",
                       max(1, verdict.retry_after))
        elif self._earlier_user() is None:
            self._form(fields, HTTPStatus.FORBIDDEN, "stranger")
        elif verdict is not None and verdict.retry_after > 0:
            self._form(fields, HTTPStatus.FORBIDDEN, "used", verdict.retry_after)
        else:
            self._form(fields, HTTPStatus.FORBIDDEN, "refused")

    def _logout(self):
        user = self._session_user()
        if user is not None:
            self.application.sessions.end(self._session())
            self._log("signed-out", user)
        self._redirect("/login?signed-out", self._cookie("", 0))

    # The first secret of a user

    def _enrolls(self):
        """Whether there is such a page. A stranger must not get a secret by typing a name."""
        return self.application.drafts is not None and bool(self._earlier_user())

    def _enroll_page(self, target):
        user = self._earlier_user()
        return enroll_page.EnrollPage(
            page.language_of(self.headers.get("Accept-Language")), self.application.options.site,
            user, target, self.application.sessions.form_token(user))

    def _show_enrollment(self, target):
        draft = self.application.drafts.of(self._earlier_user(), self._browser())
        shown = self._enroll_page(target)
        self._send(HTTPStatus.OK, shown.begin() if draft is None else shown.secret(draft),
                   policy=enroll_page.POLICY)

    def _enroll(self, fields):
        user, target = self._earlier_user(), local_path(fields.get("next"))
        if not self.application.sessions.is_form_token(user, fields.get("token", "")):
            self._say_enrollment(HTTPStatus.FORBIDDEN, target, "elsewhere")
            return
        try:
            if fields.get("step") == "confirm":
                self._confirm(user, target, fields.get("code", "").strip())
            else:
                browser = self._browser() or secrets.token_urlsafe(32)
                self.application.drafts.begin(user, browser)
                # It ends with the browser, or with the secret that was drawn for it.
                self._redirect(f"/enroll?next={target}", self._cookie(
                    browser, LIFETIME, f"{self.application.cookie}-enroll"))
        except Refusal as refusal:
            self._refuse_enrollment(user, target, refusal.args[0])
        except NoVerdict as error:
            self._log("error", user, error)
            self._say_enrollment(HTTPStatus.SERVICE_UNAVAILABLE, target, "down")

    def _confirm(self, user, target, code):
        browser = self._browser()
        draft = self.application.drafts.of(user, browser)
        if draft is None:
            raise Refusal("NotEnrolling")
        codes = draft.enrollment.emergency_codes
        if self.application.drafts.confirm(user, browser, draft, code).accepted:
            self._log("enrolled", user)
            self._send(HTTPStatus.OK, self._enroll_page(target).codes(codes),
                       policy=enroll_page.POLICY, cookie=self._session_cookie(user))
        elif draft.tries_left > 0:
            self._log("refused", user)
            self._send(HTTPStatus.FORBIDDEN, self._enroll_page(target).secret(draft, "not-right"),
                       policy=enroll_page.POLICY)
        else:
            self._log("refused", user)
            self._say_enrollment(HTTPStatus.FORBIDDEN, target, "dropped")

    def _refuse_enrollment(self, user, target, why):
        self._log("refused", user, why)
        if why == "AlreadyEnrolled":
            self._form({"next": target}, HTTPStatus.CONFLICT, "enrolled")
        else:
            status, message = {"NotPermitted": (HTTPStatus.FORBIDDEN, "not-allowed"),
                               "NotEnrolling": (HTTPStatus.CONFLICT, "gone"),
                               "Busy": (HTTPStatus.TOO_MANY_REQUESTS, "busy")}[why]
            self._say_enrollment(status, target, message)

    def _say_enrollment(self, status, target, message):
        self._send(status, self._enroll_page(target).begin(message), policy=enroll_page.POLICY)

    # Input from the browser and from nginx

    def _fields(self):
        """Returns the fields of a form, or None if an error was sent."""
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Transfer-Encoding") or not re.fullmatch(r"[0-9]{1,9}", length):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
            return None
        if int(length) > BODY_SIZE:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return None
        body = self.rfile.read(int(length))
        try:
            found = parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict",
                             max_num_fields=8)
        except ValueError:
            self.send_error(HTTPStatus.BAD_REQUEST)
            return None
        return {key: values[0] for key, values in found.items()}

    def _is_from_here(self):
        """Whether a page of this site sent the form. Every browser sends Origin with a POST, and
        the page of another site cannot change it."""
        return self.headers.get("Origin", "") == \
            f"{self.application.scheme}://{self.headers.get('Host', '')}"

    def _earlier_user(self):
        """Returns the user who passed an earlier factor in nginx, or None without such a factor."""
        header = self.application.options.user_header
        if header is None:
            return None
        return (self.headers.get(header) or "").encode("latin-1").decode("utf-8", "replace")

    def _cookie_of(self, name):
        try:
            found = SimpleCookie(self.headers.get("Cookie", "")).get(name)
        except CookieError:
            return None
        return found.value if found else None

    def _session(self):
        return self._cookie_of(self.application.cookie)

    def _browser(self):
        """What this browser was told when a secret was drawn for it, or an empty text."""
        return self._cookie_of(f"{self.application.cookie}-enroll") or ""

    def _session_user(self):
        """Returns the user of the session, if the same user passed the earlier factor."""
        user = self.application.sessions.user_of(self._session())
        return user if self._earlier_user() in (None, user) else None

    # Output

    def _page(self):
        return page.Page(page.language_of(self.headers.get("Accept-Language")),
                         self.application.options.site, self._enrolls())

    def _form(self, fields, status, message=None, seconds=0):
        text = self._page().form(local_path(fields.get("next")), self._earlier_user(),
                                 fields.get("user"), message, seconds)
        self._send(status, text, seconds)

    def _send(self, status, text, retry_after=0, policy=page.POLICY, cookie=None):
        data = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Content-Security-Policy", policy)
        if cookie is not None:
            self.send_header("Set-Cookie", cookie)
        self.send_header("X-Frame-Options", "DENY")
        self.send_header("Vary", "Accept-Language, Cookie")
        if retry_after > 0:
            self.send_header("Retry-After", str(retry_after))
        self._end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _redirect(self, target, cookie=None):
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", target)
        if cookie is not None:
            self.send_header("Set-Cookie", cookie)
        self.send_header("Content-Length", "0")
        self._end_headers()

    def _end_headers(self):
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        # With no-referrer, browsers would also send no Origin.
        self.send_header("Referrer-Policy", "same-origin")
        self.end_headers()

    def _session_cookie(self, user):
        return self._cookie(self.application.sessions.make(user),
                            self.application.options.lifetime)

    def _cookie(self, value, lifetime, name=None):
        secure = "" if self.application.options.plain_http else "; Secure"
        return (f"{name or self.application.cookie}={value}; Path=/; Max-Age={lifetime}; HttpOnly; "
                f"SameSite=Lax{secure}")

    # The log, one line for each decision, without codes

    def _log(self, what, user, detail=None):
        """Names and headers are quoted, so that a stranger cannot write a line of the log."""
        address = self.headers.get("X-Real-IP", "-")
        more = f" detail={json.dumps(str(detail))}" if detail else ""
        print(f"{what} user={json.dumps(user[:256])} rhost={json.dumps(address[:64])}{more}",
              file=sys.stderr, flush=True)

    def log_message(self, *_):  # pylint: disable=arguments-differ
        """Logs no requests, because nginx does."""


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A server with a thread for each connection, up to a maximum."""

    daemon_threads = True

    def __init__(self, listener, application):
        # The socket exists already. The unit allows no other family than its own, not even for the
        # one that is made here.
        self.address_family = listener.family
        super().__init__(("", 0), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.server_name, self.server_port = "", 0
        self.application = application
        self._free = threading.BoundedSemaphore(CONNECTIONS)

    def process_request(self, request, client_address):
        """Waits while too many connections are served."""
        self._free.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._free.release()
            raise

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address or ("", 0))
        finally:
            self._free.release()

    def handle_error(self, request, client_address):
        """Logs a defect. A client that has gone is not one."""
        error = sys.exc_info()[1]
        if not isinstance(error, (ConnectionError, TimeoutError)):
            print(f"error detail={json.dumps(repr(error))}", file=sys.stderr, flush=True)


class Application:
    """The options, and the sessions."""

    def __init__(self, options):
        self.options = options
        self.scheme = "http" if options.plain_http else "https"
        # Browsers accept a cookie with this prefix only from this host and only over TLS.
        self.cookie = "web-login" if options.plain_http else "__Host-web-login"
        self.sessions = Sessions(load_key(options.key), options.lifetime, time.time)
        self.drafts = Drafts(options.verifier) if options.enroll else None


def listening_socket(where):
    """Returns the socket from systemd, or opens one on ADDRESS:PORT."""
    if where is None:
        if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
            sys.exit("web-login: no socket from systemd; "
                     "use web-login.socket or --listen ADDRESS:PORT")
        return socket.socket(fileno=3)
    address, _, port = where.rpartition(":")
    return socket.create_server((address.strip("[]"), int(port)),
                                family=socket.AF_INET6 if ":" in address else socket.AF_INET)


def options_of(words):
    """Parses the command line."""
    parser = argparse.ArgumentParser(prog="web-login", allow_abbrev=False)
    parser.add_argument("--listen", metavar="ADDRESS:PORT",
                        help="listen there instead of on a socket from systemd")
    parser.add_argument("--key", default="/var/lib/web-login/key", metavar="FILE",
                        help="the key that signs the sessions; made at the first start")
    parser.add_argument("--verifier", default="/run/totpgroup/verify", metavar="SOCKET")
    parser.add_argument("--user-header", metavar="NAME",
                        help="the header in which nginx passes the user of an earlier factor; "
                        "without it people type their name, and a code is all that they need")
    parser.add_argument("--lifetime", type=int, default=8 * 3600, metavar="SECONDS",
                        help="how long a session is good (8 hours)")
    parser.add_argument("--site", default=socket.gethostname(), metavar="NAME",
                        help="the name of the site on the page")
    parser.add_argument("--enroll", action="store_true",
                        help="let users who have no secret set up an app; needs --user-header, and "
                        "self_enroll=yes for this service")
    parser.add_argument("--plain-http", action="store_true",
                        help="for a trial without TLS: anybody on the network can take a session")
    options = parser.parse_args(words)
    if options.enroll and options.user_header is None:
        parser.error("--enroll needs --user-header: a name that anybody can type proves nothing")
    return options


def main():
    """Serves until the process is stopped."""
    options = options_of(sys.argv[1:])
    try:
        with Server(listening_socket(options.listen), Application(options)) as server:
            server.serve_forever()
    except (OSError, ValueError, BadKey) as error:
        sys.exit(f"web-login: {error}")


if __name__ == "__main__":
    main()
