# SPDX-License-Identifier: LGPL-2.1-or-later
"""Headless Chromium, controlled through two pipes with its DevTools protocol."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

import private_root

# The script /usr/bin/chromium needs the host's /etc, so start the program itself.
PROGRAM = "/usr/lib/chromium/chromium"
DEADLINE = 60

# It runs as root, on a private machine with a small /dev/shm, and must not use the network by
# itself.
# Notes what a content security policy refuses, from the beginning of each page.
WATCH = """
var violations = [];
document.addEventListener("securitypolicyviolation", event =>
  violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""

FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
         "--no-first-run", "--no-default-browser-check", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--ignore-certificate-errors", "--hide-scrollbars", "--remote-debugging-pipe",
         "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider")


class Browser:
    """A browser with one open page. A context manager."""

    def __init__(self, language="en", environment=None):
        self._language, self._environment = language, environment or {}
        self._numbers = itertools.count(1)
        self._buffer, self._events = b"", []

    def __enter__(self):
        # On the private machine, with which the folder ends, whatever a process still writes.
        self._home = tempfile.mkdtemp(prefix="browser-", dir=private_root.TOP)
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()

        def take_pipes():
            # Either may be 3 or 4 already, so copy both before the first dup2().
            safe_read, safe_write = (_copy_above(each) for each in (to_read, to_write))
            os.dup2(safe_read, 3)
            os.dup2(safe_write, 4)
        self._process = subprocess.Popen(
            [PROGRAM, *FLAGS, f"--user-data-dir={self._home}/profile", "about:blank"],
            preexec_fn=take_pipes, close_fds=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PATH": "/usr/bin:/bin", "HOME": self._home, "LC_ALL": "C.UTF-8",
                 **self._environment})
        os.close(to_read)
        os.close(to_write)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self._call("Target.attachToTarget", targetId=target,
                                   flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network"):
            self._call(f"{domain}.enable")
        self._call("Network.setExtraHTTPHeaders", headers={"Accept-Language": self._language})
        self._call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        return self

    def __exit__(self, *_):
        # The browser ends with all its processes when the pipes are closed.
        os.close(self._read)
        os.close(self._write)
        try:
            self._process.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._home, ignore_errors=True)

    # Actions of a person

    def go(self, address):
        """Opens an address and waits until it has loaded."""
        with self._Loading(self):
            self._call("Page.navigate", url=address)

    def go_as_new(self, address):
        """Opens an address as a browser without cookies."""
        self._call("Network.clearBrowserCookies")
        self.go(address)

    def type(self, selector, text):
        """Puts the cursor into a field and types."""
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self._call("Input.insertText", text=text)

    def press_enter(self):
        """Sends the form that has the cursor."""
        with self._Loading(self):
            for kind in ("keyDown", "keyUp"):
                self._call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter",
                           windowsVirtualKeyCode=13, text="\r" if kind == "keyDown" else "")

    def click(self, selector):
        """Clicks on an element that leads to another page."""
        with self._Loading(self):
            self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")

    def password(self, name, password):
        """Sets the name and the password that the browser sends to servers (RFC 7617)."""
        words = base64.b64encode(f"{name}:{password}".encode()).decode()
        self._call("Network.setExtraHTTPHeaders", headers={
            "Accept-Language": self._language, "Authorization": f"Basic {words}"})

    # Content of the page

    def evaluate(self, expression):
        """Returns the value of a JavaScript expression."""
        found = self._call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def without_scripts(self):
        """Runs no script of a page from now on."""
        self._call("Emulation.setScriptExecutionDisabled", value=True)

    def violations(self):
        """What the page tried, and its content security policy refused."""
        return self.evaluate("violations")

    @property
    def address(self):
        """The address of the page."""
        return self.evaluate("location.href")

    def text(self, selector="body"):
        """Returns the text of an element, or None without such an element."""
        return self.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? null")

    def cookies(self):
        """Returns all cookies, also those that no script can read."""
        return self._call("Network.getAllCookies")["cookies"]

    def look(self, width=1280, height=800, dark=False):
        """Sets the size of the window, and light or dark colors."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1 if width > 600 else 2, mobile=width <= 600)
        self._call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def picture(self, path):
        """Saves a PNG picture of the window."""
        data = self._call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    # The protocol: JSON objects, each followed by a NUL

    class _Loading:
        """Waits at its end until the page that was opened in its block has loaded."""

        def __init__(self, browser):
            self._browser = browser

        def __enter__(self):
            self._browser._events.clear()

        def __exit__(self, kind, *_):
            if kind is None:
                self._browser._await(lambda: any(
                    event["method"] == "Page.loadEventFired" for event in self._browser._events))

    def _call(self, method, **parameters):
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        text = json.dumps(message).encode() + b"\0"
        while text:
            text = text[os.write(self._write, text):]
        answer = {}

        def answered():
            found = [event for event in self._events if event.get("id") == number]
            answer.update(found[0] if found else {})
            return found
        self._await(answered)
        self._events = [event for event in self._events if "id" not in event]
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def _await(self, condition):
        end = time.monotonic() + DEADLINE
        while not condition():
            if not select.select([self._read], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            received = os.read(self._read, 1 << 16)
            if not received:
                raise AssertionError(f"the browser has ended ({self._process.wait()})")
            *whole, self._buffer = (self._buffer + received).split(b"\0")
            for text in whole:
                event = json.loads(text)
                self._events.append({"method": "", **event})


def _copy_above(descriptor):
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD, 10)
