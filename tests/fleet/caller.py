# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host that calls the store's functions, as a host has to: one deadline from look to settle, one
attempt id for a decision, and no success where a warning came with it.

    caller.py ROLE ADDRESS[:PORT][,ADDRESS...] [OPTIONS]

starts one, which reads orders and answers each with a line:

    spend USER KIND VALUE [ATTEMPT]    RESULT SECONDS ATTEMPT
    race CALLERS USER KIND VALUE       the same with many callers: SECONDS of the slowest, all
                                       results
    clock USER                         says hello; the store's clock for this user
    load CALLERS                       `accepted USER ATTEMPT STEP` for each acceptance, to the end
                                       of input; caller N has the users cN, cN+CALLERS, ...

A decision's RESULT is accepted, reused, deadline, or the SQLSTATE of a refusal."""

import contextlib
import select
import sys
import threading
import time
import uuid

import psycopg2
import psycopg2.extensions as libpq

BUDGET, SUSPECT, PAUSE = 3.0, 0.7, 0.05
# What another try may mend. A row may be held by what this host itself sent before.
AGAIN = ("40001", "40P01", "25006", "55P03", "57P0", "08", "53300")
SETTLE = ("select outcome, version, attempt from totpgroup.settle(%s, %s, 'state', 'k1', %s, %s, %s, %s, "
          "%s, %s, 'sshd', '192.0.2.7', 'accepted', null, 'totp', 0, null, %s)")


class Deadline(Exception):
    """The time is over; what became of the decision is not known."""


class _Lost(Exception):
    """This connection is of no more use."""


class Caller:
    """A warm connection, and decisions over it. Servers of which one can be written to."""

    def __init__(self, role, servers, options=""):
        """options are those of the server's session, as in PGOPTIONS."""
        self._role, self._options = role, options
        self._servers = [(server + ":5432").split(":")[:2] for server in servers.split(",")]
        self._connection = None

    def spend(self, user, kind, value, attempt=None):
        """Decides: the code is right, and has to be spent. `now` means the step of the store's
        clock. Returns the result and the step."""
        end, attempt = time.monotonic() + BUDGET, attempt or str(uuid.uuid4())
        try:
            version, seen, now = self._ask(
                end, "select version, attempt, now from totpgroup.look(%s)", (user,))
            step = now // 30 * 30 if value == "now" else int(value)
            outcome = "conflict"
            while outcome == "conflict":
                outcome, version, seen = self._ask(end, SETTLE, (
                    user, version, now, kind, step, b"", attempt, self._role, seen))
            return {"done": "accepted", "spent": "reused"}[outcome], step
        except Deadline:
            self.close()
            return "deadline", 0
        except psycopg2.Error as error:
            return error.pgcode or "lost", 0

    def clock(self, user):
        """Says hello with the own clock. Returns the store's, for a user."""
        end = time.monotonic() + BUDGET
        self._ask(end, "select now from totpgroup.hello(%s, '0', '{}', '{}', %s)",
                  (self._role, int(time.time())))
        return self._ask(end, "select now from totpgroup.look(%s)", (user,))[0]

    def close(self):
        """Forgets the connection."""
        if self._connection is not None:
            with contextlib.suppress(psycopg2.Error):
                self._connection.close()
        self._connection = None

    def _ask(self, end, text, values):
        suspicious = True
        while True:
            try:
                if self._connection is None:
                    self._connection = self._connect(end)
                # The second connection waits for its answer.
                limit = min(end, time.monotonic() + SUSPECT) if suspicious else end
                return self._answer(limit, text, values)
            except _Lost:
                pass
            except Deadline:
                if not suspicious or time.monotonic() >= end:
                    raise
                suspicious = False
            except psycopg2.Error as error:
                if error.pgcode and not error.pgcode.startswith(AGAIN):
                    raise
                pause(end)
            self.close()

    def _answer(self, limit, text, values):
        connection = self._connection
        with connection.cursor() as cursor:
            cursor.execute(text, values)
            while (state := connection.poll()) != libpq.POLL_OK:
                wait([(connection, state)], limit)
            if any(notice.startswith("WARNING") for notice in connection.notices):
                raise _Lost
            return cursor.fetchone()

    def _connect(self, end):
        """The first server that can be written to, of all that are tried side by side."""
        while True:
            tried = {psycopg2.connect(
                host=address, port=port, user=self._role, dbname="postgres", sslmode="disable",
                gssencmode="disable", target_session_attrs="read-write", options=self._options,
                async_=1): libpq.POLL_WRITE
                for address, port in self._servers}
            again = min(end, time.monotonic() + SUSPECT)
            with contextlib.suppress(Deadline):
                while tried:
                    for connection in wait(list(tried.items()), again):
                        with contextlib.suppress(psycopg2.Error):
                            tried[connection] = connection.poll()
                            if tried[connection] != libpq.POLL_OK:
                                continue
                            return connection
                        del tried[connection]
            pause(end)


def pause(end):
    """Waits before another try."""
    if time.monotonic() + PAUSE >= end:
        raise Deadline
    time.sleep(PAUSE)


def wait(connections, end):
    """Waits for one of (connection, POLL_READ or POLL_WRITE). Returns those that are ready."""
    poll, found = select.poll(), {}
    for connection, state in connections:
        found[connection.fileno()] = connection
        poll.register(connection.fileno(),
                      select.POLLIN if state == libpq.POLL_READ else select.POLLOUT)
    ready = poll.poll(max(0, (end - time.monotonic()) * 1000))
    if not ready:
        raise Deadline
    return [found[number] for number, _ in ready]


def load(callers):
    """Callers that log in as fast as they can, until the input ends."""
    ended, lock = threading.Event(), threading.Lock()

    def run(caller, number):
        user = number
        while not ended.is_set():
            attempt = str(uuid.uuid4())
            result, step = caller.spend(f"c{user}", "totp", "now", attempt)
            if result == "accepted":
                with lock:
                    print("accepted", f"c{user}", attempt, step, flush=True)
            user += len(callers)

    threads = [threading.Thread(target=run, args=(caller, number))
               for number, caller in enumerate(callers)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    ended.set()
    for thread in threads:
        thread.join()


def race(callers, *words):
    """All of them decide about the same at once. Returns the results."""
    results, start = [None] * len(callers), threading.Barrier(len(callers))

    def run(number):
        start.wait()
        results[number], _ = callers[number].spend(*words)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def main(*connection):
    """Takes orders."""
    callers = [Caller(*connection)]
    for order in sys.stdin:
        word, *words = order.split()
        begun = time.monotonic()
        if word in ("load", "race"):
            callers += [Caller(*connection) for _ in range(int(words.pop(0)) - len(callers))]
        if word == "load":
            load(callers)
            return
        if word == "race":
            results = race(callers, *words)
            print(f"{time.monotonic() - begun:.3f}", *results, flush=True)
        elif word == "clock":
            print(callers[0].clock(*words), flush=True)
        else:
            attempt = words[3] if len(words) > 3 else str(uuid.uuid4())
            result, _ = callers[0].spend(*words[:3], attempt)
            print(result, f"{time.monotonic() - begun:.3f}", attempt, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
