# SPDX-License-Identifier: Apache-2.0
"""For hand.py: the keys of an NSS database through NSS's own API, as any application would use
them. Its libraries are called straight from Python; no code of ours is in between."""

import ctypes as c

SEC_OID_SHA256, SEC_OID_RSA_SHA256, SEC_OID_ECDSA_SHA256 = 191, 194, 278
CKM_AES_ECB, CKM_SHA256_HMAC, CKA_SIGN = 0x1081, 0x251, 0x108
EC_KEY = 6


class Item(c.Structure):
    """SECItem."""
    _fields_ = [("type", c.c_int), ("data", c.c_char_p), ("len", c.c_uint)]


def function(library, name, result, *arguments):
    """A function of a library, with the types that its header has."""
    found = getattr(library, name)
    found.restype, found.argtypes = result, arguments
    return found


P, UINT, ULONG = c.c_void_p, c.c_uint, c.c_ulong
nss, util = (c.CDLL(name) for name in ("libnss3.so", "libnssutil3.so"))
PasswordFunc = c.CFUNCTYPE(P, P, c.c_int, P)
initialize = function(nss, "NSS_Init", c.c_int, c.c_char_p)
set_password = function(nss, "PK11_SetPasswordFunc", None, PasswordFunc)
copy_string = function(util, "PORT_Strdup_Util", P, c.c_char_p)
key_slot = function(nss, "PK11_GetInternalKeySlot", P)
authenticate = function(nss, "PK11_Authenticate", c.c_int, P, c.c_int, P)
fixed_keys = function(nss, "PK11_ListFixedKeysInSlot", P, P, c.c_char_p, P)
key_length = function(nss, "PK11_GetKeyLength", UINT, P)
cipher_types = (c.c_int, P, ULONG, P, c.c_char_p, c.POINTER(UINT), UINT, c.c_char_p, UINT)
pk11_encrypt = function(nss, "PK11_Encrypt", *cipher_types)
pk11_decrypt = function(nss, "PK11_Decrypt", *cipher_types)
keyed_context = function(nss, "PK11_CreateContextBySymKey", P, ULONG, ULONG, P, c.POINTER(Item))
digest_context = function(nss, "PK11_CreateDigestContext", P, c.c_int)
digest_begin = function(nss, "PK11_DigestBegin", c.c_int, P)
digest_key = function(nss, "PK11_DigestKey", c.c_int, P, P)
digest_data = function(nss, "PK11_DigestOp", c.c_int, P, c.c_char_p, UINT)
digest_end = function(nss, "PK11_DigestFinal", c.c_int, P, c.c_char_p, c.POINTER(UINT), UINT)
key_by_id = function(nss, "PK11_FindKeyByKeyID", P, P, c.POINTER(Item), P)
key_type = function(nss, "SECKEY_GetPrivateKeyType", c.c_int, P)
public_of = function(nss, "SECKEY_ConvertToPublicKey", P, P)
encode_public = function(nss, "SECKEY_EncodeDERSubjectPublicKeyInfo", c.POINTER(Item), P)
sign_data = function(nss, "SEC_SignData", c.c_int, c.POINTER(Item), c.c_char_p, c.c_int, P, c.c_int)
last_error = function(util, "PORT_GetError_Util", c.c_int)


def must(good, what):
    """Ends in an exception where NSS refused."""
    if not good:
        raise RuntimeError(f"{what}: {last_error()}")
    return good


def taken(item):
    """The bytes of an item that NSS filled."""
    return c.string_at(c.cast(c.addressof(item) + Item.data.offset, c.POINTER(P))[0], item.len)


class Hand:
    """An open database, the user let in. Its keys have different labels and ids."""

    def __init__(self, pin, folder):
        # NSS keeps the pointer to this, and frees what it returns.
        self.password = PasswordFunc(
            lambda slot, again, _: 0 if again else copy_string(pin.encode()))
        must(initialize(f"sql:{folder}".encode()) == 0, "NSS_Init")
        set_password(self.password)
        self.slot = must(key_slot(), "PK11_GetInternalKeySlot")
        must(authenticate(self.slot, 1, None) == 0, "PK11_Authenticate")

    def secret(self, label):
        """The secret key with this label."""
        return must(fixed_keys(self.slot, label.encode(), None), "PK11_ListFixedKeysInSlot")

    def private(self, key_id):
        """The private key with this id."""
        item = Item(0, key_id, len(key_id))
        return must(key_by_id(self.slot, c.byref(item), None), "PK11_FindKeyByKeyID")

    def cipher(self, how, label, data):
        """AES in ECB mode, one block."""
        out, size = c.create_string_buffer(64), UINT()
        must(how(self.secret(label), CKM_AES_ECB, None, out, c.byref(size), 64, data,
                 len(data)) == 0, "AES")
        return out.raw[:size.value]

    def encrypt(self, label, _, data):
        """One block."""
        return self.cipher(pk11_encrypt, label, data)

    def decrypt(self, label, _, data):
        """The other way."""
        return self.cipher(pk11_decrypt, label, data)

    @staticmethod
    def finish(context):
        """What a context has come to."""
        out, size = c.create_string_buffer(64), UINT()
        must(digest_end(context, out, c.byref(size), 64) == 0, "PK11_DigestFinal")
        return out.raw[:size.value]

    def mac(self, label, _, data):
        """HMAC-SHA-256."""
        context = must(keyed_context(CKM_SHA256_HMAC, CKA_SIGN, self.secret(label),
                                     c.byref(Item(0, None, 0))), "PK11_CreateContextBySymKey")
        must(digest_begin(context) == 0, "PK11_DigestBegin")
        must(digest_data(context, data, len(data)) == 0, "PK11_DigestOp")
        return self.finish(context)

    def digest(self, label, *_):
        """SHA-256 of the value; NSS refuses that for long ones."""
        context = must(digest_context(SEC_OID_SHA256), "PK11_CreateDigestContext")
        must(digest_begin(context) == 0, "PK11_DigestBegin")
        must(digest_key(context, self.secret(label)) == 0, "PK11_DigestKey")
        return self.finish(context)

    def length(self, label, *_):
        """In bytes."""
        return bytes([key_length(self.secret(label))])

    def public(self, _, key_id, __):
        """SubjectPublicKeyInfo."""
        key = must(public_of(self.private(key_id)), "SECKEY_ConvertToPublicKey")
        return taken(must(encode_public(key), "SECKEY_EncodeDERSubjectPublicKeyInfo").contents)

    def sign(self, _, key_id, data):
        """RSA PKCS #1 v1.5 or ECDSA with SHA-256."""
        key, out = self.private(key_id), Item(0, None, 0)
        how = SEC_OID_ECDSA_SHA256 if key_type(key) == EC_KEY else SEC_OID_RSA_SHA256
        must(sign_data(c.byref(out), data, len(data), key, how) == 0, "SEC_SignData")
        return taken(out)
