# SPDX-License-Identifier: LGPL-2.1-or-later
"""A way to a server on which replies get lost.

    lossy_proxy.py ADDRESS

forwards port 5432 to that server. An order `lose N` loses the answers to the next N calls of
settle(): once the server has answered, both connections are closed. It says how many were still
to get lost by the order before."""

import select
import socket
import sys
import threading


class Proxy:
    """Connections to one server."""

    def __init__(self, server):
        self._server, self._lock, self._left = server, threading.Lock(), 0

    def lose(self, number):
        """Loses so many answers. Returns how many of those before were not lost."""
        with self._lock:
            left, self._left = self._left, number
        return left

    def serve(self):
        """Forwards for ever."""
        with socket.create_server(("", 5432)) as listener:
            print("ready", flush=True)
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client):
        settles = False
        with client, socket.create_connection((self._server, 5432)) as server:
            while True:
                for source in select.select([client, server], [], [])[0]:
                    try:
                        data = source.recv(65536)
                    except ConnectionResetError:
                        data = b""
                    if not data:
                        return
                    if source is client:
                        settles = b"totpgroup.settle" in data
                        server.sendall(data)
                    elif settles and self._loses():
                        return
                    else:
                        client.sendall(data)

    def _loses(self):
        with self._lock:
            loses = self._left > 0
            self._left -= loses
        return loses


def main(server):
    """Takes orders."""
    proxy = Proxy(server)
    threading.Thread(target=proxy.serve, daemon=True).start()
    for order in sys.stdin:
        print(proxy.lose(int(order.split()[1])), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
