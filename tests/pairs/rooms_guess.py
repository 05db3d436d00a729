# SPDX-License-Identifier: Apache-2.0
"""A dictionary attack on the files of a ceremony in two rooms, by someone who has all of them and knows
how the evidence is made: for each guess of a 4-digit secret, every answer that a file could show."""

import base64
import hashlib
import hmac

import yaml

GUESSES = [f"{number:04}".encode() for number in range(10000)]


def octets(node):
    """Every string of octets in a file: base64, or hexadecimal."""
    if isinstance(node, dict):
        node = list(node.values())
    if isinstance(node, list):
        return [found for part in node for found in octets(part)]
    if not isinstance(node, str):
        return []
    found = []
    for decode in (lambda text: base64.b64decode(text, validate=True), bytes.fromhex):
        try:
            found.append(decode(node))
        except ValueError:
            pass
    return found


def windows(found):
    """All runs of 32 octets in them: an answer may be anywhere."""
    return {text[at:at + 32] for text in found for at in range(len(text) - 31)}


def answers(guess, challenge):
    """What the HSMs answer by each proof; and the SHA-256 of it, in the place of an open challenge."""
    for answer in (hashlib.sha256(challenge + guess).digest(),
                   hmac.new(guess, challenge, hashlib.sha256).digest()):
        yield answer
        yield hashlib.sha256(answer).digest()


def attack(files, shown=b""):
    """The guesses that some answer in the files confirms. shown: an answer that is not encrypted."""
    found = []
    for path in files:
        with open(path, encoding="utf-8") as file:
            found += octets(yaml.load(file, Loader=yaml.CSafeLoader))
    anywhere = windows(found + [shown])
    # a challenge has 32 octets, the ciphertext of one 48
    challenges = {text[:32] for text in found if len(text) in (32, 48)}
    return [guess for guess in GUESSES
            if any(answer in anywhere
                   for challenge in challenges for answer in answers(guess, challenge))]


def challenge_of(bundle, label):
    """The first challenge of the key with this label."""
    with open(bundle, encoding="utf-8") as file:
        keys = yaml.load(file, Loader=yaml.CSafeLoader)["keys"]
    key = next(key for key in keys if key["label"] == label and key["role"] == "key")
    return base64.b64decode(key["proofs"][0]["challenge"])
