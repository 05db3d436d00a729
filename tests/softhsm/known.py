# SPDX-License-Identifier: Apache-2.0
"""Keys whose values we know: puts them on a fresh token, and looks for them where they must not be.

    known.py MODULE LABEL PIN-FILE [FILE]   makes the token; with FILE, where their values go, the keys

As a module: Known(FILE) reads such a file, needles() and hits() search."""

import base64
import hashlib
import json
import os
import sys

from PyKCS11 import (
    CKA_CLASS, CKA_COEFFICIENT, CKA_DECRYPT, CKA_EC_PARAMS, CKA_EC_POINT, CKA_ENCRYPT,
    CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_MODULUS,
    CKA_PRIME_1, CKA_PRIME_2, CKA_PRIVATE, CKA_PRIVATE_EXPONENT, CKA_PUBLIC_EXPONENT,
    CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN, CKA_VALUE, CKA_VERIFY, CKF_RW_SESSION, CKF_SERIAL_SESSION,
    CKF_TOKEN_INITIALIZED, CKK_AES, CKK_EC, CKK_GENERIC_SECRET, CKK_RSA, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKU_SO, PyKCS11Lib,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

P256 = bytes.fromhex("06082a8648ce3d030107")
PIECE = 16


def big(number):
    """A number as PKCS#11 has it."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def spki(key):
    """The public half of a private key, in DER."""
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def store(session, label, cls, kind, private, attributes):
    """One token object. What is private is sensitive, and may leave."""
    guards = [(CKA_SENSITIVE, True), (CKA_EXTRACTABLE, True)] if private else []
    session.createObject([
        (CKA_CLASS, cls), (CKA_KEY_TYPE, kind), (CKA_TOKEN, True), (CKA_PRIVATE, private),
        (CKA_LABEL, label), (CKA_ID, label.encode()), *guards, *attributes])


def store_secret(session, label, kind, value, use):
    """A secret key with this value."""
    store(session, label, CKO_SECRET_KEY, kind, True, [(CKA_VALUE, value), *use])
    return {"secret": {"value": value.hex()}}


def store_rsa(session, label):
    """An RSA pair."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    n = key.private_numbers()
    public = [(CKA_MODULUS, big(n.public_numbers.n)), (CKA_PUBLIC_EXPONENT, b"\1\0\1")]
    parts = {CKA_PRIVATE_EXPONENT: n.d, CKA_PRIME_1: n.p, CKA_PRIME_2: n.q,
             CKA_EXPONENT_1: n.dmp1, CKA_EXPONENT_2: n.dmq1, CKA_COEFFICIENT: n.iqmp}
    store(session, label, CKO_PUBLIC_KEY, CKK_RSA, False, [*public, (CKA_VERIFY, True)])
    store(session, label, CKO_PRIVATE_KEY, CKK_RSA, True,
          [*public, *((a, big(part)) for a, part in parts.items()), (CKA_SIGN, True)])
    return {"secret": {name: big(part).hex() for name, part in zip("dpqeiu", parts.values())},
            "public": {"modulus": big(n.public_numbers.n).hex(), "spki": spki(key).hex()}}


def store_ec(session, label):
    """A pair on P-256; CKA_EC_POINT is the point in an OCTET STRING."""
    key = ec.generate_private_key(ec.SECP256R1())
    value = key.private_numbers().private_value.to_bytes(32, "big")
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    store(session, label, CKO_PUBLIC_KEY, CKK_EC, False,
          [(CKA_EC_PARAMS, P256), (CKA_EC_POINT, b"\x04\x41" + point), (CKA_VERIFY, True)])
    store(session, label, CKO_PRIVATE_KEY, CKK_EC, True,
          [(CKA_EC_PARAMS, P256), (CKA_VALUE, value), (CKA_SIGN, True)])
    return {"secret": {"value": value.hex()},
            "public": {"point": point.hex(), "spki": spki(key).hex()}}


def make(module, label, pin_file, path=None):
    """The token and, where their values shall be kept, four keys."""
    with open(pin_file, encoding="ascii") as file:
        pin = file.read().strip()
    lib = PyKCS11Lib()
    lib.load(module)
    blank = next(s for s in lib.getSlotList(tokenPresent=True)
                 if not lib.getTokenInfo(s).flags & CKF_TOKEN_INITIALIZED)
    lib.initToken(blank, "so-pin", label.ljust(32))
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.strip() == label)
    session = lib.openSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    session.login("so-pin", CKU_SO)
    session.initPin(pin)
    session.logout()
    if not path:
        return
    session.login(pin)
    cipher = [(CKA_ENCRYPT, True), (CKA_DECRYPT, True)]
    password = base64.b64encode(os.urandom(12))[:13]
    known = {
        "aes": store_secret(session, "aes", CKK_AES, os.urandom(32), cipher),
        "ec": store_ec(session, "ec"),
        "password": store_secret(session, "password", CKK_GENERIC_SECRET, password, []),
        "rsa": store_rsa(session, "rsa"),
    }
    with open(path, "w", encoding="ascii") as file:
        json.dump(known, file)


def base64_forms(piece):
    """How a piece shows inside of base64, wherever it begins in what was encoded."""
    for before, skip in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(piece)) * 8 // 6
        yield base64.b64encode(b"\0" * before + piece)[skip:whole]


def forms(piece):
    """A piece as it may be written down."""
    yield from (piece, piece[::-1], piece.hex().encode(), piece.hex().upper().encode())
    yield from base64_forms(piece)


def pieces(value):
    """A value in halves and quarters: each run of 16 bytes; a shorter one whole."""
    return [value[at:at + PIECE] for at in range(0, max(len(value) - PIECE, 0) + 1, PIECE)]


def hits(data, value):
    """How often a piece of a value is in data, in any form."""
    return sum(data.count(form) for piece in pieces(value) for form in forms(piece))


class Known:
    """The keys of one file: by label their secret and public parts, each by its name."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            self.keys = json.load(file)

    def parts(self, label, which):
        """(name, value) of each secret or public part of a key."""
        return [(name, bytes.fromhex(value))
                for name, value in self.keys[label].get(which, {}).items()]

    def value(self, label):
        """The value of a secret key."""
        return dict(self.parts(label, "secret"))["value"]

    def public(self, label):
        """The public half of a key pair, in DER."""
        return dict(self.parts(label, "public"))["spki"]

    def spki_sha256(self, label):
        """Its digest."""
        return hashlib.sha256(self.public(label)).digest()


if __name__ == "__main__":
    make(*sys.argv[1:])
