# SPDX-License-Identifier: LGPL-2.1-or-later
"""Containers of hardware tokens (RFC 6030), as the tests make them, encrypted by openssl."""

import base64
import hashlib
import hmac
import subprocess

MAC_KEY = bytes(range(20))
NAMESPACES = ('xmlns="urn:ietf:params:xml:ns:keyprov:pskc" '
              'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" '
              'xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" '
              'xmlns:xenc11="http://www.w3.org/2009/xmlenc11#" '
              'xmlns:pkcs5="http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#"')
PBKDF2 = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"
SALT = b"saltsalt"


def base64_of(data):
    return base64.b64encode(data).decode("ascii")


def derive(password, length=16, rounds=1000, digest="sha1"):
    return hashlib.pbkdf2_hmac(digest, password.encode(), SALT, rounds, length)


def aes(mode, key, data, *options):
    return subprocess.run(
        ["openssl", "enc", f"-aes-{len(key) * 8}-{mode}", "-K", key.hex(), *options],
        input=data, stdout=subprocess.PIPE, check=True).stdout


class Cipher:
    """Encrypts values with a key, and says how in XML."""

    def __init__(self, key, info, mac="sha1"):
        self.key, self.info, self.mac = key, info, mac

    def encrypt(self, data):
        vector = bytes(16)
        return vector + aes("cbc", self.key, data, "-iv", vector.hex())

    def cipher_data(self, data):
        method = f"http://www.w3.org/2001/04/xmlenc#aes{len(self.key) * 8}-cbc"
        return (f'<xenc:EncryptionMethod Algorithm="{method}"/><xenc:CipherData><xenc:CipherValue>\n'
                f"{base64_of(data)}\n</xenc:CipherValue></xenc:CipherData>")

    def value(self, data):
        encrypted = self.encrypt(data)
        code = hmac.new(MAC_KEY, encrypted, getattr(hashlib, self.mac)).digest()
        return (f"<EncryptedValue>{self.cipher_data(encrypted)}</EncryptedValue>"
                f"<ValueMAC>{base64_of(code)}</ValueMAC>")

    def head(self):
        name = {"sha1": "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
                "sha256": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"}[self.mac]
        return (f"<EncryptionKey>{self.info}</EncryptionKey>"
                f'<MACMethod Algorithm="{name}"><MACKey>{self.cipher_data(self.encrypt(MAC_KEY))}'
                "</MACKey></MACMethod>")


class KeyWrap:
    """Wraps values with a key (RFC 3394), which needs no MAC. They have whole blocks of 8 bytes."""

    def __init__(self, key):
        self.key = key

    def wrap(self, data):
        """Section 2.2.1. openssl's own `enc` has no wrapping any more."""
        first, rest = b"\xa6" * 8, [data[at:at + 8] for at in range(0, len(data), 8)]
        for step in range(6 * len(rest)):
            at = step % len(rest)
            block = aes("ecb", self.key, first + rest[at], "-nopad")
            first = (int.from_bytes(block[:8], "big") ^ (step + 1)).to_bytes(8, "big")
            rest[at] = block[8:]
        return first + b"".join(rest)

    def value(self, data):
        bits = len(self.key) * 8
        method = f"http://www.w3.org/2001/04/xmlenc#kw-aes{bits}"
        return (f'<EncryptedValue><xenc:EncryptionMethod Algorithm="{method}"/>'
                f"<xenc:CipherData><xenc:CipherValue>{base64_of(self.wrap(data))}</xenc:CipherValue>"
                "</xenc:CipherData></EncryptedValue>")

    @staticmethod
    def head():
        return "<EncryptionKey><ds:KeyName>Pre-shared-key</ds:KeyName></EncryptionKey>"


class Plain:
    """Values as they are."""

    @staticmethod
    def value(data):
        return f"<PlainValue>{base64_of(data)}</PlainValue>"

    @staticmethod
    def head():
        return ""


def with_key(key, mac="sha1"):
    return Cipher(key, "<ds:KeyName>Pre-shared-key</ds:KeyName>", mac)


def with_password(password, length=16, digest="sha1"):
    function = '<PRF/>' if digest == "sha1" else f'<PRF Algorithm="urn:x#hmac-{digest}"/>'
    info = (f'<xenc11:DerivedKey><xenc11:KeyDerivationMethod Algorithm="{PBKDF2}"><pkcs5:PBKDF2-params>'
            f"<Salt><Specified>{base64_of(SALT)}</Specified></Salt><IterationCount>1000</IterationCount>"
            f"<KeyLength>{length}</KeyLength>{function}</pkcs5:PBKDF2-params>"
            "</xenc11:KeyDerivationMethod></xenc11:DerivedKey>")
    return Cipher(derive(password, length, digest=digest), info)


def token(serial, secret, *, cipher=Plain, kind="totp", digits=6, suite=None, counter=None,
          period=None, more=""):
    suite = f"<Suite>{suite}</Suite>" if suite else ""
    moving = "" if counter is None else f"<Counter>{counter}</Counter>"
    moving += "" if period is None else f"<TimeInterval><PlainValue>{period}</PlainValue></TimeInterval>"
    return (f"<KeyPackage><DeviceInfo><Manufacturer>oath.ACME</Manufacturer><SerialNo>{serial}</SerialNo>"
            f'</DeviceInfo><Key Id="{serial}" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:{kind}">'
            f'<AlgorithmParameters>{suite}<ResponseFormat Length="{digits}" Encoding="DECIMAL"/>'
            f"</AlgorithmParameters><Data><Secret>{cipher.value(secret)}</Secret>{moving}</Data>{more}"
            "</Key></KeyPackage>")


def container(*tokens, cipher=Plain):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n<KeyContainer Version="1.0" {NAMESPACES}>'
            f"{cipher.head()}{''.join(tokens)}</KeyContainer>\n")
