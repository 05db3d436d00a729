# SPDX-License-Identifier: Apache-2.0
"""A ceremony in two rooms whose source is a key file: the host that holds it needs no HSM.

    rooms.py FOLDER HSMFERRY

Prints one line for each case."""

import json
import os
import subprocess
import sys

PAIRS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pairs")
sys.path.insert(0, PAIRS)

import rooms
import sides
from outside import case  # found by the path that rooms.py adds


class Keyfile:
    """A PEM file with an RSA and an EC key."""

    environment = []

    def __init__(self, folder):
        self.path = f"{folder}/keys.pem"
        os.makedirs(folder)

    def fill(self, _):
        """Writes the keys, for this user alone."""
        keys = b"".join(subprocess.run(["openssl", "genpkey", *words], check=True, stderr=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE).stdout for words in (
            ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
        with os.fdopen(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
            file.write(keys)

    def lines(self, side):
        """What the ceremony file says of it."""
        return f"{side}: {json.dumps({'api': 'openssl', 'module': self.path, 'token': 'pkcs11:'})}\n"


def main(folder, hsmferry):
    sides.SIDES["keyfile"] = Keyfile
    for order in ("strict", "one-bundle"):
        words = f"from a key file, {order}"
        at, hsms = rooms.make(f"{folder}/{order}", hsmferry, "keyfile:softhsm", order)
        receipt, told = rooms.carry(words, at["source"], at["destination"], order)
        if not receipt:
            continue
        rooms.visit(words, at["source"], "confirm", at["source"].take(receipt), typed=[told],
                    other=at["destination"])
        report = at["source"].report("confirm")
        outcomes = [key["outcome"] for key in report["keys"]] if report else []
        case(outcomes.count("migrated") >= 2 and set(outcomes) == {"migrated"},
             f"{words}: the source has judged every key", str(outcomes))
        case({"keys", "keys-2"} <= hsms["destination"].listed(), f"{words}: both keys are on the destination")


if __name__ == "__main__":
    main(*sys.argv[1:])
