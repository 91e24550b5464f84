# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages on which a user sets up an app."""

import base64
from html import escape

import qr_code
from page import POLICY, Page, hash_source

# Shows two buttons that only a script can serve. All else works without it.
SCRIPT = """
for (const button of document.querySelectorAll("button[hidden]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (button.dataset.text === undefined) { window.print(); return; }
    await navigator.clipboard.writeText(button.dataset.text);
    button.textContent = button.dataset.done;
  });
}
"""

POLICY = f"{POLICY}; script-src {hash_source(SCRIPT)}"


class EnrollPage(Page):
    """The pages in one language, for one site and one user."""

    def __init__(self, language, site, user, target, token):
        super().__init__(language, site, enrolls=True)
        self._user, self._target, self._token = user, target, token

    def begin(self, message=None):
        """The page before a secret is drawn. message names a text: what was wrong."""
        content = (
            f'{self._message(message, True, 0)}<p class="text">{self._say("begin-text")}</p>\n'
            f'<form method="post" action="/enroll">{self._hidden("begin")}\n'
            f'<button autofocus>{self._say("begin")}</button></form>\n{self._have_app()}')
        return self._show("begin-title", message, content)

    def secret(self, draft, message=None):
        """The secret, and the form for its first code."""
        enrollment = draft.enrollment
        invalid = ' aria-invalid="true" aria-describedby="message"' if message else ""
        groups = " ".join(enrollment.secret[i:i + 4] for i in range(0, len(enrollment.secret), 4))
        drawing = qr_code.svg(enrollment.uri, self._say("qr-label"))
        content = (
            f'{self._wrong(message, draft.tries_left)}<ol class="steps"><li>'
            f'<p>{self._say("step-scan")}</p>\n{drawing or ""}\n'
            f'<a class="button second" href="{escape(enrollment.uri)}">'
            f'{self._say("same-phone")}</a>\n<p class="hint">{self._say("or-type")}</p>\n'
            f'<p class="secret">{escape(groups)}</p>\n'
            f'<button hidden class="second" type="button" data-text="{escape(enrollment.secret)}" '
            f'data-done="{self._say("copied")}">{self._say("copy")}</button></li>\n<li>'
            f'<form method="post" action="/enroll">{self._hidden("confirm")}\n'
            f'<label for="code">{self._say("step-code")}</label>\n'
            f'<input class="code" id="code" name="code" inputmode="numeric" maxlength="32" '
            f'autocomplete="one-time-code" spellcheck="false" required{invalid}>\n'
            f'<button>{self._say("confirm")}</button></form></li></ol>\n'
            f'<script>{SCRIPT}</script>')
        return self._show("begin-title", message, content)

    def codes(self, codes):
        """The emergency codes, which are shown once."""
        text = base64.b64encode("".join(f"{code}\n" for code in codes).encode()).decode()
        shown = "".join(f"<li>{escape(code)}</li>" for code in codes)
        content = f'<p class="message good" role="status">{self._say("next-code")}</p>\n'
        if codes:
            content += (
                f'<p class="text">{self._say("codes-text")}</p>\n<ul class="codes">{shown}</ul>\n'
                f'<a class="button second" download="emergency-codes.txt" '
                f'href="data:text/plain;base64,{text}">{self._say("save")}</a>\n'
                f'<button hidden class="second" type="button">{self._say("print")}</button>\n')
        content += (f'<a class="button" href="{escape(self._target)}">{self._say("continue")}</a>'
                    f'<script>{SCRIPT}</script>')
        return self._show("done-title", None, content)

    def _show(self, heading, message, content):
        title = self._say(heading)
        return self._frame(f'{self._say("error")}: {title}' if message else title, title,
                           self._say("begin-lead", user=self._user), content)

    def _hidden(self, step):
        return (f'<input type="hidden" name="step" value="{step}">'
                f'<input type="hidden" name="token" value="{self._token}">'
                f'<input type="hidden" name="next" value="{escape(self._target)}">')

    def _have_app(self):
        return (f'<p class="other"><a href="/login?next={escape(self._target)}">'
                f'{self._say("have-app")}</a></p>')

    def _wrong(self, message, left):
        if message is None:
            return ""
        tries = self._texts["try"] if left == 1 else self._texts["tries"].format(count=left)
        return f'<p id="message" class="message bad" role="alert">{self._say(message, left=tries)}</p>\n'
