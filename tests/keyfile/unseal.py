# SPDX-License-Identifier: Apache-2.0
"""Opens a file of hsmferry seal --for rsa-aes as a key service does, and compares its key.

    unseal.py WRAPPING-KEY KEY FILE    the first two are private keys in PEM"""

import sys

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def key_of(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


wrapping, key = key_of(sys.argv[1]), key_of(sys.argv[2])
with open(sys.argv[3], "rb") as sealed:
    blob = sealed.read()
modulus = wrapping.key_size // 8
aes = wrapping.decrypt(blob[:modulus],
                       padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None))
found = serialization.load_der_private_key(keywrap.aes_key_unwrap_with_padding(aes, blob[modulus:]), None)
sys.exit(found.private_numbers() != key.private_numbers())
