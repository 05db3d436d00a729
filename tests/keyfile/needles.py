# SPDX-License-Identifier: Apache-2.0
"""The secret numbers of a private key in PEM: for leftovers, as it says; or as known.py has them.

    needles.py KEY...       prints them masked, one a line
    needles.py --known FILE LABEL=KEY...   writes the file of memory.py"""

import json
import sys

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MASK = 0x5A


def big(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def numbers(path):
    """The secret numbers of the key by name, and its public half in DER."""
    with open(path, "rb") as file:
        key = serialization.load_pem_private_key(file.read(), None)
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    n = key.private_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"d": big(n.d), "p": big(n.p), "q": big(n.q), "dp": big(n.dmp1), "dq": big(n.dmq1)}, spki
    return {"value": big(n.private_value)}, spki


def main(*words):
    if words[0] != "--known":
        for path in words:
            for value in numbers(path)[0].values():
                print(bytes(octet ^ MASK for octet in value).hex())
        return
    known = {}
    for word in words[2:]:
        label, _, path = word.partition("=")
        secret, spki = numbers(path)
        known[label] = {"secret": {name: value.hex() for name, value in secret.items()},
                        "public": {"spki": spki.hex()}}
    with open(words[1], "w", encoding="ascii") as file:
        json.dump(known, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
