# SPDX-License-Identifier: LGPL-2.1-or-later
"""Pages as a browser without a window shows them, and the QR codes that are seen there."""

import subprocess

from support import PATIENCE, check, need


def browse(folder, path, *arguments):
    """Opens a page with those arguments of Chromium's; what that prints."""
    need("chromium")
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--disable-dev-shm-usage", f"--user-data-dir={folder.path / 'browser'}",
         *arguments, path.as_uri()],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
        env=folder.environment(TMPDIR=str(folder.path)))
    check(done.returncode == 0, f"chromium: {done.stderr.strip()[-500:]}")
    return done.stdout


def photograph(folder, path, size="1000,1600", *arguments):
    """The image of a page in a window of that size."""
    image = folder.path / "screen.png"
    browse(folder, path, f"--screenshot={image}", f"--window-size={size}", *arguments)
    return image


def read_codes(path):
    """What stands in the QR codes of an image."""
    need("zbarimg")
    done = subprocess.run(
        ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", str(path)],
        capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.stdout.splitlines()
