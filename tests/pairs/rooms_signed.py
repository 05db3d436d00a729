# SPDX-License-Identifier: Apache-2.0
"""Files that are signed by keys that the ceremony file names by their fingerprints: nobody types
words, and a file without such a signature is refused.

    rooms_signed.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION. Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import hashlib
import os
import shutil
import sys

import rooms
from matrix import Original, spec
from rooms import case, make, outcomes, visit
from rooms_refused import changed, refused

ORDER = "one-bundle"
MOVED, SIGNERS = "ec256", {"source": "rsa2048", "destination": "ec384"}


def fingerprint(side, label):
    """Of the public half of a key, read by a tool that is not ours."""
    return hashlib.sha256(Original(side, [label]).did["public", label]).hexdigest()


def name_signers(both, sides):
    """The same ceremony file in both rooms, with the keys that sign."""
    sides["destination"].fill([spec(SIGNERS["destination"])])
    signers = "".join(f"    - {{side: {name}, sha256: {fingerprint(sides[name], SIGNERS[name])}}}\n"
                      for name in SIGNERS)
    with open(both["source"].ceremony, encoding="utf-8") as file:
        text = file.read()
    for room in both.values():
        room.write(text.replace(f"  order: {ORDER}\n", f"  order: {ORDER}\n  signers:\n{signers}")
                   .replace("pkcs11:object=*", f"pkcs11:object={MOVED}"))
    return text


def carry(room, path, *endings):
    """A copy of a file, and of what is next to it."""
    for ending in endings:
        room.take(path + ending)
    return room.take(path)


def is_signed(path):
    """By openssl, which knows nothing of us."""
    return rooms.subprocess.run(["openssl", "dgst", "-sha256", "-verify", f"{path}.pub.pem",
                                 "-signature", f"{path}.sig", path], check=False,
                                stdout=rooms.subprocess.DEVNULL).returncode == 0


SIGNED = (".sig", ".pub.pem")


def try_refused(words, room, name, path, stranger, code_of):
    """Without a signature, by another key, of another file, changed afterwards."""
    bare = room.take(path)
    refused(f"{words}: without a signature", room, name, bare, code=77, sentence="has no signature")
    for ending in SIGNED:
        shutil.copy(stranger + ending, bare + ending)
    refused(f"{words}: signed by a key that is not named", room, name, bare, code=77,
            sentence="by no key that the ceremony file names")
    for ending in SIGNED:
        shutil.copy(path + ending, bare + ending)
    shutil.copy(stranger + ".sig", bare + ".sig")
    refused(f"{words}: the signature of another file", room, name, bare, code=65,
            sentence="signed another file")
    shutil.copy(path + ".sig", bare + ".sig")
    altered = changed(bare, code_of(bare))
    for ending in SIGNED:
        shutil.copy(path + ending, altered + ending)
    refused(f"{words}: changed after it was signed", room, name, altered, code=65, sentence="")


def middle(path):
    """Of the file."""
    return os.path.getsize(path) // 2


def try_pair(folder, hsmferry, pair):
    """All visits without a word, and what is refused on the way."""
    words = f"{pair}, signed"
    rooms.LABELS, rooms.SECRETS = [MOVED, SIGNERS["source"]], []
    both, sides = make(folder, hsmferry, pair, ORDER)
    source, destination = both["source"], both["destination"]
    unsigned = name_signers(both, sides)
    offer, _ = visit(words, destination, "offer", suffix="offer")
    if not offer:
        return
    case(is_signed(offer), f"{words}: openssl accepts the signature of the offer")
    bundle, _ = visit(words, source, "load", carry(source, offer, *SIGNED), suffix="bundle")
    if not bundle:
        return
    try_refused(f"{words}, bundle", destination, "accept", bundle, offer, middle)
    receipt, _ = visit(words, destination, "accept", carry(destination, bundle, *SIGNED),
                       suffix="receipt")
    if not receipt:
        return
    try_refused(f"{words}, receipt", source, "confirm", receipt, bundle, middle)
    visit(words, source, "confirm", carry(source, receipt, *SIGNED))
    case(outcomes(source.report("confirm")) == {MOVED: "migrated"},
         f"{words}: the source has judged the key", str(outcomes(source.report("confirm"))))
    # The control of those without a signature: a ceremony file that names no keys takes words.
    for room in both.values():
        room.write(unsigned)
    offer, say = visit(f"{words}, control", destination, "offer", suffix="offer")
    case(not glob.glob(f"{offer}.sig"), f"{words}, control: nothing is signed")
    visit(f"{words}, control", source, "load", source.take(offer), typed=[say], suffix="bundle")


def main(folder, hsmferry, *pairs):
    """As above."""
    os.umask(0o077)
    for number, pair in enumerate(pairs):
        try_pair(f"{folder}/{number}", hsmferry, pair)


if __name__ == "__main__":
    main(*sys.argv[1:])
