# SPDX-License-Identifier: LGPL-2.1-or-later
"""Logins with store=socket are like those with files: the same tests, with a totp-verifyd beside the
stack (stack.h). A test that cannot be so says why, and is left out."""

import os
import subprocess

import case
from case import BUILD, check

DEADLINE = 200


class _Fixture(case.Fixture):
    """Runs one program of tests/stack."""

    def missing(self):
        if os.geteuid() != 0:
            return "only root asks totp-verifyd before the prompt"
        return None

    def argument(self):
        return _Program()


class _Program:
    """Gives a function that runs a program over the socket."""

    def __enter__(self):
        return self.run

    def __exit__(self, *_):
        pass

    @staticmethod
    def run(name):
        """Fails unless each test passes or is left out, and most pass."""
        done = subprocess.run(
            [BUILD / "tests/stack" / name], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", timeout=DEADLINE, check=False,
            env={**os.environ, "TOTPGROUP_STACK_STORE": "socket", "CMOCKA_MESSAGE_OUTPUT": "STDOUT",
                 "TOTPGROUP_MODULE": str(BUILD.resolve() / ".libs/pam_totpgroup.so"),
                 "TOTPGROUP_TOKEN_MODULE": str(BUILD.resolve() / ".libs/pam_token.so")})
        if done.returncode == 77:
            raise case.Skip(done.stdout.strip().rpartition("SKIP ")[2])
        check(done.returncode == 0, done.stdout)
        passed = done.stdout.count("[       OK ]")
        check(passed > done.stdout.count("not over the socket"), done.stdout)


test = _Fixture()


@test
def grace_periods_are_the_same(run):
    run("test_grace")


@test
def roll_out_is_the_same(run):
    run("test_roll_out")


@test
def passwords_before_codes_are_the_same(run):
    run("test_passwords")


@test
def passwords_of_users_who_are_not_asked_are_the_same(run):
    run("test_passwords_unasked")


@test
def results_are_the_same(run):
    run("test_results")


@test
def enrollment_in_the_login_is_the_same(run):
    run("test_enrollment")


@test
def strict_is_the_same(run):
    run("test_strict")


@test
def pending_secrets_are_the_same(run):
    run("test_pending")


@test
def devices_are_the_same(run):
    run("test_devices")


@test
def two_codes_of_a_token_in_a_row_are_the_same(run):
    run("test_resync")
