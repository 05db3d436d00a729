# SPDX-License-Identifier: Apache-2.0
"""A token looked at by ctypes alone: one PKCS#11 module, whatever it is, and none of our code.

Token(MODULE, LABEL, PIN, PARAMETERS) opens one; PARAMETERS are for NSS's module. SoftHSM reads
SOFTHSM2_CONF when a token is opened, so one process may look at many."""

import ctypes
import hashlib
import struct

WORD, BYTE = ctypes.c_ulong, ctypes.c_ubyte
VERSION_SIZE, GET_FUNCTION_LIST = 8, "C_GetFunctionList"
# Where a function stands in the list (PKCS#11 v2.40, section 6.1).
FUNCTIONS = {
    "Initialize": 0, "Finalize": 1, "GetSlotList": 4, "GetTokenInfo": 6, "OpenSession": 12,
    "Login": 18, "CreateObject": 20, "DestroyObject": 22, "GetAttributeValue": 24,
    "FindObjectsInit": 26, "FindObjects": 27, "FindObjectsFinal": 28, "EncryptInit": 29,
    "Encrypt": 30, "DigestInit": 37, "DigestKey": 40, "DigestFinal": 41, "SignInit": 42,
    "Sign": 43, "GenerateKeyPair": 59,
}
CKU_USER, SESSION_FLAGS, TOKEN_INITIALIZED = 1, 0x6, 0x400
CKM_SHA256, CKM_AES_ECB, CKM_ECDSA, CKM_EC_KEY_PAIR_GEN = 0x250, 0x1081, 0x1041, 0x1040
CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY = 2, 3, 4
CKK_EC, CKK_GENERIC_SECRET, CKK_AES = 0x3, 0x10, 0x1F
P256 = bytes.fromhex("06082a8648ce3d030107")
ATTRIBUTES = {
    "class": 0x0, "token": 0x1, "private": 0x2, "label": 0x3, "value": 0x11, "key-type": 0x100,
    "id": 0x102, "sensitive": 0x103, "encrypt": 0x104, "decrypt": 0x105, "wrap": 0x106,
    "unwrap": 0x107, "sign": 0x108, "sign-recover": 0x109, "verify": 0x10A,
    "verify-recover": 0x10B, "derive": 0x10C, "start-date": 0x110, "end-date": 0x111,
    "modulus": 0x120, "public-exponent": 0x122, "value-len": 0x161, "extractable": 0x162,
    "local": 0x163, "never-extractable": 0x164, "always-sensitive": 0x165, "modifiable": 0x170,
    "ec-params": 0x180, "ec-point": 0x181, "always-authenticate": 0x202, "subject": 0x101,
    "wrap-with-trusted": 0x210, "trusted": 0x86, "allowed-mechanisms": 0x40000600,
}
UNAVAILABLE = WORD(-1).value


class Attribute(ctypes.Structure):
    """CK_ATTRIBUTE."""
    _fields_ = [("type", WORD), ("value", ctypes.c_void_p), ("len", WORD)]


class Mechanism(ctypes.Structure):
    """CK_MECHANISM."""
    _fields_ = [("number", WORD), ("parameter", ctypes.c_void_p), ("len", WORD)]


class InitArgs(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS as NSS has it: with a string of its own."""
    _fields_ = [("mutexes", ctypes.c_void_p * 4), ("flags", WORD), ("parameters", ctypes.c_char_p),
                ("reserved", ctypes.c_void_p)]


class Failed(Exception):
    """A call failed: its name and its CK_RV."""


def as_bytes(value):
    """An attribute's value as PKCS#11 has it."""
    if isinstance(value, bool):
        return bytes([value])
    return value if isinstance(value, bytes) else struct.pack("@L", value)


class Token:
    """The token with this label, and a session of the user on it."""

    def __init__(self, module, label, pin, parameters=None):
        get = getattr(ctypes.CDLL(module), GET_FUNCTION_LIST)
        table = ctypes.c_void_p()
        if get(ctypes.byref(table)) != 0:
            raise Failed(GET_FUNCTION_LIST)
        self.table = table.value
        args = InitArgs(flags=2, parameters=parameters.encode() if parameters else None)
        self.call("Initialize", ctypes.byref(args) if parameters else None)
        try:
            session = WORD()
            self.call("OpenSession", WORD(self.slot(label)), WORD(SESSION_FLAGS), None, None,
                      ctypes.byref(session))
            self.session = session
            self.call("Login", session, WORD(CKU_USER), pin.encode(), WORD(len(pin)))
        except Failed:
            self.close()
            raise

    def close(self):
        """Nothing of it stays."""
        self.call("Finalize", None)

    def call(self, name, *arguments):
        """One function of the module."""
        at = self.table + VERSION_SIZE + FUNCTIONS[name] * ctypes.sizeof(ctypes.c_void_p)
        function = ctypes.CFUNCTYPE(WORD)(ctypes.c_void_p.from_address(at).value)
        function.argtypes = None
        rv = function(*arguments)
        if rv != 0:
            raise Failed(name, hex(rv))

    def slot(self, label):
        """The slot of the token with this label."""
        slots, count = (WORD * 16)(), WORD(16)
        self.call("GetSlotList", BYTE(1), slots, ctypes.byref(count))
        for slot in slots[:count.value]:
            info = ctypes.create_string_buffer(512)
            self.call("GetTokenInfo", WORD(slot), info)
            if info.raw[:32].rstrip(b" \0") == label.encode():
                return slot
        raise Failed("no token", label)

    def template(self, attributes):
        """Attributes to be given, and what keeps them alive."""
        kept = [ctypes.create_string_buffer(as_bytes(v), len(as_bytes(v)))
                for v in attributes.values()]
        array = (Attribute * len(kept))(*(
            Attribute(ATTRIBUTES.get(name, name), ctypes.cast(b, ctypes.c_void_p), len(b))
            for name, b in zip(attributes, kept)))
        return array, WORD(len(kept)), kept

    def create(self, **attributes):
        """A new object."""
        array, count, _ = self.template({k.replace("_", "-"): v for k, v in attributes.items()})
        self.call("CreateObject", self.session, array, count, ctypes.byref(WORD()))

    def create_ec(self, public, private):
        """A pair on P-256."""
        first, count, _ = self.template({"ec-params": P256, **public})
        second, number, _ = self.template(private)
        mechanism = Mechanism(CKM_EC_KEY_PAIR_GEN)
        self.call("GenerateKeyPair", self.session, ctypes.byref(mechanism), first, count, second,
                  number, ctypes.byref(WORD()), ctypes.byref(WORD()))

    def destroy(self, handle):
        """An object."""
        self.call("DestroyObject", self.session, handle)

    def handles(self):
        """All objects, also half ones."""
        found, count, handles = (WORD * 64)(), WORD(), []
        self.call("FindObjectsInit", self.session, None, WORD(0))
        while True:
            self.call("FindObjects", self.session, found, WORD(64), ctypes.byref(count))
            handles += found[:count.value]
            if count.value < 64:
                break
        self.call("FindObjectsFinal", self.session)
        return handles

    def attribute(self, handle, number):
        """One attribute; None: it has none. What may not be told is "kept"."""
        one = Attribute(number, None, 0)
        try:
            self.call("GetAttributeValue", self.session, WORD(handle), ctypes.byref(one), WORD(1))
        except Failed as failed:
            return "kept" if failed.args[1] == "0x11" else None
        if one.len == UNAVAILABLE:
            return None
        buffer = ctypes.create_string_buffer(max(one.len, 1))
        one.value = ctypes.cast(buffer, ctypes.c_void_p)
        self.call("GetAttributeValue", self.session, WORD(handle), ctypes.byref(one), WORD(1))
        return buffer.raw[:one.len].hex()

    def objects(self):
        """All objects: for each its handle and every attribute that it tells."""
        return {handle: {name: value for name, number in ATTRIBUTES.items()
                         if (value := self.attribute(handle, number)) is not None}
                for handle in self.handles()}

    def answer(self, begin, end, handle, mechanism, data):
        """Data under a key."""
        out, size = ctypes.create_string_buffer(512), WORD(512)
        self.call(begin, self.session, ctypes.byref(Mechanism(mechanism)), WORD(handle))
        self.call(end, self.session, data, WORD(len(data)), out, ctypes.byref(size))
        return out.raw[:size.value]

    def encrypt(self, handle, block):
        """A block under an AES key."""
        return self.answer("EncryptInit", "Encrypt", handle, CKM_AES_ECB, block)

    def sign(self, handle, data):
        """ECDSA over SHA-256."""
        return self.answer("SignInit", "Sign", handle, CKM_ECDSA, hashlib.sha256(data).digest())

    def digest(self, handle):
        """SHA-256 of a secret's value."""
        out, size = ctypes.create_string_buffer(64), WORD(64)
        self.call("DigestInit", self.session, ctypes.byref(Mechanism(CKM_SHA256)))
        self.call("DigestKey", self.session, WORD(handle))
        self.call("DigestFinal", self.session, out, ctypes.byref(size))
        return out.raw[:size.value]
