# SPDX-License-Identifier: LGPL-2.1-or-later
"""A verifier that gives any reply that a test wants, also those that the real one never gives."""

import os
import socket
import tempfile
import threading


class FakeDaemon:
    """Listens on a socket of its own and keeps the requests. A context manager."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="totpgroup-fake-")
        self.path = f"{self._folder}/verify"
        self.requests, self.reply, self.silent = [], b"", False
        self._open = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.path)
        self._socket.listen(16)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # End the thread first, so that it does not listen on a new socket with this number.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in (*self._open, self._socket):
            each.close()
        os.unlink(self.path)
        os.rmdir(self._folder)

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            if self.silent:
                self._open.append(connection)
                continue
            with connection:
                self._answer(connection)

    def _answer(self, connection):
        request = b""
        while not request.endswith(b"\0") and (received := connection.recv(4096)):
            request += received
        self.requests.append(request)
        try:
            connection.sendall(self.reply)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
        except OSError:
            pass  # the client does not listen to the end
