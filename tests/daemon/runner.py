# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays the scenarios, each on a private machine set up anew, and says what came of them."""

import argparse
import glob
import importlib
import os
import re
import sys
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))

# pylint: disable=wrong-import-position
import log_socket
import private_root
import verifyd_host
from scenario import Skip

PROGRAMS = ("verifyd", "module", "worker", "enroll", "filter")


def main():
    """The whole run. Returns the exit status."""
    arguments = _arguments()
    scenarios = [one for one in _scenarios() if arguments.only in one[0]]
    if arguments.list:
        print("\n".join(name for name, _ in scenarios))
        return 0
    files = {name: _read_program(getattr(arguments, name)) for name in PROGRAMS
             if getattr(arguments, name) is not None
             and (name != "filter" or os.path.exists(arguments.filter))}
    source = verifyd_host.read_sources(os.path.dirname(os.path.dirname(HERE)))
    private_root.enter()
    paths = {name: private_root.install(name, content) for name, content in files.items()}
    log = log_socket.LogSocket()
    failures = 0
    for name, function in scenarios:
        failures += not _play(name, function, verifyd_host.Host(paths, log, source))
    return 1 if failures or not scenarios else 0


def _arguments():
    parser = argparse.ArgumentParser(prog="tests/daemon/run", allow_abbrev=False)
    parser.add_argument("--verifyd", required=True, help="totp-verifyd")
    parser.add_argument("--module", required=True, help="pam_totpgroup.so")
    parser.add_argument("--worker", required=True, help="login_worker")
    parser.add_argument("--enroll", help="totp-enroll")
    parser.add_argument("--filter", help="under_filter")
    parser.add_argument("--only", default="", metavar="WORD", help="scenarios named so")
    parser.add_argument("--list", action="store_true", help="only name the scenarios")
    return parser.parse_args()


def _scenarios():
    found = []
    for path in sorted(glob.glob(f"{HERE}/test_*.py")):
        module = importlib.import_module(os.path.basename(path)[:-3])
        subject = module.__name__.removeprefix("test_")
        found += [(f"{subject}.{name.removeprefix('test_')}", function)
                  for name, function in vars(module).items()
                  if name.startswith("test_") and callable(function)]
    return found


def _read_program(path):
    # libtool puts a script in the place of a program that is not installed yet.
    built = os.path.join(os.path.dirname(path), ".libs", os.path.basename(path))
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"#!") and os.path.exists(built):
        with open(built, "rb") as file:
            content = file.read()
    return content


def _play(name, function, host):
    try:
        with host:
            function(host)
        _nothing_secret_was_logged(host)
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
    except Exception as error:  # pylint: disable=broad-except
        why = str(error).partition("\n")[0] or repr(error)
        print(f"not ok {name}: {why}", flush=True)
        traceback.print_exc()
        print("-- the log", *host.log_lines(), "--", sep="\n", file=sys.stderr, flush=True)
        return False
    else:
        print(f"ok {name}", flush=True)
    return True


def _nothing_secret_was_logged(host):
    """After every scenario: no code or secret in any line, and no control character."""
    said = "\n".join(host.log_lines())
    for secret in host.secrets:
        if secret.base32.lower() in said.lower():
            raise AssertionError("the log holds a secret")
        for code in secret.codes_given:
            if re.search(rf"(?<!\d){code}(?!\d)", said):
                raise AssertionError(f"the log holds the code {code}")
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", said):
        raise AssertionError("control characters in the log")


if __name__ == "__main__":
    sys.exit(main())
