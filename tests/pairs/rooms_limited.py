# SPDX-License-Identifier: Apache-2.0
"""Ceremonies in two rooms with an HSM that can do less: one that wraps by CKM_RSA_AES_KEY_WRAP alone,
and opencryptoki's soft token, which has no AES-GCM. What needs sealed evidence is refused in clear
words, or arrives unproven after the officer's word.

    rooms_limited.py FOLDER HSMFERRY PAIR...

Prints one line for each case, "ok - words" or "not ok - words"."""

import json
import os
import sys

import matrix
import rooms
from matrix import Copies, Original
from rooms import WAIVER, make, outcomes, visit
from sides import SIDES
from outside import case

WEAK = "secret32"
# The keys of the source, and those that cannot be carried to or from such an HSM.
KEYS = {"softhsm:oneblob": (["aes128", "rsa2048", "ec256"], []),
        "oneblob:softhsm": (["aes128", "rsa2048", "ec256"], []),
        "softhsm:opencryptoki": (["aes128", "aes256", "rsa2048"], ["rsa2048"]),
        "opencryptoki:softhsm": (["aes128", "aes256", "rsa2048"], ["rsa2048"])}
DIALECT = """name: one-blob
title: CKM_RSA_AES_KEY_WRAP alone
status: tried
sources: [tests/modules/one_blob.c]
recognised:
  - {manufacturer: "SoftHSM*"}
algorithms:
  rsa-aes-sha1:
    - {mechanism: CKM_RSA_AES_KEY_WRAP, number: "0x1054", parameters: rsa-aes}
template:
  value-length: refused
  omit: [derive-template]
"""


class OneBlob(SIDES["softhsm"]):
    """SoftHSM behind a module that has this mechanism alone."""

    def lines(self, side):
        with open(f"{self.folder}/one-blob.yaml", "w", encoding="utf-8") as file:
            file.write(DIALECT)
        name, _, text = super().lines(side).partition(": ")
        where = json.loads(text)
        where |= {"dialect": f"{self.folder}/one-blob.yaml", "environment-trusted": "yes"}
        where["module"] = os.environ["abs_top_builddir"] + "/tests/modules/one_blob.so"
        where["environment"] += [f"ONE_BLOB_MODULE={self.module}", "ONE_BLOB_HARM="]
        return f"{name}: {json.dumps(where)}\n"


SIDES["oneblob"] = OneBlob


def try_pair(folder, hsmferry, pair):
    """Without the waiver and with it."""
    labels, stay = KEYS[pair]
    policy = "  rsa-bits: 2048\n"
    for waiver in False, True:
        words = f"{pair}, {'waiver' if waiver else 'no waiver'}"
        both, sides = make(f"{folder}/{waiver}", hsmferry, pair, "one-bundle", labels=labels,
                           policy=policy + "  unproven: waiver\n" * waiver, weak=[WEAK])
        source, destination = both["source"], both["destination"]
        moved = [label for label in labels if label not in stay]
        original = Original(sides["source"], moved)
        offer, say = visit(words, destination, "offer", suffix="offer", other=source)
        if not offer:
            continue
        bundle, told = visit(words, source, "load", source.take(offer), suffix="bundle",
                             typed=[say] + [WAIVER] * waiver, other=destination)
        report = source.report("load")
        reasons = {key["label"]: key.get("reason", "") for key in report["keys"]} if report else {}
        case(outcomes(report) == {label: "refused" for label in stay}
             | {label: "bundled" for label in moved} | {WEAK: "bundled" if waiver else "refused"},
             f"{words}: what is in the bundle", f"{outcomes(report)} {reasons}")
        case(waiver or "it cannot be encrypted: " in reasons.get(WEAK, ""),
             f"{words}: the secret is refused, and the words say why", str(reasons))
        if not bundle:
            continue
        receipt, said = visit(words, destination, "accept", destination.take(bundle), typed=[told],
                              suffix="receipt", other=source)
        accepted = outcomes(destination.report("accept"))
        case(accepted == {label: "migrated" for label in moved} | ({WEAK: "unproven"} if waiver else {}),
             f"{words}: what has arrived", str(accepted))
        copies = Copies(sides["destination"], original, moved, folder)
        for label in moved:
            case(copies.works(label), f"{words}: {label} works in another program like the original")
        if receipt:
            visit(words, source, "confirm", source.take(receipt), typed=[said], other=destination,
                  code=3 if waiver else 0)


def main(folder, hsmferry, *pairs):
    """As above."""
    os.umask(0o077)
    for pair in pairs:
        try_pair(f"{folder}/{pair.replace(':', '-')}", hsmferry, pair)


if __name__ == "__main__":
    main(*sys.argv[1:])
