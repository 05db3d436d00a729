# SPDX-License-Identifier: Apache-2.0
"""Files that a visit must not take: each is refused with one sentence, before anything is unwrapped,
and each has a control that is taken.

    rooms_refused.py FOLDER HSMFERRY

Prints one line for each case, "ok - words" or "not ok - words"."""

import hashlib
import os
import re
import shutil
import subprocess
import sys

import rooms
from rooms import case, make, visit

ORDER = "one-bundle"
STEPS = ("decrypt the AES key", "make the AES key", "destroy the transport keys")


def refused(words, room, name, *files, typed=(), code, sentence, environment=None):
    """It ends with this code and says why, and nothing was unwrapped or encrypted."""
    ended, log = room.visit(name, *files, words=typed, environment=environment)
    flat = " ".join(log.split())
    case(ended == code and sentence in flat, f"{words}: refused, and it says why",
         f"{ended}\n{log}")
    case(" taken: " not in flat and not any(step in flat for step in STEPS),
         f"{words}: nothing was begun", log)


def stranger_of(folder, hsmferry, source, ceremony):
    """A room with the same ceremony file, and a token of its own with keys of the same names."""
    room = rooms.Room(f"{folder}/stranger", hsmferry)
    room.write(ceremony)
    token = f"{source.folder}/token"
    shutil.move(token, f"{token}.true")
    side = rooms.SIDES["softhsm"](token)
    side.fill([rooms.spec(label) for label in rooms.LABELS])
    return room, token


def offer_and_load(words, source, destination):
    """One offer, and the bundle for it."""
    offer, say = visit(words, destination, "offer", suffix="offer")
    bundle, told = visit(words, source, "load", source.take(offer), typed=[say], suffix="bundle")
    return offer, say, bundle, told


def changed(path, number):
    """A copy with one octet of another value."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    data[number] ^= 1
    with open(f"{path}.changed", "wb") as file:
        file.write(data)
    os.chmod(f"{path}.changed", 0o600)
    return f"{path}.changed"


def own_words(path):
    """The first 12 words of the SHA-256 of a file: what whoever wrote it can read out."""
    with open(os.path.join(rooms.HERE, "../../src/base/words.c"), encoding="ascii") as file:
        lists = [re.findall(r'"(\w+)"', part) for part in file.read().split("[256]")[1:]]
    with open(path, "rb") as file:
        octets = hashlib.sha256(file.read()).digest()[:12]
    return " ".join(lists[at % 2][octet] for at, octet in enumerate(octets))


def forged(path):
    """A receipt whose last answer is another one, under a manifest that fits."""
    with open(path, encoding="ascii") as file:
        body = file.read().split("manifest:")[0]
    at = [found.start(1) for found in re.finditer(r'    answer: "([A-Za-z0-9+/])', body)][-1]
    body = body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1:]
    text = body + f"manifest:\n  octets: {len(body)}\n" \
        f"  sha256: \"{hashlib.sha256(body.encode()).hexdigest()}\"\n"
    with open(f"{path}.forged", "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(f"{path}.forged", 0o600)
    return f"{path}.forged"


def main(folder, hsmferry):
    """As above."""
    os.umask(0o077)
    words = "two rooms"
    both, _ = make(f"{folder}/rooms", hsmferry, "softhsm:softhsm", ORDER)
    source, destination = both["source"], both["destination"]
    with open(source.ceremony, encoding="utf-8") as file:
        ceremony = file.read()
    offer, say, bundle, told = offer_and_load(words, source, destination)
    wrong = say  # of another file
    refused("the bundle's words are wrong twice", destination, "accept", bundle,
            typed=[wrong, wrong], code=77, sentence="words")
    refused("the offer is loaded a second time", source, "load", offer, code=77,
            sentence="this offer was loaded before")
    refused("a changed bundle", destination, "accept",
            changed(bundle, os.path.getsize(bundle) // 2), code=65, sentence="")
    refused("the offer in place of a bundle", destination, "accept", offer, code=65,
            sentence="was written in this room")
    refused("the bundle in place of an offer", source, "load", bundle, code=65,
            sentence="was written in this room")

    # Somebody who has the offer makes a bundle of planted keys.
    stranger, token = stranger_of(folder, hsmferry, source, ceremony)
    planted, planted_words = visit("the stranger", stranger, "load", stranger.take(offer),
                                   typed=[say], suffix="bundle")
    shutil.rmtree(token)
    shutil.move(f"{token}.true", token)
    refused("a stranger's bundle", destination, "accept", planted, typed=[told, told], code=77,
            sentence="words")

    # Another command on that token names the offer, and does not touch its pair: accept has it.
    done = subprocess.run([hsmferry, "probe", "--no-canary", destination.ceremony], check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    case("waits on this token until" in " ".join(done.stdout.split()),
         "probe names the open offer", done.stdout)
    done = subprocess.run([hsmferry, "probe", "--no-canary", source.ceremony], check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    case("waits on this token until" not in " ".join(done.stdout.split()),
         "control: without the offer's journal nothing is known of it", done.stdout)

    # A ceremony file with one more blank is another one.
    other = rooms.Room(f"{folder}/other", hsmferry)
    other.write(ceremony + "\n")
    shutil.copytree(destination.reports, other.reports)
    refused("another ceremony file", other, "accept", bundle, code=65,
            sentence="belongs to another ceremony file")
    lonely = rooms.Room(f"{folder}/lonely", hsmferry)
    lonely.write(ceremony)
    refused("a room without the offer's journal", lonely, "accept", bundle, code=77,
            sentence="the journal that the offer wrote is not in this report folder")

    # Another token of the same name.
    token = f"{destination.folder}/token"
    shutil.move(token, f"{token}.true")
    rooms.SIDES["softhsm"](token)
    refused("another device", destination, "accept", bundle, code=4,
            sentence="the offer was made on the token")
    shutil.rmtree(token)
    shutil.move(f"{token}.true", token)

    # A second migration at the same time: its bundle does not answer the first offer.
    offer_2, say_2 = visit("second offer", destination, "offer", suffix="offer")
    bundle_2, told_2 = visit("second offer", source, "load", source.take(offer_2), typed=[say_2],
                             suffix="bundle")
    for path, typed in ((bundle, told_2), (bundle_2, told)):
        refused("two bundles are swapped", destination, "accept", path, typed=[typed, typed],
                code=77, sentence="words")
    visit("second offer", destination, "withdraw", offer_2)
    refused("a bundle for an offer that was withdrawn", destination, "accept", bundle_2,
            typed=[told_2], code=4, sentence="private keys of this offer, not one")

    # The control of all of these: the true bundle, with its words.
    receipt, said = visit("control", destination, "accept", bundle, typed=[told],
                          suffix="receipt")
    refused("the bundle a second time", destination, "accept", bundle, typed=[told], code=77,
            sentence="was used before")
    refused("a second bundle for the offer", destination, "accept", planted,
            typed=[planted_words], code=77, sentence="is not the one of this stage")
    refused("an offer whose bundle was accepted", destination, "withdraw", offer, code=77,
            sentence="a bundle for it was accepted")
    refused("the receipt's words are wrong twice", source, "confirm", receipt,
            typed=[wrong, wrong], code=77, sentence="words")
    refused("a stranger's receipt", source, "confirm", forged(receipt), typed=[said, said],
            code=77, sentence="words")
    refused("a changed receipt", source, "confirm",
            changed(receipt, os.path.getsize(receipt) // 2), code=65, sentence="")
    visit("control", source, "confirm", receipt, typed=[said])

    # The control of the stranger's bundle: nothing but its words refuses it.
    gullible, _ = make(f"{folder}/gullible", hsmferry, "softhsm:softhsm", ORDER)
    offer, say, bundle, told = offer_and_load("control", gullible["source"],
                                              gullible["destination"])
    with open(gullible["source"].ceremony, encoding="utf-8") as file:
        ceremony = file.read()
    stranger, token = stranger_of(f"{folder}/gullible", hsmferry, gullible["source"], ceremony)
    planted, planted_words = visit("control", stranger, "load", stranger.take(offer), typed=[say],
                                   suffix="bundle")
    visit("control: a stranger whose words are believed", gullible["destination"], "accept",
          planted, typed=[planted_words], suffix="receipt")

    # The control of the stranger's receipt: its words are all that keeps it from being taken. Even
    # then the source judges each answer, and no key of a wrong one is called migrated.
    believed, _ = make(f"{folder}/believed", hsmferry, "softhsm:softhsm", ORDER)
    offer, say, bundle, told = offer_and_load("control", believed["source"],
                                              believed["destination"])
    receipt, said = visit("control", believed["destination"], "accept", bundle, typed=[told],
                          suffix="receipt")
    case(own_words(receipt) == said, "control: the words of a file are known without the program",
         f"{own_words(receipt)}\n{said}")
    ended, log = believed["source"].visit("confirm", forged(receipt),
                                          words=[own_words(forged(receipt))])
    outcomes = rooms.outcomes(believed["source"].report("confirm"))
    case(ended == 65 and " taken: " in " ".join(log.split()) and "the proof failed" in log,
         "control: a stranger's receipt whose words are believed", f"{ended}\n{log}")
    case("reported migrated" in outcomes.values(),
         "the key of the wrong answer is not called migrated", str(outcomes))


if __name__ == "__main__":
    main(*sys.argv[1:])
