# SPDX-License-Identifier: LGPL-2.1-or-later
"""Plays the scenarios, each on a private machine set up anew, and says what came of them."""

import argparse
import glob
import importlib
import os
import re
import sys
import traceback

import log_socket
import private_root
import sshd_host
from scenario import Skip

HERE = os.path.dirname(os.path.abspath(__file__))


def main():
    """The whole run. Returns the exit status."""
    arguments = _arguments()
    scenarios = [one for one in _scenarios(arguments.folder) if arguments.only in one[0]]
    if arguments.list:
        print("\n".join(name for name, _ in scenarios))
        return 0
    files = _read_files(arguments)
    private_root.enter()
    paths = {name: private_root.install(name, content) for name, content in files.items()}
    log = log_socket.LogSocket()
    failures = 0
    for name, function in scenarios:
        failures += not _play(name, function, paths, log)
    return 1 if failures or not scenarios else 0


def _arguments():
    parser = argparse.ArgumentParser(prog="tests/e2e/run", allow_abbrev=False)
    parser.add_argument("--module", required=True, help="pam_totpgroup.so")
    parser.add_argument("--enroll", help="totp-enroll")
    parser.add_argument("--sshd", help="another sshd than the installed one")
    parser.add_argument("--verifyd", help="totp-verifyd")
    parser.add_argument("--folder", default=HERE, help="another folder of scenarios")
    parser.add_argument("--only", default="", metavar="WORD", help="scenarios named so")
    parser.add_argument("--list", action="store_true", help="only name the scenarios")
    return parser.parse_args()


def _scenarios(folder):
    found = []
    # What the scenarios of another folder share lies beside them.
    sys.path[:0] = [folder]
    for path in sorted(glob.glob(f"{folder}/test_*.py")):
        module = importlib.import_module(os.path.basename(path)[:-3])
        subject = module.__name__.removeprefix("test_")
        found += [(f"{subject}.{name.removeprefix('test_')}", function)
                  for name, function in vars(module).items()
                  if name.startswith("test_") and callable(function)]
    return found


def _read_files(arguments):
    """Module and program, read while the host's folders can still all be seen."""
    files = {}
    for name, path in (("pam_totpgroup.so", arguments.module), ("totp-enroll", arguments.enroll),
                       ("totp-verifyd", arguments.verifyd), ("sshd", arguments.sshd)):
        if path is None:
            continue
        try:
            files[name] = _read_program(path)
        except OSError as error:
            sys.exit(f"tests/e2e/run: {error.filename}: {error.strerror}")
    return files


def _read_program(path):
    # libtool puts a script in the place of a program that is not installed yet.
    built = os.path.join(os.path.dirname(path), ".libs", os.path.basename(path))
    with open(path, "rb") as file:
        content = file.read()
    if content.startswith(b"#!") and os.path.exists(built):
        with open(built, "rb") as file:
            content = file.read()
    return content


def _play(name, function, paths, log):
    host = sshd_host.SshdHost(paths["pam_totpgroup.so"], log, paths.get("sshd"))
    host.enroll_program = paths.get("totp-enroll")
    host.verifyd_program = paths.get("totp-verifyd")
    try:
        with host:
            function(host)
        _nothing_secret_was_logged(host)
        _log_lines_are_well_formed(host)
    except Skip as reason:
        print(f"skip {name}: {reason}", flush=True)
    except Exception as error:  # pylint: disable=broad-except
        why = str(error).partition("\n")[0] or repr(error)
        print(f"not ok {name}: {why}", flush=True)
        traceback.print_exc()
        print("-- everything that was said", *host.all_that_was_said(), "--", sep="\n",
              file=sys.stderr, flush=True)
        return False
    else:
        print(f"ok {name}", flush=True)
    return True


def _nothing_secret_was_logged(host):
    """After every scenario: no code, secret or password in any line of any program."""
    said = "\n".join(host.all_that_was_said())
    for secret in host.secrets:
        for words in (secret.base32, secret.key.hex()):
            if words.lower() in said.lower():
                raise AssertionError("the log holds a secret")
        for code in secret.codes_given:
            if re.search(rf"(?<!\d){code}(?!\d)", said):
                raise AssertionError(f"the log holds the code {code}")
    for word in (*sshd_host.EMERGENCY_CODES, sshd_host.PASSWORD):
        if word in said:
            raise AssertionError(f"the log holds {word!r}")


def _log_lines_are_well_formed(host):
    """After every scenario: the module logs to authpriv, in lines without control characters."""
    for facility, _, text in log_socket.of_module(host.all_that_was_said()):
        if facility != log_socket.AUTHPRIV:
            raise AssertionError(f"logged to facility {facility}: {text}")
        if re.search(r"[\x00-\x1f\x7f-\x9f]", text):
            raise AssertionError(f"control characters in the log: {text!r}")


if __name__ == "__main__":
    sys.exit(main())
