# SPDX-License-Identifier: Apache-2.0
"""Moves secrets of every length from 1 to 128 bytes, and asks the destination for SHA-256 of what
arrived: it is that of the value, to the last zero, or the key stayed.

    lengths.py FOLDER HSMFERRY PLACE...

From the first PLACE to the second, from there to the third, and so on: softhsm or nss. SoftHSM does
not know how long a secret is that it unwrapped, so its second journey is another one."""

import hashlib
import os
import sys

from matrix import name_of, run_ceremony
from sides import SIDES, Softhsm, Softoken

from outside import case

MOST = 128
# Half of them end in zeros, which padding could not be told from.
VALUES = {f"secret{n:03}": os.urandom(n // 2) + (b"\0" if n % 4 < 2 else b"\1") * (n - n // 2)
          for n in range(1, MOST + 1)}


def spec(number, label):
    """The secret as tokens.py is told of it. All may leave again."""
    return f"generic:{label}:id={number:02x}:value={VALUES[label].hex()}"


def digests(side):
    """SHA-256 of what is there, by label."""
    if isinstance(side, Softoken):
        side.hand = Softoken.hand.__get__(side)
    found = side.work([("digest", label, "", "") for label in VALUES])
    return dict(zip(VALUES, found))


def journey(words, source, destination, known, folder, hsmferry):
    """One ceremony. Does the source know the lengths?"""
    os.mkdir(folder)
    code, report = run_ceremony(source, destination, False, folder, hsmferry,
                                "  extractable: yes\n")
    case(code == 0 and report, f"{words}: the ceremony ends with 0", f"with {code}")
    if not report:
        with open(f"{folder}/log", encoding="utf-8") as log:
            print("# " + log.read()[-3000:].replace("\n", "\n# "))
        return
    migrated = {name_of(key) for key in report["keys"] if key["outcome"] == "migrated"}
    case(migrated == set(VALUES), f"{words}: all {MOST} lengths arrived",
         str(set(VALUES) - migrated))
    plans = {key["plan"] for key in report["keys"]}
    unknown = "directly under the transport key: its length is not known, this keeps it up to"
    case(all(plan.startswith(unknown) != known for plan in plans),
         f"{words}: {'no' if known else 'each'} secret goes so because its length is not known",
         str(plans))
    there = digests(destination)
    wrong = [label for label in migrated
             if there[label] != hashlib.sha256(VALUES[label]).digest()]
    case(not wrong, f"{words}: each is exact to its last byte", str(wrong))
    case(there["secret013"] != hashlib.sha256(VALUES["secret013"] + b"\0" * 3).digest(),
         f"{words}: control: a padded one would have another digest")


def main(folder, hsmferry, *places):
    """As above."""
    os.umask(0o077)
    sides = [SIDES[kind](f"{folder}/{number}-{kind}") for number, kind in enumerate(places)]
    sides[0].fill([spec(number, label) for number, label in enumerate(VALUES, 1)])
    for number, (source, destination) in enumerate(zip(sides, sides[1:]), 1):
        words = f"journey {number}, {places[number - 1]} to {places[number]}"
        known = number == 1 or not isinstance(source, Softhsm)
        journey(words, source, destination, known, f"{folder}/journey{number}", hsmferry)


if __name__ == "__main__":
    main(*sys.argv[1:])
