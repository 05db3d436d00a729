# SPDX-License-Identifier: Apache-2.0
"""halves.py MODULE TOKEN: fills a token as the lines on standard input say, through PyKCS11.

key FILE LABEL ID USES    the private key in FILE; USES: sign, derive, decrypt, stays (not extractable)
public FILE LABEL ID      its public key
cert FILE LABEL ID        the certificate in FILE.crt
An ID of - is empty, as is a LABEL."""

import sys

import PyKCS11 as p11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (Encoding, PublicFormat,
                                                          load_pem_private_key)

USES = {"sign": p11.CKA_SIGN, "derive": p11.CKA_DERIVE, "decrypt": p11.CKA_DECRYPT}


def number(value):
    """A big number as PKCS#11 has it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def load(path):
    """The private key in a PEM file."""
    with open(path, "rb") as file:
        return load_pem_private_key(file.read(), None)


def named(label, key_id):
    """What names an object."""
    return [(p11.CKA_TOKEN, p11.CK_TRUE), (p11.CKA_LABEL, label.strip("-")),
            (p11.CKA_ID, b"" if key_id == "-" else bytes.fromhex(key_id))]


def parameters(path):
    """CKA_EC_PARAMS and the point, both in DER."""
    key = load(path)
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    oid = {"secp256r1": "06082a8648ce3d030107", "secp384r1": "06052b81040022",
           "secp521r1": "06052b81040023", "secp256k1": "06052b8104000a"}[key.curve.name]
    head = bytes([4, len(point)]) if len(point) < 128 else bytes([4, 129, len(point)])
    return bytes.fromhex(oid), head + point


def add_key(session, path, label, key_id, uses):
    """A private key by itself."""
    key, words = load(path), uses.split(",")
    template = named(label, key_id) + [
        (p11.CKA_CLASS, p11.CKO_PRIVATE_KEY), (p11.CKA_PRIVATE, p11.CK_TRUE),
        (p11.CKA_SENSITIVE, p11.CK_TRUE),
        (p11.CKA_EXTRACTABLE, p11.CK_FALSE if "stays" in words else p11.CK_TRUE)]
    template += [(use, p11.CK_TRUE if word in words else p11.CK_FALSE)
                 for word, use in USES.items()]
    n = key.private_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        template += [
            (p11.CKA_KEY_TYPE, p11.CKK_RSA), (p11.CKA_MODULUS, number(n.public_numbers.n)),
            (p11.CKA_PUBLIC_EXPONENT, number(n.public_numbers.e)),
            (p11.CKA_PRIVATE_EXPONENT, number(n.d)), (p11.CKA_PRIME_1, number(n.p)),
            (p11.CKA_PRIME_2, number(n.q)), (p11.CKA_EXPONENT_1, number(n.dmp1)),
            (p11.CKA_EXPONENT_2, number(n.dmq1)), (p11.CKA_COEFFICIENT, number(n.iqmp))]
    else:
        size = (key.key_size + 7) // 8
        template += [(p11.CKA_KEY_TYPE, p11.CKK_EC), (p11.CKA_EC_PARAMS, parameters(path)[0]),
                     (p11.CKA_VALUE, n.private_value.to_bytes(size, "big"))]
    session.createObject(template)


def add_public(session, path, label, key_id):
    """A public key."""
    key = load(path)
    template = named(label, key_id) + [
        (p11.CKA_CLASS, p11.CKO_PUBLIC_KEY), (p11.CKA_PRIVATE, p11.CK_FALSE),
        (p11.CKA_VERIFY, p11.CK_TRUE)]
    if isinstance(key, rsa.RSAPrivateKey):
        n = key.public_key().public_numbers()
        template += [(p11.CKA_KEY_TYPE, p11.CKK_RSA), (p11.CKA_MODULUS, number(n.n)),
                     (p11.CKA_PUBLIC_EXPONENT, number(n.e))]
    else:
        curve, point = parameters(path)
        template += [(p11.CKA_KEY_TYPE, p11.CKK_EC), (p11.CKA_EC_PARAMS, curve),
                     (p11.CKA_EC_POINT, point)]
    session.createObject(template)


def add_cert(session, path, label, key_id):
    """A certificate."""
    with open(path + ".crt", "rb") as file:
        x = x509.load_pem_x509_certificate(file.read())
    session.createObject(named(label, key_id) + [
        (p11.CKA_CLASS, p11.CKO_CERTIFICATE), (p11.CKA_CERTIFICATE_TYPE, p11.CKC_X_509),
        (p11.CKA_PRIVATE, p11.CK_FALSE), (p11.CKA_SUBJECT, x.subject.public_bytes()),
        (p11.CKA_VALUE, x.public_bytes(Encoding.DER))])


def main(module, token):
    """Carries out the lines."""
    lib = p11.PyKCS11Lib()
    lib.load(module)
    slot = next(s for s in lib.getSlotList(True)
                if lib.getTokenInfo(s).label.rstrip(" \0") == token)
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login("1234")
    for line in sys.stdin:
        what, *arguments = line.split()
        {"key": add_key, "public": add_public, "cert": add_cert}[what](session, *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
