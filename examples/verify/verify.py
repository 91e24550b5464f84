#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""verify.py [SOCKET]: asks the verifier about the user and the code on standard input."""
import json
import socket
import sys

STATUSES = {"accepted": 0, "refused": 1, "limited": 4}


def verify(user, code, path="/run/totpgroup/verify"):
    request = {"method": "org.totpgroup.Verify.Verify", "parameters": {"user": user, "code": code}}
    reply = b""
    with socket.socket(socket.AF_UNIX) as verifier:
        verifier.settimeout(10)
        verifier.connect(path)
        verifier.sendall(json.dumps(request).encode() + b"\0")
        while not reply.endswith(b"\0"):
            received = verifier.recv(4096)
            if not received or len(reply) > 4096:
                raise ValueError("incomplete or too long reply")
            reply += received
    reply = json.loads(reply[:-1])
    if "error" in reply or reply["parameters"]["result"] not in STATUSES:
        raise ValueError(f"no verdict: {reply}")
    return reply["parameters"]["result"]


if __name__ == "__main__":
    try:
        user, code = (sys.stdin.buffer.readline().rstrip(b"\n").decode() for _ in range(2))
        result = verify(user, code, *sys.argv[1:])
    except (OSError, ValueError, TypeError, LookupError) as error:
        print(f"verify: {error}", file=sys.stderr)
        sys.exit(6)
    print(result)
    sys.exit(STATUSES[result])
