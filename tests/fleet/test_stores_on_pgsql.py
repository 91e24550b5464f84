# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suite over every store (tests/unit/test_stores.c), over the store in PostgreSQL."""

import base64
import os
import subprocess
import tempfile

import case
from case import BUILD, check
from cluster import Cluster, programs


class _Fixture(case.Fixture):
    """The path of the program."""

    def missing(self):
        if not programs():
            return "no PostgreSQL server (package postgresql)"
        if not (BUILD / ".libs/pgsql.so").exists():
            return "the plugin was not built (package libpq-dev)"
        return None


test = _Fixture()


@test
def the_suite_of_every_store(_):
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        cluster.install()
        cluster.ask("postgres", "insert into totpgroup.member values ('postgres', 'corp');")
        keys = f"{folder}/keys"
        with open(keys, "w", encoding="ascii") as file:
            os.fchmod(file.fileno(), 0o400)
            file.write(f"key k1 {base64.b64encode(b'1' * 32).decode()}\n")
        done = subprocess.run(
            [BUILD / "tests/unit/test_stores"], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=200, check=False,
            env={**os.environ, "TOTPGROUP_TEST_PLUGIN": str(BUILD.resolve() / ".libs/pgsql.so"),
                 "TOTPGROUP_TEST_CONNECTION": f"host={cluster.socket} dbname=postgres user=postgres",
                 "TOTPGROUP_TEST_KEYS": keys})
        said = done.stdout + done.stderr
        check(done.returncode == 0, said)
        check(said.count("of a plugin") == 13, said)
