# SPDX-License-Identifier: Apache-2.0
"""Moves keys of every kind from one HSM to another, and holds what became of them against the table
below: by the report, and by programs that are not ours.

    matrix.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION, or SOURCE:DESTINATION:weak to let keys go without integrity. Prints one
line for each case, "ok - words" or "not ok - words"."""

import glob
import hashlib
import os
import subprocess
import sys
import textwrap

from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
import records
from outside import case

# How each key goes: e in an envelope as of RFC 5649, c in one of AES-CBC without integrity, d
# directly under the transport key; what has a capital stays, and its reason is below. A dot: the
# source cannot make such a key.
TABLE = """
                               aes aes aes -- secret, bytes -- rsa  rsa  ec   ec   ed25519 not ex-
                               128 192 256 13   20   32   64   2048 4096 p256 p384         tractable
softhsm -> softhsm             e   e   e   d    d    e    e    e    e    e    e    W       X
softhsm -> nss                 e   e   e   e    e    e    e    e    e    e    e    N       X
softhsm -> softoken            e   e   e   e    e    e    e    e    e    e    e    M       X
softhsm -> opencryptoki        d   d   d   d    d    d    d    E    E    P    P    M       X
softhsm -> opencryptoki:weak   d   d   d   d    d    d    d    E    E    P    P    M       X
nss -> softhsm                 e   e   e   e    e    e    e    e    e    e    e    .       X
nss -> nss                     e   e   e   e    e    e    e    e    e    e    e    .       X
nss -> softoken                e   e   e   e    e    e    e    e    e    e    e    .       X
nss -> opencryptoki            d   d   d   d    d    d    d    E    E    P    P    .       X
nss -> opencryptoki:weak       d   d   d   d    d    d    d    c    c    P    P    .       X
softoken -> softhsm            e   e   e   e    e    e    e    e    e    e    e    .       X
softoken -> nss                e   e   e   e    e    e    e    e    e    e    e    .       X
softoken -> softoken           e   e   e   e    e    e    e    e    e    e    e    .       X
softoken -> opencryptoki       d   d   d   d    d    d    d    E    E    P    P    .       X
softoken -> opencryptoki:weak  d   d   d   d    d    d    d    c    c    P    P    .       X
opencryptoki -> softhsm        d   d   d   d    d    d    d    E    E    .    .    .       X
opencryptoki -> nss            d   d   d   d    d    d    d    E    E    .    .    .       X
opencryptoki -> nss:weak       d   d   d   d    d    d    d    c    c    .    .    .       X
opencryptoki -> softoken       d   d   d   d    d    d    d    E    E    .    .    .       X
opencryptoki -> softoken:weak  d   d   d   d    d    d    d    c    c    .    .    .       X
opencryptoki -> opencryptoki   d   d   d   d    d    d    d    E    E    .    .    .       X
opencryptoki -> opencryptoki:weak d d  d   d    d    d    d    c    c    .    .    .       X
"""
PLANS = {"e": "in the AES envelope", "c": "NO INTEGRITY", "d": "directly under the transport key"}
# Why a key is refused before anything moved.
REASONS = {"E": "no envelope that both sides speak carries a private key",
           "P": "the destination offers no operation for EC keys",
           "M": "the destination offers no operation for Edwards keys",
           "N": "the destination's API takes no key of this type", "W": "the HSM did not wrap the key",
           "X": "not extractable"}
KEYS = ("aes128 aes192 aes256 secret13 secret20 secret32 secret64 rsa2048 rsa4096 ec256 ec384 "
        "ed25519 stays").split()
OBJECTS = {"aes128": "aes16", "aes192": "aes24", "aes256": "aes32", "stays": "aes32"}
IDS = {label: f"{number:02x}" for number, label in enumerate(KEYS, 1)}
BLOCK, TEXT = b"sixteen octets..", b"signed or authenticated"


def row(pair):
    """How each key of this pair goes."""
    source, destination = pair.split(":", 1)
    for line in TABLE.splitlines():
        words = line.split()
        if words[:3] == [source, "->", destination]:
            return dict(zip(KEYS, words[3:], strict=True))
    raise LookupError(pair)


def spec(label):
    """The key as tokens.py is told of it."""
    kind = OBJECTS.get(label, label.replace("secret", "generic"))
    return f"{kind}:{label}:id={IDS[label]}" + (":-extractable" if label == "stays" else "")


def jobs(works):
    """For hand.py, from (what, label, data)."""
    return [(what, label, IDS[label], data.hex()) for what, label, data in works]


class Original:
    """What the source's keys do."""

    def __init__(self, side, labels):
        works = []
        for label in labels:
            if label.startswith("aes"):
                works += [("encrypt", label, BLOCK)]
            elif label.startswith("secret"):
                works += [("digest", label, b""), ("mac", label, TEXT), ("length", label, b"")]
            elif label.startswith(("rsa", "ec")):
                works += [("public", label, b"")]
        self.did = {(what, label): done
                    for (what, label, _), done in zip(works, side.work(jobs(works)))}

    def pem(self, label, folder):
        """A file with the public key."""
        path = f"{folder}/{label}.pem"
        subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-out", path], check=True,
                       input=self.did["public", label])
        return path


def verifies(pem, signature, folder):
    """Does openssl say so?"""
    with open(f"{folder}/signature", "wb") as file:
        file.write(signature)
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", pem, "-signature",
                           f"{folder}/signature"], input=TEXT, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, check=False)
    return done.returncode == 0


class Copies:
    """The destination's keys at work on what the source's have left."""

    def __init__(self, side, original, labels, folder):
        self.side, self.original, self.folder = side, original, folder
        works = []
        for label in labels:
            if label.startswith("aes"):
                works += [("decrypt", label, original.did["encrypt", label])]
            elif label.startswith("secret"):
                works += [("digest", label, b""), ("mac", label, TEXT), ("length", label, b"")]
            else:
                works += [("sign", label, TEXT)]
        self.did = {(what, label): done
                    for (what, label, _), done in zip(works, side.work(jobs(works)))}

    def same(self, what, label):
        """Did both do the same? Not where one of them did nothing."""
        done = self.did[what, label]
        return done is not None and done == self.original.did[what, label]

    def works(self, label):
        """Does the copy do what only the original could do? A MAC takes a value of less than 64
        bytes for one that ends in zeros, so there the length must be known, or a digest."""
        if label.startswith("aes"):
            return self.did["decrypt", label] == BLOCK
        if label.startswith("secret"):
            told, length = self.did["length", label], bytes([int(label[6:])])
            mac = self.same("mac", label) and (told == length or label == "secret64")
            return told in (None, length) and (mac or self.same("digest", label))
        signature = self.did["sign", label]
        return signature is not None and verifies(self.original.pem(label, self.folder), signature,
                                                  self.folder)

    def check_controls(self, words):
        """The same questions, asked of other keys, have other answers."""
        case(self.did["digest", "secret32"] not in (None, self.original.did["digest", "secret20"]),
             f"{words}: control: another digest")
        other = jobs([("decrypt", "aes256", self.original.did["encrypt", "aes128"])])
        case(self.side.work(other)[0] not in (None, BLOCK), f"{words}: control: another plaintext")
        if self.did.get(("sign", "rsa2048")):
            pem = self.original.pem("rsa4096", self.folder)
            case(not verifies(pem, self.did["sign", "rsa2048"], self.folder),
                 f"{words}: control: another public key")


def run_ceremony(source, destination, weak, folder, hsmferry, policy=""):
    """Its exit code and its report."""
    with open(f"{folder}/ceremony.yaml", "w", encoding="utf-8") as file:
        file.write("title: Pair\nrehearsal: yes\n")
        file.write(source.lines("source") + destination.lines("destination"))
        file.write("keys: ['pkcs11:object=*']\nreport-folder: reports\npolicy:\n  gates: []\n" +
                   policy)
        if weak:
            file.write("  allow-unauthenticated-envelope: yes\n")
    with open(f"{folder}/log", "w", encoding="utf-8") as log:
        done = subprocess.run([hsmferry, "--plain", f"{folder}/ceremony.yaml"], check=False,
                              stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    reports = glob.glob(f"{folder}/reports/*.yaml")
    if len(reports) != 1:
        return done.returncode, None
    return done.returncode, records.load(reports[0])


def name_of(told):
    """The label of a key in the report."""
    return bytes.fromhex(told["label-hex"]).decode()


def check_key(words, how, told, report, listed, copies):
    """One key against its place in the table."""
    label = name_of(told)
    moved = [step for step in report["steps"] if step.get("key") == told["number"]]
    if how in REASONS:
        case(told["outcome"] == "refused" and REASONS[how] in told["reason"] and not moved
             and label not in listed, f"{words}: {label} is refused: {REASONS[how]}",
             str((told, moved)))
        return
    arrived = told["outcome"] == "migrated"
    case(arrived and PLANS[how] in told["plan"] and ("NO INTEGRITY" in told["plan"]) == (how == "c")
         and told["proven"], f"{words}: {label} arrived, {PLANS[how]}, and was proven", str(told))
    if arrived and label.startswith(("rsa", "ec")):
        print_of = hashlib.sha256(copies.original.did["public", label]).hexdigest()
        check = told["check-values"][0]
        case(check["method"] == "spki-sha256" and check["source"] == print_of
             and check.get("destination", print_of) == print_of,
             f"{words}: {label}: another program computes the same SHA-256 of SPKI", str(check))
    if arrived:
        case(copies.works(label), f"{words}: {label} works in another program like the original",
             str({key: done for key, done in copies.did.items() if label in key}))


def check_pair(pair, source, original, folder, hsmferry):
    """One row of the table."""
    kind, weak = pair.split(":")[1], pair.endswith(":weak")
    folder, hows = f"{folder}/{pair.replace(':', '-')}", row(pair)
    os.mkdir(folder)
    destination = SIDES[kind](f"{folder}/destination")
    code, report = run_ceremony(source, destination, weak, folder, hsmferry)
    case(code == 0 and report, f"{pair}: the ceremony is complete", f"exit code {code}")
    if report is None:
        with open(f"{folder}/log", encoding="utf-8") as log:
            print(textwrap.indent(log.read(), "# "))
        return
    told = {name_of(key): key for key in report["keys"]}
    case(set(told) == {label for label in KEYS if hows[label] != "."},
         f"{pair}: the report tells of every key")
    arrived = [label for label in told if told[label]["outcome"] == "migrated"]
    copies = Copies(destination, original, arrived, folder)
    listed = destination.listed()
    case(listed == set(arrived), f"{pair}: another program lists what arrived, and no more",
         str(listed))
    for label in sorted(told, key=KEYS.index):
        check_key(pair, hows[label], told[label], report, listed, copies)
    copies.check_controls(pair)


def main(folder, hsmferry, *pairs):
    """Each source is made once; no ceremony changes it."""
    os.umask(0o077)
    sources = {}
    for pair in pairs:
        kind = pair.split(":")[0]
        if kind not in sources:
            labels = [label for label, how in row(pair).items() if how != "."]
            side = SIDES[kind](f"{folder}/{kind}/source")
            side.fill([spec(label) for label in labels])
            sources[kind] = side, Original(side, labels)
        check_pair(pair, *sources[kind], folder, hsmferry)


if __name__ == "__main__":
    main(*sys.argv[1:])
