# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server that fails on demand: it passes everything on to a real one, but for the statements that
a test has named."""

import contextlib
import os
import select
import socket
import struct
import threading


def _message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def report(kind, severity, state):
    """An error (kind E) or a notice (kind N). The text is in a language that nobody reads."""
    fields = {b"S": b"SCHWERWIEGEND", b"V": severity.encode(), b"C": state.encode(),
              b"M": b"c\x07est la vie"}
    return _message(kind, b"".join(key + value + b"\0" for key, value in fields.items()) + b"\0")


READY = _message(b"Z", b"I")
SO_SNDBUFFORCE = 32  # linux/socket.h: more than a limit of the host; for root


class FaultyServer:
    """Listens in a folder as a server does. A context manager."""

    def __init__(self, folder, real):
        self.folder, self._real = folder, f"{real}/.s.PGSQL.5432"
        self._lock, self._faults, self._seen = threading.Lock(), [], []
        self._listener = socket.socket(socket.AF_UNIX)
        self.connections = 0
        self.hangs_up = False  # on who connects

    def __enter__(self):
        os.makedirs(self.folder)
        self._listener.bind(f"{self.folder}/.s.PGSQL.5432")
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.unlink(f"{self.folder}/.s.PGSQL.5432")
        os.rmdir(self.folder)

    def fail(self, word, *fault, times=1):
        """Has the next statements with that word in them fail: `error STATE`, `fatal STATE`,
        `warning STATE`, `silence`, `loss` of the answer, `flood`, notices without an end, or
        `answer FUNCTION`, which gets the messages of the answer and returns others."""
        with self._lock:
            self._faults = [(word.encode(), fault)] * times
            self._seen = []

    def seen(self):
        """How many statements with a word that fails, or failed, were there since."""
        with self._lock:
            return len(self._seen)

    def left(self):
        """How many faults did not happen yet."""
        with self._lock:
            return len(self._faults)

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        if self.hangs_up:
            client.close()
            return
        server = socket.socket(socket.AF_UNIX)
        with client, server, contextlib.suppress(OSError):
            server.connect(self._real)
            _Connection(self, client, server).run()

    def take_fault(self, statement):
        """The fault of a statement, or None."""
        with self._lock:
            for fault in self._faults:
                if fault[0] in statement:
                    self._faults.remove(fault)
                    self._seen.append(statement)
                    return fault[1]
            return None


class _Connection:
    def __init__(self, owner, client, server):
        self._owner, self._client, self._server = owner, client, server
        self._begun = False
        self._fault = None
        self._buffers = {client: b"", server: b""}
        self._answer = []

    def run(self):
        """Passes messages on until an end."""
        while True:
            for source in select.select([self._client, self._server], [], [])[0]:
                data = source.recv(65536)
                if not data:
                    return
                self._buffers[source] += data
                take = self._from_client if source is self._client else self._from_server
                if not all(take(kind, body) for kind, body in self._messages(source)):
                    return

    def _messages(self, source):
        """Whole messages of what has come; a client's first one has no kind."""
        while True:
            data = self._buffers[source]
            head = 0 if source is self._client and not self._begun else 1
            if len(data) < head + 4:
                return
            end = head + struct.unpack("!i", data[head:head + 4])[0]
            if len(data) < end:
                return
            self._buffers[source] = data[end:]
            self._begun = True
            yield data[:head], data[head + 4:end]

    def _from_client(self, kind, body):
        if kind == b"P":
            self._fault = self._owner.take_fault(body)
        if self._fault is None or self._fault[0] in ("warning", "loss", "answer"):
            self._server.sendall(_message(kind, body))
        elif kind == b"S" and self._fault[0] in ("error", "fatal"):
            word, state = self._fault
            self._client.sendall(report(b"E", word.upper(), state) + READY * (word == "error"))
            self._fault = None
            return word == "error"
        elif kind == b"S" and self._fault[0] == "flood":
            # So much is always on its way that the client never finds nothing to read.
            self._client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 26)
            notices = _message(b"N", b"VNOTICE\0\0") * 100000
            while True:
                self._client.sendall(notices)
        return True

    def _from_server(self, kind, body):
        if self._fault is None:
            self._client.sendall(_message(kind, body))
            return True
        self._answer.append((kind, body))
        if kind != b"Z":
            return True
        word, (answer, self._answer), self._fault = self._fault, (self._answer, []), None
        if word[0] == "loss":
            return False
        if word[0] == "answer":
            answer = word[1](answer)
        messages = [_message(*message) for message in answer]
        if word[0] == "warning":
            messages.insert(-1, report(b"N", "WARNING", word[1]))
        self._client.sendall(b"".join(messages))
        return True
