# SPDX-License-Identifier: LGPL-2.1-or-later
"""A stand-in for totp-verifyd, which gives the answers of a test and records the calls.
Clients believe only root, so tests that use it need root."""

import json
import os
import socket
import threading


def reply(result, **more):
    return {"parameters": {"result": result, "retry_after": 0, **more}}


def failure(name, **parameters):
    return {"error": name, "parameters": parameters}


class FakeVerifyd:
    """answers are those to the calls of one connection, in order: an object is sent as JSON
    with a NUL, bytes are sent unchanged. The connection is closed after the last answer.
    uid is the user whom the kernel names as the listener."""

    def __init__(self, path, *answers, uid=0):
        self.path = str(path)
        self.uid = uid
        self.answers = answers
        self.calls = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        os.seteuid(self.uid)
        self.listener.listen(8)
        os.seteuid(0)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
        os.unlink(self.path)

    def serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            with connection:
                self.talk(connection)

    def talk(self, connection):
        for answer in self.answers:
            call = b""
            while not call.endswith(b"\0"):
                piece = connection.recv(1)
                if not piece:
                    return
                call += piece
            self.calls.append(json.loads(call[:-1]))
            if not isinstance(answer, bytes):
                answer = json.dumps(answer).encode() + b"\0"
            connection.sendall(answer)

    def parameters(self):
        return [call.get("parameters") for call in self.calls]
