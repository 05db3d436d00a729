# SPDX-License-Identifier: Apache-2.0
"""Signs standard input as an application with OpenSSL does that has a PKCS#11 token: libp11 finds the
certificate by its label, the private key by the certificate, and OpenSSL signs with it.

    PIN=... libp11_sign.py MODULE LABEL

Standard output is the signature. The libraries are called straight from Python."""

import ctypes as c
import os
import sys

P, UINT, SIZE = c.c_void_p, c.c_uint, c.c_size_t


class Slot(c.Structure):
    """PKCS11_SLOT of libp11.h."""
    _fields_ = [("manufacturer", c.c_char_p), ("description", c.c_char_p),
                ("removable", c.c_ubyte), ("token", P), ("private", P)]


class Cert(c.Structure):
    """PKCS11_CERT."""
    _fields_ = [("label", c.c_char_p), ("id", P), ("id_len", SIZE), ("x509", P), ("private", P)]


def function(library, name, result, *arguments):
    """A function of a library, with the types that its header has."""
    found = getattr(library, name)
    found.restype, found.argtypes = result, arguments
    return found


p11, crypto = c.CDLL("libp11.so.3"), c.CDLL("libcrypto.so.3")
new = function(p11, "PKCS11_CTX_new", P)
load = function(p11, "PKCS11_CTX_load", c.c_int, P, c.c_char_p)
slots = function(p11, "PKCS11_enumerate_slots", c.c_int, P, c.POINTER(P), c.POINTER(UINT))
find_token = function(p11, "PKCS11_find_token", c.POINTER(Slot), P, P, UINT)
login = function(p11, "PKCS11_login", c.c_int, P, c.c_int, c.c_char_p)
certificates = function(p11, "PKCS11_enumerate_certs", c.c_int, P, c.POINTER(c.POINTER(Cert)),
                        c.POINTER(UINT))
find_key = function(p11, "PKCS11_find_key", P, P)
private_key = function(p11, "PKCS11_get_private_key", P, P)
md_new = function(crypto, "EVP_MD_CTX_new", P)
sha256 = function(crypto, "EVP_sha256", P)
sign_init = function(crypto, "EVP_DigestSignInit", c.c_int, P, P, P, P, P)
sign = function(crypto, "EVP_DigestSign", c.c_int, P, c.c_char_p, c.POINTER(SIZE), c.c_char_p, SIZE)


def must(good, what):
    """Ends the program where a library refused."""
    if not good:
        sys.exit(what)
    return good


def main(module, label):
    """As above."""
    context, all_slots, count = must(new(), "libp11"), P(), UINT()
    must(load(context, module.encode()) == 0, "PKCS11_CTX_load")
    must(slots(context, c.byref(all_slots), c.byref(count)) == 0, "PKCS11_enumerate_slots")
    slot = must(find_token(context, all_slots, count), "PKCS11_find_token")
    must(login(slot, 0, os.environb[b"PIN"]) == 0, "PKCS11_login")
    found = c.POINTER(Cert)()
    must(certificates(slot.contents.token, c.byref(found), c.byref(count)) == 0, "certificates")
    ours = [found[i] for i in range(count.value) if found[i].label == label.encode()]
    must(len(ours) == 1, f"{len(ours)} certificates with this label")
    key = must(find_key(c.byref(ours[0])), "the certificate does not find its key")
    pkey = must(private_key(key), "PKCS11_get_private_key")
    text, out, size = sys.stdin.buffer.read(), c.create_string_buffer(1024), SIZE(1024)
    digest = md_new()
    must(sign_init(digest, None, sha256(), None, pkey) == 1, "EVP_DigestSignInit")
    must(sign(digest, out, c.byref(size), text, len(text)) == 1, "EVP_DigestSign")
    sys.stdout.buffer.write(out.raw[:size.value])


if __name__ == "__main__":
    main(*sys.argv[1:])
