# SPDX-License-Identifier: Apache-2.0
"""Looks through what crossed the pipes of a ceremony, and accounts for each octet string of it:
public keys, ciphertext, answers to random challenges; never the keys themselves.

    pipes.py FOLDER HSM.PROTO

FOLDER holds known.json, pins/, report.yaml and, in taps/ for each side, the copies of tap.sh.
Prints one line for each case, "ok - words" or "not ok - words"; pipes.sh numbers them."""

import collections
import glob
import hashlib
import os
import re
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import cmac, hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import known
import records

SIDES = ("source", "destination")


def case(good, words, detail=""):
    """One case; detail is shown where it failed."""
    print(f"{'ok' if good else 'not ok'} - {words}")
    if not good and detail:
        print(f"# {detail}")


# --- the messages ---------------------------------------------------------------------------------

def frames(data):
    """The messages in a stream, which holds nothing else."""
    at, found = 0, []
    while at < len(data):
        end = at + 4 + int.from_bytes(data[at:at + 4], "big")
        assert end <= len(data), "the stream is torn"
        found.append(data[at + 4:end])
        at = end
    return found


def fields(data):
    """A protobuf message: field numbers, and the values of each."""
    def varint(at):
        value = shift = 0
        while True:
            value |= (data[at] & 0x7f) << shift
            shift, at = shift + 7, at + 1
            if not data[at - 1] & 0x80:
                return value, at
    found, at = {}, 0
    while at < len(data):
        tag, at = varint(at)
        if tag & 7 == 0:
            value, at = varint(at)
        else:
            size, at = {1: (8, at), 5: (4, at)}.get(tag & 7) or varint(at)
            value, at = data[at:at + size], at + size
        found.setdefault(tag >> 3, []).append(value)
    return found


class Proto:
    """The numbers of a message's fields, from hsm.proto itself."""

    def __init__(self, path):
        with open(path, encoding="ascii") as file:
            self.text = file.read()

    def names(self, message):
        """Its fields' names by number."""
        body = re.search(rf"^message {message} {{\n(.*?)^}}", self.text, re.M | re.S)[1]
        return {int(n): name for name, n in re.findall(r"(\w+) = (\d+);", body)}

    def read(self, message, data):
        """A message's fields by name."""
        names = self.names(message)
        return {names[number]: values for number, values in fields(data).items()}


# --- what an octet string may be ------------------------------------------------------------------

def is_public_key(blob):
    """Is it a DER SubjectPublicKeyInfo, and nothing besides?"""
    try:
        key = serialization.load_der_public_key(blob)
    except ValueError:
        return False
    return blob == key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


ZEROS = bytes(16)


def blocks_of(challenge, answer):
    """Each block of a challenge with its ciphertext; none if it is not as long as an agent returns it:
    of a last block of zeros only the three octets of the check value."""
    kept = len(challenge) - (13 if challenge.endswith(ZEROS) else 0)
    if len(challenge) % 16 or len(answer) != kept:
        return []
    return [(challenge[i:i + 16], answer[i:i + 16]) for i in range(0, len(challenge), 16)]


def is_answer(keys, challenge, answer):
    """Is it what one of the known keys makes of the challenge: a block of ciphertext, a digest, a
    signature?"""
    aes = Cipher(algorithms.AES(keys.value("aes")), modes.ECB()).encryptor()
    if not any(challenge):  # a check value: three octets, and no more
        mac = cmac.CMAC(algorithms.AES(keys.value("aes")))
        mac.update(challenge)
        return answer in (aes.update(challenge)[:3], mac.finalize()[:3])
    pairs = blocks_of(challenge, answer)
    if pairs and all(aes.update(block)[:len(cipher)] == cipher for block, cipher in pairs):
        return True
    if answer == hashlib.sha256(challenge + keys.value("password")).digest():
        return True
    if len(challenge) != 32:
        return False
    sha256, half = utils.Prehashed(hashes.SHA256()), len(answer) // 2
    r, s = (int.from_bytes(part, "big") for part in (answer[:half], answer[half:]))
    attempts = (("rsa", answer, (padding.PKCS1v15(), sha256)),
                ("ec", utils.encode_dss_signature(r, s), (ec.ECDSA(sha256),)))
    for label, signature, how in attempts:
        try:
            serialization.load_der_public_key(keys.public(label)).verify(signature, challenge, *how)
            return True
        except InvalidSignature:
            pass
    return False


def is_description(key, keys, spki_digests, thrown_away):
    """Does the description of a key tell names, the digest of a public half, an AES check value, and
    no more? A throw-away key has a random id, also once the destination has stored it."""
    thrown_away = thrown_away or any(name.startswith(b"hsmferry:") for name in key.get("label", []))
    named = ("label",) if thrown_away else ("label", "id")
    names = [name.decode() for field in named for name in key.get(field, []) if name]
    return (all(name in keys.keys or name.startswith("hsmferry:") for name in names) and
            all(len(name) <= 8 for name in key.get("id", []) if thrown_away) and
            all(digest in spki_digests for digest in key.get("spki_sha256", []) if digest) and
            (key.get("type_name") == [b"CKK_AES"] or not any(key.get("check_value", []))))


# --- the looks ------------------------------------------------------------------------------------

def check_streams(taps, keys, pins):
    """The known values, and the PINs, are in none of the streams; other things are."""
    everything = b"".join(taps.values())
    sent = b"".join(data for (_, stream), data in taps.items() if stream != "in")
    for label in keys.keys:
        found = sum(known.hits(everything, value) for _, value in keys.parts(label, "secret"))
        case(found == 0, f"no part of {label} in any form, in any direction", f"{found} hits")
    for side, pin in zip(SIDES, pins):
        case(known.hits(sent, pin) == 0, f"no agent ever sends the {side}'s PIN")
        case(known.hits(taps[side, "in"], pin) > 0, "control: it is in what the agent was sent")
        other = taps[SIDES[1 - SIDES.index(side)], "in"]
        case(known.hits(other, pin) == 0, "the other side's agent is not told it")
    for label in ("rsa", "ec"):
        part = dict(keys.parts(label, "public"))["modulus" if label == "rsa" else "point"]
        case(known.hits(taps["source", "out"], part) > 0,
             f"control: the public half of {label} is found in the same streams")
    value = keys.parts("rsa", "secret")[-1][1]
    missed = [form for piece in known.pieces(value) for form in known.forms(piece)
              if not known.hits(everything[:5000] + form + everything[5000:], value)]
    case(not missed, "control: one piece of one key, planted in any form, is found", str(missed))


def check_relayed(taps, report):
    """What the report says crossed the relay is what crossed."""
    relayed = [step for step in report["steps"] if "sha256" in step]
    # The public key once; each blob where it leaves, where it crosses and where it arrives; each
    # public object where it leaves and where it crosses.
    case(len(relayed) == 1 + 3 + 3 * len(report["keys"]) + 2 * len(report["companions"]),
         "the report names what crossed the relay")
    for step in relayed:
        def holds(data, size=step["bytes"], wanted=step["sha256"]):
            return any(hashlib.sha256(data[at:at + size]).hexdigest() == wanted
                       for at in range(len(data) - size + 1))
        ways = [("destination", "out"), ("source", "in")]
        if step["name"] != "relay-public":
            ways = [("source", "out"), ("destination", "in")]
        case(all(holds(taps[way]) for way in ways),
             f"{step['name']}{step.get('key', '')}: the same bytes left one agent and reached the other")


def conversations(proto, folder):
    """(agent, call, what was asked, kind of the reply, what it holds) of each call of each agent."""
    for out in sorted(glob.glob(f"{folder}/taps/*/*.out")):
        asked = {}
        with open(out[:-3] + "in", "rb") as stream:
            for frame in frames(stream.read())[1:]:
                request = proto.read("Request", frame)
                number = request.pop("id")[0]
                [(call, [body])] = request.items()
                asked[number] = call, body
        with open(out, "rb") as stream:
            for frame in frames(stream.read())[1:]:
                reply = proto.read("Reply", frame)
                call, body = asked[reply.pop("id")[0]]
                [(kind, [result])] = reply.items()
                yield out, call, body, kind, result


def verifies(spki, signature, challenge):
    """Is it a signature over the challenge, under this public key?"""
    key = serialization.load_der_public_key(spki)
    sha256 = utils.Prehashed(hashes.SHA256())
    how = (padding.PKCS1v15(), sha256)
    if isinstance(key, ec.EllipticCurvePublicKey):
        half = len(signature) // 2
        signature = utils.encode_dss_signature(*(int.from_bytes(part, "big") for part in
                                                 (signature[:half], signature[half:])))
        how = (ec.ECDSA(sha256),)
    try:
        key.verify(signature, challenge, *how)
    except InvalidSignature:
        return False
    return True


class Canary:
    """The throw-away keys: nobody knows their values, but what both sides say of them."""

    def __init__(self, proto, talks, report):
        self.proto = proto
        self.relayed = {bytes.fromhex(canary["sha256"])
                        for canary in report["canaries"] if "sha256" in canary}
        self.handles = set()
        for agent, call, body, kind, result in talks:
            if kind == "made":
                self.handles.add((agent, proto.read("Made", result)["handle"][0]))
            if call == "commit" and kind == "handle" and \
                    (agent, proto.read("Commit", body)["temporary"][0]) in self.handles:
                self.handles.add((agent, result))
            if call == "unwrap" and kind == "handle":
                blob = proto.read("Unwrap", body)["blob"][0]
                if hashlib.sha256(blob).digest() in self.relayed:
                    self.handles.add((agent, result))
        self.spkis = [result for agent, call, body, kind, result in talks if call == "public_key"
                      and (agent, proto.read("Object", body)["handle"][0]) in self.handles]
        self.answers = collections.Counter(
            (proto.read("Prove", body)["challenge"][0], result)
            for _, call, body, kind, result in talks if call == "prove" and kind == "blob")
        self.sides = collections.defaultdict(set)  # by a block and its ciphertext: who answered so
        for agent, call, body, kind, result in talks:
            if call == "prove" and kind == "blob":
                for pair in blocks_of(proto.read("Prove", body)["challenge"][0], result):
                    self.sides[pair].add(os.path.basename(os.path.dirname(agent)))
        self.ciphers = collections.Counter(block for block, _ in self.sides)

    def is_answer(self, challenge, answer):
        """Did both sides answer so, or does it verify?"""
        return (self.answers[challenge, answer] == 2 or self.is_ahead(challenge, answer) or
                len(challenge) == 32 and any(verifies(spki, answer, challenge) for spki in self.spkis))

    def is_ahead(self, challenge, answer):
        """The source answers in one call what the destination is asked part by part: both encrypted the
        same block, and no block in two ways. They have the check value in common."""
        pairs = blocks_of(challenge, answer)
        both = [block for block, cipher in pairs if self.sides[block, cipher] == set(SIDES)]
        return (any(map(any, both)) and
                all(block in both if block == ZEROS else self.ciphers[block] == 1 for block, _ in pairs))


def check_replies(proto, folder, keys, report):
    """Every octet string of every reply is accounted for."""
    all_calls = list(conversations(proto, folder))
    canary = Canary(proto, all_calls, report)
    relayed = canary.relayed | {bytes.fromhex(step["sha256"])
                                for step in report["steps"] if "sha256" in step}
    digests = (relayed | {keys.spki_sha256(label) for label in ("rsa", "ec")} |
               {hashlib.sha256(spki).digest() for spki in canary.spkis} |
               {hashlib.sha256(proto.read("Pair", result)["spki"][0]).digest()
                for _, _, _, kind, result in all_calls if kind == "pair"})

    def is_fine(agent, call, body, kind, result):
        if kind == "blob" and call == "prove":
            asked = proto.read("Prove", body)
            if (agent, asked["handle"][0]) in canary.handles:
                return canary.is_answer(asked["challenge"][0], result)
            return is_answer(keys, asked["challenge"][0], result)
        if kind == "blob" and call == "wrap":
            return hashlib.sha256(result).digest() in relayed
        if kind == "blob":
            return is_public_key(result)
        if kind == "pair":
            return is_public_key(proto.read("Pair", result)["spki"][0])
        if kind == "key":
            key = proto.read("Key", result)
            thrown_away = (agent, key["handle"][0]) in canary.handles
            return is_description(key, keys, digests, thrown_away)
        if kind == "keys":
            page = proto.read("KeyPage", result).get("keys", [])
            return all(is_description(proto.read("Key", key), keys, digests, False)
                       for key in page)
        return kind in ("done", "info", "slots", "handles", "offers", "handle", "made")

    case(len(canary.handles) > 4 and len(canary.spkis) >= 2,
         "control: throw-away keys are among them", f"{canary.handles} {len(canary.spkis)}")
    odd = [talk for talk in all_calls if not is_fine(*talk)]
    case(not odd, "every reply is accounted for: public keys, the report's ciphertext, answers to "
         "challenges, names", str(odd))
    calls = collections.Counter(talk[1] for talk in all_calls)
    print(f"# {dict(calls)}")
    case({"login", "wrap", "unwrap", "prove", "commit", "public_key"} <= set(calls),
         "control: the calls of a ceremony are among them")
    planted = [(agent, call, body, kind, keys.value("aes"))
               for agent, call, body, kind, _ in all_calls if kind == "blob"]
    case(planted and not any(is_fine(*talk) for talk in planted),
         "control: a key in the place of any of them is not")


def main(folder, proto):
    keys = known.Known(f"{folder}/known.json")
    report = records.load(f"{folder}/report.yaml")
    pins = []
    for side in SIDES:
        with open(f"{folder}/pins/{side}", "rb") as file:
            pins.append(file.read().strip())
    taps = {}
    for side in SIDES:
        for stream in ("in", "out", "log"):
            taps[side, stream] = b""
            for path in sorted(glob.glob(f"{folder}/taps/{side}/*.{stream}")):
                with open(path, "rb") as file:
                    taps[side, stream] += file.read()
    print("# " + ", ".join(f"{side} {stream}: {len(data)} bytes"
                           for (side, stream), data in taps.items()))
    case(report["summary"]["migrated"] == len(keys.keys), "every known key was moved")
    check_streams(taps, keys, pins)
    check_relayed(taps, report)
    check_replies(Proto(proto), folder, keys, report)


if __name__ == "__main__":
    main(*sys.argv[1:])
