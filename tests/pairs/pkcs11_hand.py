# SPDX-License-Identifier: Apache-2.0
"""For hand.py: the keys of a PKCS#11 token, through PyKCS11."""

import ctypes
import hashlib
import json
import os
import struct
import sys

from PyKCS11 import (
    CKA_ALLOWED_MECHANISMS, CKA_END_DATE, CKA_ID, CKA_KEY_TYPE, CKA_START_DATE, CKA_SUBJECT,
    CKA_VALUE_LEN, CKK_RSA, CKM_AES_ECB, CKM_ECDSA, CKM_RSA_PKCS, Mechanism, PyKCS11Error,
    PyKCS11Lib,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import utils

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "softhsm"))
from outside import FLAGS, USES, Token, public_key
from tokens import FLAGS as SETTABLE, RARE

RIGHTS = [*USES, "private", "sensitive", "extractable"]
# By the report's names: number, and how the report shows its bytes.
ATTRIBUTES = {
    name: (number, lambda raw: {b"\0": "no", b"\1": "yes"}.get(raw, ""))
    for name, number in (FLAGS | SETTABLE | RARE).items()
} | {
    "start date": (CKA_START_DATE, bytes.decode), "end date": (CKA_END_DATE, bytes.decode),
    "mechanisms": (CKA_ALLOWED_MECHANISMS, lambda raw: " ".join(
        hex(number) for number in sorted(struct.unpack(f"@{len(raw) // 8}L", raw)))),
    "subject": (CKA_SUBJECT, bytes.hex), "id": (CKA_ID, bytes.hex),
}
SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")


class Arguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS as NSS has it: with a string before the reserved pointer."""
    _fields_ = [("mutexes", ctypes.c_void_p * 4), ("flags", ctypes.c_ulong),
                ("parameters", ctypes.c_char_p), ("reserved", ctypes.c_void_p)]


def load(module, parameters):
    """A module, started with parameters where there are some: PyKCS11 gives none, and takes a
    module as it finds it."""
    if parameters:
        functions = ctypes.POINTER(ctypes.c_void_p)()
        assert ctypes.CDLL(module).C_GetFunctionList(ctypes.byref(functions)) == 0
        arguments = Arguments(flags=2, parameters=parameters.encode())
        initialize = ctypes.CFUNCTYPE(ctypes.c_ulong, ctypes.c_void_p)(functions[1])
        assert initialize(ctypes.addressof(arguments)) == 0
    lib = PyKCS11Lib()
    lib.load(module)
    return lib


class Hand:
    """A token, the user let in. Its keys have different labels."""

    def __init__(self, pin, module, token, parameters=""):
        self.token = Token(load(module, parameters), token, pin)

    def key(self, label):
        """The secret or private half."""
        return self.token.secret_half[label.encode()]

    def encrypt(self, label, _, data):
        """AES in ECB mode, one block."""
        return self.token.aes(self.key(label), data)

    def decrypt(self, label, _, data):
        """The other way."""
        return bytes(self.token.session.decrypt(self.key(label), data, Mechanism(CKM_AES_ECB)))

    def mac(self, label, _, data):
        """HMAC-SHA-256."""
        return self.token.hmac(self.key(label), data)

    def digest(self, label, *_):
        """SHA-256 of the value."""
        return self.token.digest(self.key(label))

    def length(self, label, *_):
        """In bytes; some tokens forget it when a key arrives."""
        length = self.token.get(self.key(label), CKA_VALUE_LEN)
        return bytes([length]) if length else None

    def flags(self, label, *_):
        """A byte for each of RIGHTS: 1, 0, or 255 where the token tells none."""
        told = [self.token.get(self.key(label), FLAGS[name]) for name in RIGHTS]
        return bytes(255 if flag is None else bool(flag) for flag in told)

    def attributes(self, label, *_):
        """What this token tells of ATTRIBUTES, in the report's words, as JSON."""
        key = self.key(label)
        told = {name: show(self.raw(key, number)) for name, (number, show) in ATTRIBUTES.items()}
        return json.dumps(told).encode()

    def raw(self, key, number):
        """An attribute's bytes; none where it is not told."""
        try:
            return self.token.raw(key, number)
        except PyKCS11Error:
            return b""

    def public(self, label, *_):
        """SubjectPublicKeyInfo."""
        return public_key(self.token, label.encode()).public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, label, _, data):
        """RSA PKCS #1 v1.5 or ECDSA with SHA-256, by the mechanisms that all tokens have."""
        key, digest = self.key(label), hashlib.sha256(data).digest()
        if self.token.get(key, CKA_KEY_TYPE) == CKK_RSA:
            return bytes(self.token.session.sign(key, SHA256_INFO + digest,
                                                 Mechanism(CKM_RSA_PKCS)))
        both = bytes(self.token.session.sign(key, digest, Mechanism(CKM_ECDSA)))
        numbers = [both[:len(both) // 2], both[len(both) // 2:]]
        return utils.encode_dss_signature(*(int.from_bytes(n, "big") for n in numbers))
