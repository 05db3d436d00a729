# SPDX-License-Identifier: Apache-2.0
"""Moves keys of each kind with each pattern of uses, and holds how they were proven and what they
may do now against the table below: by the report, and by PyKCS11 on the destination.

    rights.py FOLDER HSMFERRY PAIR...

PAIR is SOURCE:DESTINATION. Prints one line for each case."""

import hashlib
import os
import sys

from cryptography.hazmat.primitives import cmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from matrix import name_of, run_ceremony
from sides import HERE, SIDES, Softoken
from pkcs11_hand import RIGHTS

from outside import case

# Kind, uses, proof; a dash: it has no use that proves it, and stays.
TABLE = """
aes32      encrypt          aes-ecb
aes32      decrypt          aes-ecb-decryption
aes32      encrypt,decrypt  aes-ecb
aes32      wrap             sha256-digest
aes32      unwrap           sha256-digest
aes32      sign,verify      sha256-digest
des3       encrypt,decrypt  sha256-digest
des3       sign,verify      sha256-digest
generic32  sign             sha256-digest
generic32  verify           sha256-digest
generic32  derive           sha256-digest
generic100 sign,verify      sha256-digest
rsa2048    sign             rsa-signature
rsa2048    decrypt          rsa-decryption
rsa2048    unwrap           rsa-unwrapping
rsa2048    sign,decrypt     rsa-signature
rsa2048    none             -
ec256      sign             ecdsa-signature
ec256      derive           ecdh
ec384      derive           ecdh
ec256      none             -
"""
ROWS = {f"{row.split()[0]}-{row.split()[1].replace(',', '-')}": row.split()
        for row in TABLE.strip().splitlines()}
ON = {"aes": {"encrypt", "decrypt"}, "des": {"encrypt", "decrypt"}, "gen": {"sign", "verify"},
      "rsa": {"sign", "decrypt"},
      "ec2": {"sign"}, "ec3": {"sign"}}
# Keys of a cipher that are known here, with odd parity for triple DES.
VALUES = {label: bytes(byte ^ (byte.bit_count() % 2 == 0) for byte in
                       hashlib.sha256(label.encode()).digest()[:24 if "des3" in label else 32])
          for label in ROWS if label.startswith(("aes", "des"))}
TERMINAL = os.path.join(HERE, "..", "terminal.py")
# What may be otherwise than on the source, and how.
CHANGES = {("extractable", "tightened"), ("always-sensitive", "by nature"), ("local", "by nature")}

def spec(number, label):
    """The key as tokens.py is told of it: with these uses and no other."""
    kind, uses, _ = ROWS[label]
    wanted, usual = set(uses.split(",")) - {"none"}, ON[kind[:3]]
    options = [f"+{use}" for use in wanted - usual] + [f"-{use}" for use in usual - wanted]
    if label in VALUES:
        options += [f"value={VALUES[label].hex()}"]
    return ":".join([kind, label, f"id={number:02x}", *options])


# Whose ceremony files ask for a check value by CMAC besides the one by ECB.
BOTH_VALUES = {"softhsm:nss", "nss:softhsm"}


def check_values(label, pair):
    """What the report must say, computed here: method, and the value or None."""
    kind, uses = ROWS[label][0], ROWS[label][1].split(",")
    if kind.startswith("generic"):
        return {"none": None}
    cipher = (algorithms.AES if kind.startswith("aes") else algorithms.TripleDES)(VALUES[label])
    zeros, mac = bytes(cipher.block_size // 8), cmac.CMAC(cipher)
    mac.update(zeros)
    ecb = Cipher(cipher, modes.ECB()).encryptor().update(zeros)[:3].hex()
    can_mac = "sign" in uses and (kind != "des3" or "nss" not in pair)  # NSS has none for that
    values = {"ecb-zero": ecb if "encrypt" in uses else None,
              "cmac-zero": mac.finalize()[:3].hex() if can_mac else None}
    if pair not in BOTH_VALUES and values["ecb-zero"]:  # one is enough
        del values["cmac-zero"]
    return values


def check_check_values(pair, label, key):
    """Both sides' are those that are computed here; where there is none, the report says why."""
    if label.startswith(("rsa", "ec")):
        told = {check["method"]: check["source"] == check.get("destination", check["source"])
                for check in key["check-values"]}
        case(told == {"spki-sha256": True}, f"{pair}: the report names {label}'s fingerprint",
             str(key["check-values"]))
        return
    wanted = check_values(label, pair)
    told = {check["method"]: check for check in key["check-values"]}
    case(set(told) == set(wanted) and
         all(told[how].get(side) == value and ("none" in told[how]) == (value is None)
             for how, value in wanted.items() for side in ("source", "destination")),
         f"{pair}: {label}'s check values are as computed: {wanted}", str(told))


def check_key(pair, label, key, flags):
    """One key: how it was proven, what the report says of its rights, what it has of them."""
    uses, proof = set(ROWS[label][1].split(",")), ROWS[label][2]
    if proof == "-":
        case(key["outcome"] == "refused" and "no proof" in key["reason"],
             f"{pair}: {label} stays: nothing could prove it", str(key))
        return
    case(key["outcome"] == "migrated" and key["proof"] == proof, f"{pair}: {label} by {proof}",
         str(key))
    check_check_values(pair, label, key)
    rows = {row["name"]: row for row in key["attributes"]}
    changes = {(name, row["verdict"]) for name, row in rows.items()
               if row.get("verdict", "kept") != "kept"}
    case(changes <= CHANGES and ("extractable", "tightened") in changes,
         f"{pair}: {label} changed in nothing else", str(changes))
    case({name for name in rows if name in RIGHTS and rows[name].get("found") == "yes"}
         == uses | {"private", "sensitive"}, f"{pair}: the report tells what {label} may do")
    case({name for name, flag in zip(RIGHTS, flags or b"") if flag == 1}
         == uses | {"private", "sensitive"}, f"{pair}: so does another program", str(flags))


def check_pair(pair, folder, hsmferry):
    """All keys over one pair."""
    folder = f"{folder}/{pair.replace(':', '-')}"
    source, destination = (SIDES[kind](f"{folder}/{side}") for kind, side in
                           zip(pair.split(":"), ("source", "destination")))
    source.fill([spec(number, label) for number, label in enumerate(ROWS, 1)])
    code, report = run_ceremony(source, destination, False, folder, hsmferry,
                                "  cmac-check-values: yes\n" if pair in BOTH_VALUES else "")
    case(code == 0 and report, f"{pair}: the ceremony ends with 0", f"with {code}")
    if not report:
        with open(f"{folder}/log", encoding="utf-8") as log:
            print("# " + log.read().replace("\n", "\n# "))
        return
    keys = {name_of(key): key for key in report["keys"]}
    case(set(keys) == set(ROWS), f"{pair}: the report tells of every key")
    if isinstance(destination, Softoken):  # NSS's own API tells no single attributes
        destination.hand = Softoken.hand.__get__(destination)
    arrived = [label for label in ROWS if keys[label]["outcome"] == "migrated"]
    flags = dict(zip(arrived, destination.work([("flags", label, "", "") for label in arrived])))
    for label in ROWS:
        check_key(pair, label, keys[label], flags.get(label))
    case(flags["aes32-encrypt"] != flags["aes32-decrypt"],
         f"{pair}: control: the other program tells uses apart")
    check_both_apis(pair, report, [keys[label] for label in arrived])
    check_application(pair, folder, report, [keys[label] for label in arrived])


# What OpenSSL does through libp11 with a private key that was proven so.
BY_APPLICATION = {"rsa-signature": "EVP_PKEY_sign", "rsa-decryption": "EVP_PKEY_decrypt",
                  "ecdsa-signature": "EVP_PKEY_sign", "ecdh": "EVP_PKEY_derive"}


def check_application(pair, folder, report, arrived):
    """In a PKCS#11 token each private key worked once more, through OpenSSL and libp11, and the
    lines tell it; or it is told why not."""
    with open(f"{folder}/log", encoding="utf-8") as log:
        lines = log.read().splitlines()
    for key in arrived:
        label = name_of(key)
        did = [proof["destination"] for proof in report["proofs"]
               if proof["key"] == key["number"] and proof["stage"] == "prove-fresh"]
        path = f"{BY_APPLICATION.get(key['proof'])} of OpenSSL, through libp11"
        if key["class"] != "private" or pair.endswith("nss"):
            case(len(did) == 1, f"{pair}: {label} in a fresh process", str(did))
        elif key["proof"] in BY_APPLICATION:
            told = any(f" {label}: prove it from a fresh" in line and path in line for line in lines)
            case(len(did) == 2 and did[1] == path and told, f"{pair}: {label} by {path}", str(did))
        else:
            case(len(did) == 1 and any(label in note["text"] and "OpenSSL unwraps no" in note["text"]
                                       for note in report["warnings"]),
                 f"{pair}: {label} not through OpenSSL, with the reason", str(did))


def check_both_apis(pair, report, arrived):
    """Each key did one thing on each side, in the words of each side's API."""
    words = {"softhsm": "C_", "nss": "PK11_"}
    for side, kind in zip(("source", "destination"), pair.split(":")):
        did = {proof["key"] for proof in report["proofs"]
               if proof["stage"] == "prove" and proof[side].startswith(words[kind])}
        case(did == {key["number"] for key in arrived} and did,
             f"{pair}: each key worked on the {side}, through {words[kind]}...", str(did))


def check_rewrapped(pair, folder, hsmferry):
    """A private key that may do nothing goes by a waiver that is typed; where the copy may leave,
    both sides encrypt it to the same, and it is called unproven still."""
    folder = f"{folder}/rewrapped-{pair.replace(':', '-')}"
    source, destination = (SIDES[kind](f"{folder}/{side}") for kind, side in
                           zip(pair.split(":"), ("source", "destination")))
    source.fill(["rsa2048:bare:id=01:-sign:-decrypt"])
    with open(f"{folder}/typed", "w", encoding="ascii") as file:
        file.write(f'#!/bin/sh\nexec /usr/bin/python3 "{TERMINAL}" "as it left: " '
                   f'"unproven\\n" -- "{hsmferry}" "$@"\n')
    os.chmod(f"{folder}/typed", 0o700)
    code, report = run_ceremony(source, destination, False, folder, f"{folder}/typed",
                                "  unproven: waiver\n  extractable: yes\n")
    key = report["keys"][0] if report else {}
    check = key.get("check-values", [{}])[0]
    if "source" in check:
        compared = ("same ciphertext" in key.get("reason", "") and "by aes-kwp" in check["how"] and
                    len(check["source"]) == 64 and check["source"] == check["destination"])
    else:  # NSS writes most private keys in another of the forms that there are
        compared = pair.endswith("nss") and "forms that do not compare" in check.get("none", "")
    case(code == 69 and key.get("outcome") == "unproven" and compared
         and check.get("method") == "rewrap-sha256",
         f"{pair}: a key without any use is compared by re-wrapping", f"{code} {key}")


def main(folder, hsmferry, *pairs):
    """As above."""
    os.umask(0o077)
    for pair in ("softhsm:softhsm", "softhsm:nss"):
        check_rewrapped(pair, folder, hsmferry)
    for pair in pairs:
        check_pair(pair, folder, hsmferry)


if __name__ == "__main__":
    main(*sys.argv[1:])
