# SPDX-License-Identifier: Apache-2.0
"""For hand.py: the keys of a PKCS#11 token, through PyKCS11."""

import ctypes
import hashlib
import json
import os
import struct
import sys

from PyKCS11 import (
    CKA_ALLOWED_MECHANISMS, CKA_CLASS, CKA_END_DATE, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE,
    CKA_PRIVATE, CKA_SENSITIVE, CKA_START_DATE, CKA_SUBJECT, CKA_TOKEN, CKA_UNWRAP_TEMPLATE,
    CKA_VALUE_LEN, CKA_WRAP_TEMPLATE, CKK_AES, CKK_RSA, CKM_AES_ECB, CKM_AES_KEY_WRAP, CKM_ECDSA,
    CKM_RSA_PKCS, CKO_SECRET_KEY, CK_FALSE, CK_TRUE, Mechanism, PyKCS11Error, PyKCS11Lib,
)
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import utils

for place in ("softhsm", "faults"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", place))
from outside import FLAGS, USES, Token, public_key
from raw import FUNCTIONS, Attribute, InitArgs
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
TEMPLATES = {"wrap template": CKA_WRAP_TEMPLATE, "unwrap template": CKA_UNWRAP_TEMPLATE}
# How the report shows what may stand in one: by number, or number and bytes.
WORDS = {number: name for name, number in (FLAGS | SETTABLE | RARE).items()} | {
    (CKA_CLASS, struct.pack("@L", CKO_SECRET_KEY)): "class=secret",
    (CKA_KEY_TYPE, struct.pack("@L", CKK_AES)): "type=AES"}
YES = b"\1"


def function(module, name):
    """One of a module's functions; the version stands before them."""
    table = ctypes.POINTER(ctypes.c_void_p)()
    assert ctypes.CDLL(module).C_GetFunctionList(ctypes.byref(table)) == 0
    return ctypes.CFUNCTYPE(ctypes.c_ulong)(table[1 + FUNCTIONS[name]])


def load(module, parameters):
    """A module, started with parameters where there are some: PyKCS11 gives none, and takes a
    module as it finds it."""
    if parameters:
        arguments = InitArgs(flags=2, parameters=parameters.encode())
        assert function(module, "Initialize")(ctypes.byref(arguments)) == 0
    lib = PyKCS11Lib()
    lib.load(module)
    return lib


class Hand:
    """A token, the user let in. Its keys have different labels."""

    def __init__(self, pin, module, token, parameters=""):
        self.token = Token(load(module, parameters), token, pin)
        self.get_values = function(module, "GetAttributeValue")

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
        told |= {name: self.template(key, number) for name, number in TEMPLATES.items()}
        return json.dumps(told).encode()

    def template(self, key, number):
        """What it demands of other keys, in the report's words, in the order of the alphabet. NSS
        tells pointers of its own, which are not followed."""
        inner, buffers = (Attribute * 8)(), [ctypes.create_string_buffer(8) for _ in range(8)]
        whole = Attribute(number, ctypes.addressof(inner), ctypes.sizeof(inner))
        for values in (False, True):
            for one, buffer in zip(inner, buffers):
                one.value, one.len = (ctypes.addressof(buffer), 8) if values else (None, 0)
            if self.get_values(ctypes.c_ulong(self.token.session.session.value()),
                               ctypes.c_ulong(key.value()), ctypes.byref(whole),
                               ctypes.c_ulong(1)) != 0:
                return ""
        told = [(one.type, buffer.raw[:one.len])
                for one, buffer in zip(inner[:whole.len // ctypes.sizeof(Attribute)], buffers)
                if one.value == ctypes.addressof(buffer)]
        return " ".join(sorted(
            f"{WORDS[number]}={'yes' if raw == YES else 'no'}" if number in WORDS
            else WORDS.get((number, raw), "others") for number, raw in told))

    def wraps(self, label, *_):
        """A byte for a sensitive key and one for a readable key: does it encrypt them?"""
        session, done = self.token.session, []
        for sensitive in (CK_TRUE, CK_FALSE):
            other = session.generateKey([
                (CKA_TOKEN, CK_FALSE), (CKA_PRIVATE, CK_TRUE), (CKA_SENSITIVE, sensitive),
                (CKA_EXTRACTABLE, CK_TRUE), (CKA_VALUE_LEN, 32)])
            try:
                session.wrapKey(self.key(label), other, Mechanism(CKM_AES_KEY_WRAP))
                done.append(1)
            except PyKCS11Error:
                done.append(0)
        return bytes(done)

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
