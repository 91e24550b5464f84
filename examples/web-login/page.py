# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages, in the language of the browser. No step needs a script."""

import base64
import hashlib
import json
import os
import re
from html import escape

HERE = os.path.dirname(os.path.abspath(__file__))

with open(os.path.join(HERE, "style.css"), encoding="utf-8") as _file:
    STYLE = _file.read()


def hash_source(text):
    """The name of an inline text for the content security policy."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


# The browser accepts the style sheet with this hash, and nothing else.
POLICY = (f"default-src 'none'; style-src {hash_source(STYLE)}; img-src data:; "
          "form-action 'self'; base-uri 'none'; frame-ancestors 'none'")


# A catalogue for each language: the name of its file, without .json, is the language.
TEXTS = {}
for _name in sorted(os.listdir(os.path.join(HERE, "catalogue"))):
    with open(os.path.join(HERE, "catalogue", _name), encoding="utf-8") as _file:
        TEXTS[_name.removesuffix(".json")] = json.load(_file)

DRAWING = ('<svg viewBox="0 0 24 24" fill="none" stroke="{color}" stroke-width="1.75" '
           'stroke-linecap="round" stroke-linejoin="round"{more}>'
           '<rect x="6" y="2" width="12" height="20" rx="3"/><path d="M10.5 18.5h3"/>'
           '<path d="M9.25 10.5h5.5v4h-5.5zM10.25 10.5V8.75a1.75 1.75 0 0 1 3.5 0v1.75"/></svg>')
SIGN = DRAWING.format(color="currentColor", more=' aria-hidden="true"')
ICON = "data:image/svg+xml;base64," + base64.b64encode(
    DRAWING.format(color="#5f7bf0", more=' xmlns="http://www.w3.org/2000/svg"').encode()).decode()

FRAME = """\
<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title}</title>
<link rel="icon" href="{icon}">
<style>{style}</style>
</head>
<body>
<main>
<header>
<div class="sign">{sign}</div>
<h1>{heading}</h1>
<p class="lead">{lead}</p>
</header>
{content}
</main>
</body>
</html>
"""


# One entry of Accept-Language, such as de-AT;q=0.8
PREFERENCE = re.compile(r"\s*([a-z]{2})(?:-[a-z0-9-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*")


def language_of(accepted):
    """Returns the language of TEXTS that the browser prefers, or English."""
    best, weight = "en", 0.0
    for part in (accepted or "")[:200].lower().split(","):
        match = PREFERENCE.fullmatch(part)
        if match and match[1] in TEXTS and float(match[2] or 1) > weight:
            best, weight = match[1], float(match[2] or 1)
    return best


class Page:
    """The pages in one language, for one site."""

    def __init__(self, language, site, enrolls=False):
        self._language, self._site, self._enrolls = language, site, enrolls
        self._texts = TEXTS[language]

    def form(self, target, user, typed_name=None, message=None, seconds=0):
        """The form that asks for a code. user is the name from an earlier factor; with None the
        visitor types a name. message names a text: what was wrong, or signed-out."""
        title = self._say("sign-in" if user is None else "step")
        lead = self._say("to") if user is None else self._say("step-lead", user=user)
        is_error = message not in (None, "signed-out")
        said = self._message(message, is_error, seconds)
        invalid = ' aria-invalid="true" aria-describedby="message hint"' if is_error else \
            ' aria-describedby="hint"'
        # Put the cursor into the name until it has been typed.
        focus_on_name = user is None and not typed_name
        name = "" if user is not None else self._name_field(typed_name or "", focus_on_name)
        content = (
            f'{said}<form method="post" action="/login">\n'
            f'<input type="hidden" name="next" value="{escape(target)}">\n{name}'
            f'<label for="code">{self._say("code")}</label>\n'
            # Hashed emergency codes have letters, which a keypad of digits does not have.
            f'<input class="code" id="code" name="code" inputmode="text" '
            f'autocapitalize="characters" autocomplete="one-time-code" maxlength="32" '
            f'spellcheck="false" required{invalid}'
            f'{"" if focus_on_name else " autofocus"}>\n'
            f'<p class="hint" id="hint">{self._say("hint")}</p>\n'
            f'<button>{self._say("submit")}</button>\n</form>')
        if self._enrolls and user is not None:
            content += (f'\n<p class="other"><a href="/enroll?next={escape(target)}">'
                        f'{self._say("no-app")}</a></p>')
        return self._frame(f'{self._say("error")}: {title}' if is_error else title, title, lead,
                           content)

    def signed_in(self, target, user):
        """The page of a user who is signed in, with a button to sign out."""
        content = (
            f'<a class="button" href="{escape(target)}">{self._say("continue")}</a>\n'
            f'<form class="leave" method="post" action="/logout">'
            f'<button class="second">{self._say("leave")}</button></form>')
        return self._frame(self._say("in"), self._say("in"), self._say("in-lead", user=user),
                           content)

    def _name_field(self, typed, focus):
        return (f'<label for="user">{self._say("user")}</label>\n'
                f'<input id="user" name="user" value="{escape(typed)}" autocomplete="username" '
                f'autocapitalize="none" spellcheck="false" maxlength="256" required'
                f'{" autofocus" if focus else ""}>\n')

    def _message(self, message, is_error, seconds):
        if message is None:
            return ""
        kind = ('class="message bad" role="alert"' if is_error
                else 'class="message good" role="status"')
        return f'<p id="message" {kind}>{self._say(message, seconds=self._duration(seconds))}</p>\n'

    def _duration(self, seconds):
        if seconds == 1:
            return self._texts["second"]
        if seconds < 120:
            return self._texts["seconds"].format(count=seconds)
        return self._texts["minutes"].format(count=-(-seconds // 60))

    def _say(self, text, **words):
        words = {"site": self._site, **words}
        return escape(self._texts[text], quote=False).format(
            **{key: f"<strong>{escape(word)}</strong>" for key, word in words.items()})

    def _frame(self, title, heading, lead, content):
        return FRAME.format(language=self._language, title=f"{title} · {escape(self._site)}",
                            icon=ICON, style=STYLE, sign=SIGN, heading=heading, lead=lead,
                            content=content)
