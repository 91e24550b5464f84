# SPDX-License-Identifier: LGPL-2.1-or-later
"""The file of counts for Prometheus' textfile collector."""

import os
import re
import shutil
import subprocess

from verifyd_host import CONF, SOCKET, STORE, TOP, WEB, Client, check, equal, test

FOLDER = f"{TOP}/collector"
FILE = f"{FOLDER}/totpgroup.prom"
CONFIGURED = WEB + f"[daemon]\nmetrics={FILE}\n"


def begin(host, text=CONFIGURED):
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.mkdir(FOLDER)
    host.configure(text)
    return host.secret("alice")


def read(path=FILE):
    """The series of the file, each with its value."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for line in text.splitlines():
        check(re.fullmatch(r"# (HELP|TYPE) totpgroup_\w+ .+|"
                           r'totpgroup_\w+(\{\w+="[^"\\]*"\})? [0-9]+(\.[0-9]+)?', line), line)
    return dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))


def of(kind, label):
    name = "method" if kind == "accepted" else "reason"
    return f'totpgroup_{kind}_total{{{name}="{label}"}}'


def refused():
    """How many attempts were refused, for whatever reason."""
    return sum(int(value) for name, value in read().items() if "refused_total" in name)


def ask(code):
    with Client() as client:
        return client.verify("alice", code)[0]


@test
def decisions_are_counted_by_what_became_of_them(host):
    secret = begin(host)
    host.start()
    code = secret.code()
    equal((ask(code), ask(code)), ("accepted", "refused"), "decisions")
    with Client(uid=1004) as client:
        client.verify("alice", "000000")
        client.ask("Status", user="alice")
        client.receive()
    with Client(uid=33) as client:
        client.verify("dave", "000000")
    host.stop()
    seen = read()
    equal({name: seen[name] for name in (
        of("accepted", "totp"), of("refused", "reused"), of("refused", "not-permitted"),
        of("refused", "wrong-code"), "totpgroup_verify_seconds_count",
        'totpgroup_verify_seconds_bucket{le="+Inf"}', "totpgroup_not_answered_total")},
          {of("accepted", "totp"): "1", of("refused", "reused"): "1",
           of("refused", "not-permitted"): "2", of("refused", "wrong-code"): "0",
           "totpgroup_verify_seconds_count": "4",
           'totpgroup_verify_seconds_bucket{le="+Inf"}': "4",
           "totpgroup_not_answered_total": "0"}, "counts")
    check(float(seen["totpgroup_verify_seconds_sum"]) > 0, "time")
    equal([seen[f"totpgroup_store_{name}"] for name in (
        "conflicts_total", "silences_total", "breaker_refusals_total", "breaker_open")],
          ["0"] * 4, "of a store that hosts share")
    buckets = [int(value) for name, value in seen.items() if "_bucket" in name]
    equal(buckets, sorted(buckets), "a histogram is cumulative")
    status = os.stat(FILE)
    equal((status.st_mode & 0o7777, os.listdir(FOLDER)), (0o644, ["totpgroup.prom"]), "the file")


@test
def counters_go_on_where_an_earlier_daemon_ended(host):
    begin(host, CONFIGURED + "idle_exit=1\n")
    for number in (1, 2):
        host.start(activated=True)
        ask("000000")
        host.ended()
        equal(refused(), number, f"after {number}")
    os.unlink(SOCKET)
    # What is no such file is none.
    for text in (b"", b"\0\n", b"totpgroup_refused_total{reason=\"wrong-code\"} 99\n",
                 b"x" * 70000):
        with open(FILE, "wb") as file:
            file.write(text)
        host.start()
        ask("000000")
        host.stop()
        equal(refused(), 1, f"after {text[:20]}")


@test
def a_file_that_cannot_be_written_keeps_nobody_out_and_is_said_once(host):
    secret = begin(host)
    with open(f"{TOP}/victim", "w", encoding="ascii") as file:
        file.write("victim")
    # Whoever owns the folder cannot have another file written.
    os.symlink(f"{TOP}/victim", f"{FILE}.new")
    os.symlink(f"{TOP}/victim", FILE)
    host.start()
    equal(ask(secret.code()), "accepted", "a right code")
    host.stop()
    equal((os.path.islink(FILE), read()[of("accepted", "totp")]), (False, "1"), "a file")
    with open(f"{TOP}/victim", encoding="ascii") as file:
        equal(file.read(), "victim", "the file behind the link")
    os.unlink(FILE)
    os.mkdir(FILE)
    mark = host.log.mark()
    host.start()
    equal(ask("000000"), "refused", "a wrong code")
    host.stop()
    lines = [line for line in host.said(mark) if "metrics" in line]
    check(len(lines) == 1 and f"metrics={FILE}" in lines[0], str(lines))
    host.configure(WEB + "[daemon]\nmetrics=name\n")
    done = subprocess.run([host.paths["verifyd"], "--check", f"--conf={CONF}"],
                          capture_output=True, text=True, check=False)
    check(done.returncode == 6 and "metrics=name: is no absolute path" in done.stderr, done.stderr)


@test
def nothing_is_written_that_tells_who_asked(host):
    secret = begin(host)
    host.start()
    ask(secret.code())
    host.stop()
    with open(FILE, encoding="ascii") as file:
        text = file.read()
    check("alice" not in text and STORE not in text, text)
