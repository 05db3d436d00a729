# SPDX-License-Identifier: Apache-2.0
"""Looks at a finished rehearsal from outside, with tools that are not ours: PyKCS11 for the two
tokens, python-cryptography (OpenSSL) for signatures, PyYAML for the report.

    outside.py FOLDER MODULE REPORT

Prints one line for each case, "ok - words" or "not ok - words"; ceremony.sh numbers them."""

import hashlib
import os
import re
import sys

from PyKCS11 import (
    CKA_ALWAYS_SENSITIVE, CKA_CLASS, CKA_DECRYPT, CKA_DERIVE, CKA_EC_PARAMS, CKA_EC_POINT,
    CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODULUS,
    CKA_NEVER_EXTRACTABLE, CKA_PRIVATE, CKA_PUBLIC_EXPONENT, CKA_SENSITIVE, CKA_SIGN, CKA_TOKEN,
    CKA_UNWRAP, CKA_VALUE_LEN, CKA_VERIFY, CKA_WRAP, CKF_SERIAL_SESSION, CKK_AES, CKK_EC, CKK_RSA,
    CKM_AES_ECB, CKM_ECDSA, CKM_SHA256, CKM_SHA256_HMAC, CKM_SHA256_RSA_PKCS, CKO_PRIVATE_KEY,
    CKO_PUBLIC_KEY, CKO_SECRET_KEY, Mechanism, PyKCS11Error, PyKCS11Lib,
)
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import records

HOSTILE = b"\x1b[31mred\nall keys are safe \xe2\x80\xaetxt.exe\xff"
STAYS = b"stays-aes256"
RESIDENTS = {b"resident-rsa2048", b"resident-aes256"}
PASSWORDS = {b"db-password13": 13, b"ldap-password20": 20}
KEYS = {
    b"archive-aes128", b"backup-aes192", b"payments-aes256", b"tls-rsa2048", b"root-ca-rsa4096",
    b"code-sign-p256", b"time-stamp-p384", b"log-hmac32", b"token-hmac64", HOSTILE,
} | set(PASSWORDS)
USES = {
    "encrypt": CKA_ENCRYPT, "decrypt": CKA_DECRYPT, "sign": CKA_SIGN, "verify": CKA_VERIFY,
    "wrap": CKA_WRAP, "unwrap": CKA_UNWRAP, "derive": CKA_DERIVE,
}
FLAGS = USES | {
    "token": CKA_TOKEN, "private": CKA_PRIVATE, "sensitive": CKA_SENSITIVE,
    "extractable": CKA_EXTRACTABLE, "always-sensitive": CKA_ALWAYS_SENSITIVE,
    "never-extractable": CKA_NEVER_EXTRACTABLE, "local": CKA_LOCAL,
}
CURVES = {"06082a8648ce3d030107": ec.SECP256R1(), "06052b81040022": ec.SECP384R1()}


def case(good, words, detail=""):
    """One case; detail is shown where it failed."""
    print(f"{'ok' if good else 'not ok'} - {words}")
    if not good and detail:
        print(f"# {detail}")


def shown(label):
    """A label as it may stand in a line of text."""
    return ascii(label)[2:-1]


class Token:
    """A token, and its keys by label."""

    def __init__(self, lib, label, pin):
        slots = lib.getSlotList(tokenPresent=True)
        slot = next(s for s in slots if lib.getTokenInfo(s).label.strip() == label)
        self.name = label, lib.getTokenInfo(slot).serialNumber.strip()
        self.session = lib.openSession(slot, CKF_SERIAL_SESSION)
        self.session.login(pin)
        self.objects = self.session.findObjects([])
        self.labels = [self.raw(o, CKA_LABEL) for o in self.objects]
        self.secret_half = self._by_label(CKO_SECRET_KEY, CKO_PRIVATE_KEY)
        self.public_half = self._by_label(CKO_PUBLIC_KEY)

    def _by_label(self, *classes):
        chosen = [(label, o) for label, o in zip(self.labels, self.objects)
                  if self.get(o, CKA_CLASS) in classes]
        found = dict(chosen)
        assert len(found) == len(chosen), "two keys have the same label"
        return found

    def get(self, handle, attribute):
        """An attribute's value; None where the object has none."""
        try:
            return self.session.getAttributeValue(handle, [attribute])[0]
        except PyKCS11Error:
            return None

    def raw(self, handle, attribute):
        """The same, as bytes."""
        return bytes(self.session.getAttributeValue(handle, [attribute], allAsBinary=True)[0] or ())

    def aes(self, handle, block):
        """One block of ciphertext."""
        return bytes(self.session.encrypt(handle, block, Mechanism(CKM_AES_ECB)))

    def hmac(self, handle, data):
        """A MAC made with a secret."""
        return bytes(self.session.sign(handle, data, Mechanism(CKM_SHA256_HMAC)))

    def digest(self, handle):
        """SHA-256 of a secret's value, made inside the token."""
        digest = self.session.digestSession(Mechanism(CKM_SHA256))
        digest.digestKey(handle)
        return bytes(digest.final())


def public_key(old, label):
    """A public key as the source holds it; CKA_EC_POINT is the point in an OCTET STRING."""
    handle = old.public_half[label]
    if old.get(handle, CKA_KEY_TYPE) == CKK_RSA:
        n, e = (int.from_bytes(old.raw(handle, a), "big")
                for a in (CKA_MODULUS, CKA_PUBLIC_EXPONENT))
        return rsa.RSAPublicNumbers(e, n).public_key()
    curve = CURVES[old.raw(handle, CKA_EC_PARAMS).hex()]
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, old.raw(handle, CKA_EC_POINT)[2:])


def verifies(key, signature, data):
    """Is it this key's signature? That of a token over a digest is r and s, one behind the other."""
    sha256 = hashes.SHA256()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), sha256)
        else:
            half = len(signature) // 2
            r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(utils.encode_dss_signature(r, s), data, ec.ECDSA(utils.Prehashed(sha256)))
    except InvalidSignature:
        return False
    return True


def check_signer(old, new, label, kind):
    """The copy signs; the signature belongs to the original's public key and to no other."""
    data = os.urandom(32)
    how, others = {
        CKK_RSA: (CKM_SHA256_RSA_PKCS, (b"root-ca-rsa4096", b"tls-rsa2048")),
        CKK_EC: (CKM_ECDSA, (b"time-stamp-p384", b"code-sign-p256")),
    }[kind]
    other = others[label == others[0]]
    signature = bytes(new.session.sign(new.secret_half[label], data, Mechanism(how)))
    case(verifies(public_key(old, label), signature, data),
         f"{label.decode()}: the copy's signature verifies")
    case(not verifies(public_key(old, other), signature, data),
         f"control: not under {other.decode()}'s public key")


def check_same(old, new, label):
    """Are the key on the source and the key on the destination the same key?"""
    words = shown(label)
    was, now = old.secret_half[label], new.secret_half[label]
    kind = old.get(was, CKA_KEY_TYPE)
    if kind in (CKK_RSA, CKK_EC):
        check_signer(old, new, label, kind)
        return
    if kind == CKK_AES:
        block = os.urandom(16)
        case(old.aes(was, block) == new.aes(now, block), f"{words}: the same ciphertext")
    elif label not in PASSWORDS:
        data = os.urandom(100)
        case(old.hmac(was, data) == new.hmac(now, data), f"{words}: the same MAC")
    case(old.digest(was) == new.digest(now), f"{words}: the same digest, so the same length")


def check_attributes(old, new, label):
    """The copy has the original's name, type and uses; it is sensitive, and not extractable."""
    was, now = old.secret_half[label], new.secret_half[label]
    wrong = [name for name, attribute in
             (("label", CKA_LABEL), ("id", CKA_ID), ("type", CKA_KEY_TYPE))
             if old.raw(was, attribute) != new.raw(now, attribute)]
    if any(bool(old.get(was, use)) != bool(new.get(now, use)) for use in USES.values()):
        wrong.append("uses")
    if not new.get(now, CKA_SENSITIVE) or new.get(now, CKA_EXTRACTABLE):
        wrong.append("guards")
    case(not wrong, f"{shown(label)}: label, id, type, uses as they were; tightened guards",
         f"not: {wrong}")


def check_tokens(old, new):
    """Everything that may leave is there, as it was; nothing else is."""
    case(set(old.secret_half) == KEYS | {STAYS}, "the source still holds all its keys")
    case(set(new.secret_half) == KEYS | RESIDENTS, "the destination holds these keys and no other",
         str(sorted(set(new.secret_half) ^ (KEYS | RESIDENTS))))
    case(STAYS not in new.labels, "what may not leave is not there")
    case(set(new.labels) <= KEYS | RESIDENTS, "no object of another name is there",
         str(set(new.labels) - KEYS - RESIDENTS))
    for token in (old, new):
        case(not any(label.startswith(b"hsmferry:") for label in token.labels),
             "no temporary object is left")
    for label, length in PASSWORDS.items():
        case(old.get(old.secret_half[label], CKA_VALUE_LEN) == length,
             f"{label.decode()} has {length} bytes on the source")
    case(old.digest(old.secret_half[b"db-password13"])
         != new.digest(new.secret_half[b"ldap-password20"]), "control: another secret, another digest")
    block = os.urandom(16)
    case(old.aes(old.secret_half[HOSTILE], block)
         != new.aes(new.secret_half[b"payments-aes256"], block),
         "control: another key, another ciphertext")
    for label in sorted(KEYS & set(new.secret_half)):
        check_same(old, new, label)
        check_attributes(old, new, label)


def unescape(text):
    """The bytes behind a label as the report shows it."""
    return re.sub(rb"\\x([0-9a-f]{2})|\\\\",
                  lambda m: bytes.fromhex(m[1].decode()) if m[1] else b"\\", text.encode())


def check_told(report, old, new):
    """What the report tells of the tokens and of each key is what they tell us."""
    for side, token in (("source", old), ("destination", new)):
        case((report[side]["label"], report[side]["serial"]) == token.name,
             f"it names the {side}'s token", str(token.name))
        case(report["inventory"][side]["after"]["objects"] == len(token.objects),
             f"it counts the {side}'s objects")
    for key in report["keys"]:
        label, wrong = bytes.fromhex(key["label-hex"]), []
        for token, part in ((old, "source"), (new, "found")):
            told = {row["name"]: row[part] for row in key["attributes"] if part in row}
            wrong += [f"{part} {name}" for name, attribute in FLAGS.items() if name in told and
                      (told[name] == "yes") != token.get(token.secret_half[label], attribute)]
        if "source-public-key" in key:
            spki = public_key(old, label).public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
            digest = key["source-public-key"]["sha256"].replace(" ", "")
            wrong += [] if digest == hashlib.sha256(spki).hexdigest() else ["source-public-key"]
        case(not wrong, f"it tells {shown(label)} as the tokens do", str(wrong))
    told = [row["name"] for key in report["keys"] for row in key["attributes"] if "found" in row]
    verdicts = {(row["name"], row["verdict"]) for key in report["keys"] for row in key["attributes"]
                if "verdict" in row and row["verdict"] != "kept"}
    case(verdicts == {("extractable", "tightened"), ("local", "by nature"),
                      ("always-sensitive", "by nature")},
         "it tells what became tighter, and what cannot be the same", str(verdicts))
    case(told.count("extractable") == len(KEYS) and
         sum("source-public-key" in key for key in report["keys"]) == 4,
         "control: it tells attributes and public keys")


def check_report(path, new, pins):
    """The report parses, and says what is on the tokens."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    report = records.load(path)
    case(text.replace("\n", "").isprintable(), "the report is printable text throughout")
    case(not any(pin in text for pin in pins), "no PIN is in it")
    case(text.startswith("summary:"), "it opens with its summary")

    private = {key["number"] for key in report["keys"] if key["class"] == "private"}
    by_app = {proof["key"] for proof in report["proofs"] if proof["stage"] == "prove-fresh" and
              "libp11" in proof["destination"]}
    case(by_app == private and private, "each private key was proven through OpenSSL and libp11",
         str(by_app))

    summary = report["summary"]
    arrived = len(set(new.secret_half) - RESIDENTS)
    case(summary["outcome"] == "complete", "the outcome is complete", summary["outcome"])
    case((summary["migrated"], summary["refused"], summary["failed"]) == (arrived, 1, 0),
         f"it counts the {arrived} keys on the destination and one refused", str(summary))

    keys = {bytes.fromhex(key["label-hex"]): key for key in report["keys"]}
    outcomes = {label: key["outcome"] for label, key in keys.items()}
    case(outcomes == {**dict.fromkeys(KEYS, "migrated"), STAYS: "refused"},
         "it says of each key what became of it", str(outcomes))
    case("extract" in keys[STAYS]["reason"], "it says why one key stayed", keys[STAYS]["reason"])
    case(all(unescape(key["label"]) == label for label, key in keys.items()),
         "it shows every label so that its bytes can be had back")
    case(all(keys[label]["proof"] for label in KEYS), "it says how each key was proven")
    checked = {label for label, key in keys.items() if "source-check-value" in key}
    case(checked == {label for label in keys if b"aes" in label or label == HOSTILE},
         "check values of AES keys only: that of a password would help to guess it", str(checked))
    case({gate["state"] for gate in report["gates"]} == {"waived"},
         "it says that the gates were waived", str(report["gates"]))
    case(report["transport-key"]["agree"] == "yes", "both sides told one transport key")
    return report


def main(folder, module, report):
    """Both tokens in one process: SoftHSM keeps them apart."""
    lib = PyKCS11Lib()
    lib.load(module)
    pins = []
    for side in ("source", "destination"):
        with open(os.path.join(folder, "pins", side), encoding="ascii") as file:
            pins.append(file.read().strip())
    old, new = Token(lib, "hsm-old", pins[0]), Token(lib, "hsm-new", pins[1])
    check_tokens(old, new)
    check_told(check_report(report, new, pins), old, new)


if __name__ == "__main__":
    main(*sys.argv[1:])
