# SPDX-License-Identifier: Apache-2.0
"""Moves keys of all kinds, sizes, curves, uses and allowed mechanisms, and compares what the review
promised with what became of each key: what the review lets go is migrated, what it does not let go
has a reason and was not touched.

    walk.py FOLDER HSMFERRY thin|whole PAIR...
    walk.py fill PIN MODULE TOKEN PARAMETERS    objects as JSON lines on stdin

PAIR is SOURCE:DESTINATION. The second form prints the labels of those that the token takes. The
first prints one line for each case, "ok - words" or "not ok - words"."""

import collections
import copy
import glob
import hashlib
import json
import os
import re
import struct
import subprocess
import sys
import textwrap

import PyKCS11 as p11

from pkcs11_hand import load
from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
import records
from outside import case
from tokens import FLAGS

CURVES = {
    "p192": "06082a8648ce3d030101", "p224": "06052b81040021", "p256": "06082a8648ce3d030107",
    "p384": "06052b81040022", "p521": "06052b81040023", "secp256k1": "06052b8104000a",
    "bp256": "06092b2403030208010107", "bp320": "06092b2403030208010109",
    "bp384": "06092b240303020801010b", "bp512": "06092b240303020801010d",
    "ed25519": "06032b6570", "ed448": "06032b6571", "x25519": "06032b656e", "x448": "06032b656f",
}
# The same as p256, by parameters that name no curve.
CURVES["own-curve"] = subprocess.run(
    ["openssl", "ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-outform", "DER"],
    stdout=subprocess.PIPE, check=True).stdout.hex()
EDWARDS = 0x1055  # CKM_EC_EDWARDS_KEY_PAIR_GEN; SoftHSM makes X25519 by it, too
SECRETS = {"aes": p11.CKK_AES, "des3": p11.CKK_DES3, "generic": p11.CKK_GENERIC_SECRET,
           "hmac256": p11.CKK_SHA256_HMAC, "hmac1": p11.CKK_SHA_1_HMAC,
           "hmac512": p11.CKK_SHA512_HMAC, "des2": p11.CKK_DES2, "camellia": p11.CKK_CAMELLIA}
# CKA_ALLOWED_MECHANISMS of one each; some are no proof.
RSA_MECHANISMS = {
    "pkcs": 0x1, "x509": 0x3, "sha1": 0x6, "oaep": 0x9, "pss": 0xd, "sha1-pss": 0xe,
    "sha256": 0x40, "sha384": 0x41, "sha512": 0x42, "sha256-pss": 0x43, "sha384-pss": 0x44,
    "sha512-pss": 0x45, "sha224": 0x46, "sha224-pss": 0x47}
EC_MECHANISMS = {"ecdsa": 0x1041, "ecdsa-sha1": 0x1042, "ecdsa-sha224": 0x1043,
                 "ecdsa-sha256": 0x1044, "ecdsa-sha384": 0x1045, "ecdsa-sha512": 0x1046,
                 "ecdh": 0x1050, "ecdh-cofactor": 0x1051}
AES_MECHANISMS = {"ecb": 0x1081, "cbc": 0x1082, "cbc-pad": 0x1085, "gcm": 0x1087, "cmac": 0x108a,
                  "kw": 0x2109, "kwp": 0x210a, "nothing": 0x80000001}
SECRET_MECHANISMS = {"hmac": 0x251, "hmac512": 0x271, "sha256": 0x250, "nothing": 0x80000001}
USES = {"sign": ["sign"], "decrypt": ["decrypt"], "wrap": ["wrap"], "unwrap": ["unwrap"],
        "derive": ["derive"], "encrypt": ["encrypt"], "verify": ["verify"], "none": []}


# --- the keys ---

def key(label, kind, size, uses, allowed=None):
    """One object, as fill() makes it."""
    return {"label": label, "kind": kind, "size": size, "uses": uses, "allowed": allowed}


def plain_keys(whole):
    """Kinds, sizes and curves. The longest secrets go last: where their length is not known, one that
    is too long ends the ceremony, since nobody can tell that from damage."""
    for size in (16, 24, 32):
        yield key(f"aes{8 * size}", "aes", size, ["encrypt", "decrypt"])
    yield key("des3", "des3", 24, ["encrypt", "decrypt"])
    for size in (1, 15, 16, 32, 48, 256, 257, 1000) + ((8, 64, 190, 255, 318, 512, 4096, 4097) if whole else ()):
        yield key(f"{'z' * (size > 256)}secret{size}", "generic", size, ["sign", "verify"])
    for kind, size in ("hmac256", 32), ("hmac1", 20), ("hmac512", 64), ("des2", 16), ("camellia", 32):
        yield key(kind, kind, size, ["sign", "verify"])
    for bits in (1024, 2048) + ((512, 1032, 1536, 3072, 4096, 8192) if whole else ()):
        yield key(f"rsa{bits}", "rsa", bits, ["sign", "decrypt"])
    for curve in CURVES:
        yield key(curve, "ec", curve, ["derive"] if curve[0] == "x" else ["sign", "derive"])


def special_keys(whole):
    """Uses and allowed mechanisms, of one size each."""
    some = {"aes": ("aes", 32, AES_MECHANISMS), "secret": ("generic", 48, SECRET_MECHANISMS),
            "rsa": ("rsa", 2048, RSA_MECHANISMS), "ec": ("ec", "p256", EC_MECHANISMS)}
    thin = {"sha1", "sha384-pss", "sha224", "ecdsa-sha256", "ecdh", "gcm", "hmac", "nothing"}
    for name, (kind, size, mechanisms) in some.items():
        for use in USES if whole else ("sign", "derive", "none"):
            yield key(f"{name}-to-{use}", kind, size, USES[use])
        every = sum(USES.values(), [])
        yield key(f"{name}-allows-none", kind, size, every, [])
        for mechanism, number in mechanisms.items():
            if whole or mechanism in thin:
                yield key(f"{name}-allows-{mechanism}", kind, size, every, [number])
        yield key(f"{name}-allows-all", kind, size, every, sorted(mechanisms.values()))


def odd_parity(octets):
    """The same DES key as it should be."""
    return bytes(o & 0xfe | (bin(o >> 1).count("1") + 1) % 2 for o in octets)


def make(session, spec):
    """Makes one key."""
    yes, no = p11.CK_TRUE, p11.CK_FALSE
    kind, size = spec["kind"], spec["size"]
    name = [(p11.CKA_TOKEN, yes), (p11.CKA_LABEL, spec["label"].encode()),
            (p11.CKA_ID, hashlib.sha256(spec["label"].encode()).digest()[:8])]
    public = {"verify", "encrypt", "wrap"} if kind in ("rsa", "ec") else set()
    template = name + [(p11.CKA_PRIVATE, yes), (p11.CKA_SENSITIVE, yes), (p11.CKA_EXTRACTABLE, yes)]
    template += [(number, yes if use in spec["uses"] else no) for use, number in FLAGS.items()
                 if use in sum(USES.values(), []) and use not in public]
    if spec["allowed"] is not None:
        template.append((p11.CKA_ALLOWED_MECHANISMS,
                         struct.pack(f"@{len(spec['allowed'])}L", *spec["allowed"])))
    if kind in SECRETS:
        value = os.urandom(size)
        session.createObject(template + [
            (p11.CKA_CLASS, p11.CKO_SECRET_KEY), (p11.CKA_KEY_TYPE, SECRETS[kind]),
            (p11.CKA_VALUE, odd_parity(value) if kind.startswith("des") else value)])
        return
    half = name + [(p11.CKA_PRIVATE, no), (p11.CKA_VERIFY, yes)]
    if kind == "rsa":
        how = p11.CKM_RSA_PKCS_KEY_PAIR_GEN
        half += [(p11.CKA_MODULUS_BITS, size), (p11.CKA_PUBLIC_EXPONENT, b"\1\0\1")]
    else:
        how = EDWARDS if size[0] in "ex" else p11.CKM_EC_KEY_PAIR_GEN
        half += [(p11.CKA_EC_PARAMS, bytes.fromhex(CURVES[size]))]
    session.generateKeyPair(half, template, p11.Mechanism(how))


def fill(pin, module, token, parameters):
    """What a token does not take, it does not have; of that SoftHSM leaves an object without a
    name."""
    lib = load(module, parameters)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.strip() == token)
    session = lib.openSession(slot, p11.CKF_SERIAL_SESSION | p11.CKF_RW_SESSION)
    session.login(pin)
    for line in sys.stdin:
        spec = json.loads(line)
        try:
            make(session, spec)
            print(spec["label"])
        except p11.PyKCS11Error as error:
            print(f"{spec['label']}: {error}", file=sys.stderr)
            for handle in session.findObjects([(p11.CKA_LABEL, b"")]):
                session.destroyObject(handle)


# --- review and outcome ---

Outcome = collections.namedtuple("Outcome", "promised reason outcome why touched")


def read_journal(path):
    """What the review said of each key that was chosen, and what became of it."""
    planned, done, touched = {}, {}, set()
    for _, kind, _, fields in records.lines_of(path):
        number = fields.get("key")
        if kind == "planned" and "companion-of" not in fields:
            planned[number] = fields
        elif kind == "key-done":
            done[number] = fields
        elif kind == "step" and number:
            touched.add(number)
    return {fields["label"]:
            Outcome(fields["route"] != "none", fields.get("reason", ""),
                    done.get(number, {}).get("outcome", "none told"),
                    done.get(number, {}).get("text", ""), number in touched)
            for number, fields in planned.items()}


def is_beyond(label, key_):
    """Did the review say that it does not know the length, and that one like this would fail?"""
    limit = re.search(r"its length is not known, this keeps it up to (\d+) bytes", key_.reason)
    size = re.fullmatch(r"z?secret(\d+)", label)
    return key_.promised and limit and size and int(size[1]) > int(limit[1])


def judge(outcomes):
    """Where review and outcome differ; one line each."""
    for label, key_ in sorted(outcomes.items()):
        if is_beyond(label, key_):
            if key_.outcome not in ("failed", "pending"):
                yield f"{label}: would fail ({key_.reason}), then {key_.outcome}"
        elif key_.promised and key_.outcome != "migrated":
            yield f"{label}: promised ({key_.reason}), then {key_.outcome}: {key_.why}"
        elif not key_.promised and key_.outcome != "refused":
            yield f"{label}: not promised ({key_.reason}), then {key_.outcome}: {key_.why}"
        elif not key_.promised and not key_.reason:
            yield f"{label}: refused without a reason"
        elif not key_.promised and key_.touched:
            yield f"{label}: refused, and touched all the same"


def check_judge(words, outcomes):
    """Controls: the judge finds each of these in the very outcomes that it found right."""
    moved = next(label for label, key_ in sorted(outcomes.items()) if key_.promised)
    stayed = next(label for label, key_ in outcomes.items() if not key_.promised)
    for what, label, change in (
            ("a promised key that failed", moved, {"outcome": "failed"}),
            ("a promised key that was refused", moved, {"outcome": "refused"}),
            ("a promised key of which nothing was told", moved, {"outcome": "none told"}),
            ("a refused key that failed", stayed, {"outcome": "failed"}),
            ("a refusal without a reason", stayed, {"reason": ""}),
            ("a refused key that was touched", stayed, {"touched": True})):
        doctored = copy.copy(outcomes)
        doctored[label] = doctored[label]._replace(**change)
        complaints = list(judge(doctored))
        case(len(complaints) == 1 and complaints[0].startswith(label + ":"),
             f"{words}: control: the judge finds {what}", str(complaints))


def ceremony(folder, hsmferry, source, destination):
    """Exit code, what became of the keys, and the log."""
    os.mkdir(folder)
    # A secret that proves too long ends a ceremony: one key follows the other, so that only later ones are lost.
    with open(f"{folder}/ceremony.yaml", "w", encoding="utf-8") as file:
        file.write("title: Walk\nrehearsal: yes\nsessions: 1\n" + source.lines("source") +
                   destination.lines("destination") +
                   "keys: ['pkcs11:object=*']\nreport-folder: reports\npolicy:\n  gates: []\n")
    done = subprocess.run([hsmferry, "--plain", f"{folder}/ceremony.yaml"], check=False, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    journals = glob.glob(f"{folder}/reports/*.journal")
    return done.returncode, read_journal(journals[0]) if journals else {}, done.stdout


# What must be among the promises, so that a review that refuses all keeps no word.
FLOOR = {"aes128", "aes192", "aes256", "secret1", "secret16", "secret32", "secret48", "secret256"}


def check_pair(pair, source, made, folder, hsmferry):
    """One pair."""
    destination = SIDES[pair.split(":")[1]](f"{folder}/destination")
    code, outcomes, log = ceremony(f"{folder}/ceremony", hsmferry, source, destination)
    beyond = {label for label, key_ in outcomes.items() if is_beyond(label, key_)}
    promised = {label for label, key_ in outcomes.items() if key_.promised} - beyond
    complaints = list(judge(outcomes))
    case(code == (65 if beyond else 0) and not complaints,
         f"{pair}: what the review promised of {len(outcomes)} keys is what became of them",
         "\n# ".join([f"exit code {code}", *complaints]))
    if not outcomes or complaints:
        print(textwrap.indent(log[-6000:], "# "))
    case(set(outcomes) == made, f"{pair}: the review names each key that was made",
         str(set(outcomes) ^ made))
    case(FLOOR & made <= promised, f"{pair}: {len(promised)} go, plain ones among them",
         str(FLOOR & made - promised))
    listed = destination.listed()
    case(listed == promised, f"{pair}: another program lists what was promised, and no more",
         str(listed ^ promised))
    if os.environ.get("WALK_SHOWS"):
        for label, key_ in sorted(outcomes.items()):
            print(f"# {pair} {label}: {'goes' if key_.promised else 'STAYS'}: {key_.reason}")
    if outcomes and not complaints:
        check_judge(pair, outcomes)


def main(folder, hsmferry, how, *pairs):
    """Each source is made once; no ceremony changes it."""
    os.umask(0o077)
    sources = {}
    specs = [*plain_keys(how == "whole"), *special_keys(how == "whole")]
    for number, pair in enumerate(pairs):
        kind = pair.split(":")[0]
        if kind not in sources:
            side = SIDES[kind](f"{folder}/{kind}/source")
            with open(f"{folder}/{kind}/unmade", "w+", encoding="utf-8") as unmade:
                text = side.python("walk.py", "fill", side.pin, side.module, side.token,
                                   side.parameters, input="\n".join(map(json.dumps, specs)),
                                   stderr=unmade)
            sources[kind] = side, set(text.split())
            missing = FLOOR - sources[kind][1]
            case(not missing, f"{kind}: {len(text.split())} of {len(specs)} keys are made", str(missing))
        os.mkdir(f"{folder}/{number}")
        check_pair(pair, *sources[kind], f"{folder}/{number}", hsmferry)


if __name__ == "__main__":
    (fill if sys.argv[1] == "fill" else main)(*sys.argv[2 if sys.argv[1] == "fill" else 1:])
