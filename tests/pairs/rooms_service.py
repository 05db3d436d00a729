# SPDX-License-Identifier: Apache-2.0
"""Keys that come back from a key service as files: OpenSSL's library wraps them under the public key
of an offer, as such a service does, and hsmferry accept --format takes them.

    rooms_service.py FOLDER HSMFERRY AGENT DESTINATION...

Prints one line for each case, "ok - words" or "not ok - words"."""

import base64
import glob
import hashlib
import json
import os
import re
import subprocess
import sys

from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

import matrix
import rooms
import rooms_cut
from rooms import Room, outcomes
from sides import SIDES
from outside import case

ID = "5a"
matrix.IDS["arrived"] = ID
LABEL = "arrived"
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
WAIVER = rooms.WAIVER
TAKEN = " taken: "


# --- the key service ---

def secret(kind):
    """A fresh value: of a DES key with odd parity."""
    if kind == "DES3":
        return bytes(octet & 0xFE | bin(octet >> 1).count("1") & 1 ^ 1 for octet in os.urandom(24))
    name, size = kind.split()
    return os.urandom(int(size) // (8 if name == "AES" else 1))


class Service:
    """One key, and what a service does with it."""

    def __init__(self, kind, other=None):
        """kind: as the ceremony file says it. other: the kind that it really has."""
        self.kind = kind
        self.private = None
        really = other or kind
        if really.startswith("RSA"):
            self.private = rsa.generate_private_key(65537, int(really[4:]))
        elif really.startswith("EC"):
            self.private = ec.generate_private_key(ec.SECP256R1())
        self.value = self.private.private_bytes(
            DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) \
            if self.private else secret(really)

    def public(self):
        """The public key in PEM."""
        return self.private.public_key().public_bytes(PEM, SPKI)

    def check_value(self):
        """The first octets of an encrypted block of zeros."""
        des = self.kind == "DES3"
        cipher = Cipher((algorithms.TripleDES if des else algorithms.AES)(self.value),
                        modes.ECB()).encryptor()
        return cipher.update(bytes(8 if des else 16))[:3].hex()

    def wrap(self, pem, digest, how):
        """The file: rsa-aes or rsa-oaep."""
        with open(pem, "rb") as file:
            wrapping = serialization.load_pem_public_key(file.read())
        oaep = padding.OAEP(padding.MGF1(digest()), digest(), None)
        if how == "rsa-oaep":
            return wrapping.encrypt(self.value, oaep)
        kek = os.urandom(32)
        return wrapping.encrypt(kek, oaep) + keywrap.aes_key_wrap_with_padding(kek, self.value)


# --- the room ---

def arriving(service, uses, public=None, check=None):
    """The section of the ceremony file."""
    text = f"arriving:\n  kind: {service.kind}\n  uses: {uses}\n"
    if public:
        text += f"  public-key: {public}\n"
    return text + (f"  check-value: {check}\n" if check else "")


def make(folder, hsmferry, name, section, policy="", agent=None):
    """A room with an empty token of this API; agent: the command of another agent."""
    room = Room(folder, hsmferry)
    side = SIDES[name](f"{folder}/token")
    lines = side.lines("destination")
    lines = lines.replace("{", f'{{"agent": {agent}, ', 1) if agent else lines
    room.write("title: from a key service\nrehearsal: yes\n" + lines +
               f"keys: ['pkcs11:object={LABEL};id=%{ID}']\nreport-folder: reports\n" + section +
               f"policy:\n  rsa-bits: 2048\n  gates: []\n{policy}")
    return room, side


def write(room, name, data):
    """A file in the room."""
    path = f"{room.folder}/home/{name}"
    with open(path, "wb") as file:
        file.write(data)
    return path


def offer(words, room):
    """The public key in PEM, and the hash of OAEP that the log names."""
    before = set(glob.glob(f"{room.reports}/*.pem"))
    ended, log = room.visit("offer", "--pem")
    case(ended == 0 and "Give " in log, f"{words}: offer --pem", f"{ended}\n{log}")
    new = [path for path in set(glob.glob(f"{room.reports}/*.pem")) - before
           if not path.endswith(".pub.pem")]
    named = re.search(r"transport: rsa-oaep-(sha\d+)", " ".join(log.split()))
    digest = {"sha256": hashes.SHA256, "sha1": hashes.SHA1}[named[1]]
    return new[0], digest


def accept(room, path, how, typed=()):
    """Exit code and log in one line."""
    ended, log = room.visit("accept", path, "--format", how, words=typed)
    return ended, " ".join(log.split())


def verified(hsmferry, room):
    """hsmferry verify on the last report."""
    path = rooms.in_time(glob.glob(f"{room.reports}/*.yaml"))[-1]
    done = subprocess.run([hsmferry, "verify", path, "--journal",
                           path.replace(".yaml", ".journal")], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def works(side, service):
    """The key does in another program what only this key can do."""
    if not service.private:
        done = side.work(matrix.jobs([("digest", LABEL, b"")]))[0]
        return done == hashlib.sha256(service.value).digest()
    signature = side.work(matrix.jobs([("sign", LABEL, matrix.TEXT)]))[0]
    public = service.private.public_key()
    try:
        if service.kind.startswith("RSA"):
            public.verify(signature, matrix.TEXT, padding.PKCS1v15(), hashes.SHA256())
        else:
            public.verify(signature, matrix.TEXT, ec.ECDSA(hashes.SHA256()))
    except Exception:  # pylint: disable=broad-except
        return False
    return True


def has_public(side, service, report):
    """Its public half is on the token, as the report says and another program reads it."""
    der = side.work(matrix.jobs([("public", LABEL, b"")]))[0]
    return der == service.private.public_key().public_bytes(DER, SPKI) and \
        outcomes(report, "companions") == {LABEL: "migrated"}


# --- keys that arrive ---

# The kind, its uses, whether a public key proves it, whether a check value is given, the format.
KEYS = [("RSA 2048", "[sign]", True, False, "rsa-aes"),
        ("EC P-256", "[sign]", True, False, "rsa-aes"),
        ("AES 256", "[encrypt, decrypt]", False, True, "rsa-aes"),
        ("secret 32", "[sign]", False, False, "rsa-oaep"),
        ("DES3", "[encrypt, decrypt]", False, True, "rsa-aes"),
        ("RSA 2048", "[sign]", False, False, "rsa-aes"),
        ("EC P-256", "[sign]", False, False, "rsa-aes")]
# NSS makes an object of a private key only with its public half.
NEEDS_PUBLIC = {("nss", "RSA 2048"), ("nss", "EC P-256")}


def try_refused_by(words, room, side, path, how):
    """The canary finds out before the file is recorded, and the offer waits."""
    for _ in range(2):
        ended, log = accept(room, path, how, [WAIVER])
        case(ended == 2 and "only if its public half is given" in log and TAKEN not in log
             and "the offer is still open" in log, f"{words}: the canary fails, nothing is recorded",
             f"{ended} {log}")
    case(LABEL not in side.listed(), f"{words}: nothing arrived", str(side.listed()))
    ended, log = room.visit("withdraw", glob.glob(f"{room.reports}/*.offer")[0])
    case(ended == 0 and not side.listed(), f"{words}: the pair waited, and is withdrawn", log)


def try_key(folder, hsmferry, name, row, text=False):
    """One key, from the offer to its use in another program."""
    kind, uses, public, check, how = row
    words = f"{name}, {kind} by {how}{' in base64' if text else ''}"
    service = Service(kind)
    room, side = make(folder, hsmferry, name,
                      arriving(service, uses, "home/public.pem" if public else None,
                               service.check_value() if check else None),
                      "" if public else "  unproven: waiver\n")
    if public:
        write(room, "public.pem", service.public())
    pem, digest = offer(words, room)
    blob = service.wrap(pem, digest, how)
    path = write(room, "blob", base64.b64encode(blob) + b"\n" if text else blob)
    if not public and (name, kind) in NEEDS_PUBLIC:
        try_refused_by(words, room, side, path, how)
        return
    ended, log = accept(room, path, how, () if public else [WAIVER])
    report = room.report("accept")
    want = "migrated" if public else "unproven"
    case(ended == 0 and outcomes(report) == {LABEL: want}, f"{words}: {want}",
         f"{ended} {outcomes(report)}\n{log}")
    case(works(side, service), f"{words}: it works in another program")
    case(not public or has_public(side, service, report), f"{words}: its public half is there, too")
    case("a test key of this program arrived" in log, f"{words}: the canary passed", log)
    case(side.listed() == {LABEL}, f"{words}: no pair is left", str(side.listed()))
    ok, said = verified(hsmferry, room)
    case(ok, f"{words}: verify", said)
    with open(path, "rb") as file:
        sha256 = hashlib.sha256(file.read()).hexdigest()
    taken = [entry for entry in (report or {}).get("files", []) if entry["state"] == "taken"]
    case([(entry["format"], entry["sha256"]) for entry in taken] == [(how, sha256)],
         f"{words}: the report has the file", str(taken))
    ended, log = accept(room, path, how, () if public else [WAIVER])
    case(ended == 77 and "used before" in log and TAKEN not in log,
         f"{words}: not a second time", f"{ended} {log}")


# --- what is refused ---

def refuse(folder, hsmferry, words, spoil, code, sentence, *, kind="RSA 2048", really=None,
           how="rsa-aes", before=False, public=None, check=None, typed=(), policy=""):
    """spoil(blob, room, service, digest) is taken in place of the blob. before: nothing is
    recorded, and the offer still has the good one, which is the control."""
    service = Service(kind, really)
    private = kind.startswith(("RSA", "EC"))
    room, side = make(folder, hsmferry, "softhsm",
                      arriving(service, "[sign]" if private else "[encrypt, decrypt]",
                               "home/public.pem" if private else None, check), policy)
    if private:
        write(room, "public.pem", public or service.public())
    pem, digest = offer(words, room)
    blob = service.wrap(pem, digest, how)
    bad = write(room, "bad", spoil(blob, room, service, digest))
    ended, log = accept(room, bad, how, typed)
    case(ended == code and sentence in log, f"{words}: refused, and it says why", f"{ended} {log}")
    case(LABEL not in side.listed(), f"{words}: nothing arrived", str(side.listed()))
    case((TAKEN in log) != before, f"{words}: {'before' if before else 'after'} it was recorded", log)
    ok, said = verified(hsmferry, room)
    case(before or ok, f"{words}: verify", said)
    good = write(room, "good", blob)
    if before and private:
        write(room, "public.pem", service.public())
    ended, log = accept(room, good, how, typed)
    if before:
        case(ended == 0 and works(side, service), f"{words}: control: the whole one is taken",
             f"{ended} {log}")
    else:
        case(ended == 77 and ("another file" in log or "was used before" in log),
             f"{words}: no other file from then on",
             f"{ended} {log}")


def other_offer(blob, room, service, digest):
    """Wrapped for an offer that was withdrawn, which waited before this one."""
    del blob, room
    stranger = rsa.generate_private_key(65537, 2048).public_key().public_bytes(PEM, SPKI)
    path = f"/proc/self/fd/{memory(stranger)}"
    return service.wrap(path, digest, "rsa-aes")


def memory(data):
    """A file without a name."""
    file = os.memfd_create("key")
    os.write(file, data)
    return file


def flip(at):
    """One octet of another value."""
    def spoil(blob, *_):
        return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:]
    return spoil


def try_refused(folder, hsmferry):
    """Each with its control."""
    def run(number, *words, **more):
        refuse(f"{folder}/{number}", hsmferry, *words, **more)

    run(1, "a truncated file", lambda blob, *_: blob[:-8], 65, "", before=False)
    run(2, "a file cut within OAEP", lambda blob, *_: blob[:200], 65, "bytes long", before=True)
    run(3, "an empty file", lambda *_: b"", 65, "is empty", before=True)
    run(4, "one octet too many", lambda blob, *_: blob + b"\0", 65, "bytes long", before=True)
    run(5, "an altered AES key", flip(10), 65, "Make a new offer")
    run(6, "an altered key", flip(-10), 65, "Make a new offer")
    run(7, "another offer's blob", other_offer, 65, "Make a new offer")
    run(8, "another kind", lambda blob, *_: blob, 65, "", really="EC P-256",
        public=Service("RSA 2048").public())
    run(9, "another public key", lambda blob, *_: blob, 65, "",
        public=Service("RSA 2048").public())
    run(10, "another check value", lambda blob, *_: blob, 65, "check values of both sides differ",
        kind="AES 256", check="000000", typed=[WAIVER], policy="  unproven: waiver\n")
    run(11, "a public key of another kind", lambda blob, *_: blob, 65, "the public key is not one",
        public=Service("EC P-256").public(), before=True)


def try_unproven(folder, hsmferry):
    """A key that nothing proves needs the policy, and then a word."""
    service = Service("AES 256")
    for policy, typed, code in (("", (), 69), ("  unproven: waiver\n", ((WAIVER[0], "skip\\n"),), 2)):
        words = f"an AES key, {'waiver' if policy else 'no waiver'}"
        room, side = make(f"{folder}/{code}", hsmferry, "softhsm",
                          arriving(service, "[encrypt, decrypt]"), policy)
        pem, digest = offer(words, room)
        path = write(room, "blob", service.wrap(pem, digest, "rsa-aes"))
        ended, log = accept(room, path, "rsa-aes", typed)
        case(ended == code and TAKEN not in log and LABEL not in side.listed(),
             f"{words}: it is not taken", f"{ended} {log}")


def try_offers(folder, hsmferry):
    """Two offers that wait; an offer that is withdrawn."""
    words = "two offers"
    service = Service("RSA 2048")
    room, side = make(folder, hsmferry, "softhsm", arriving(service, "[sign]", "home/public.pem"))
    write(room, "public.pem", service.public())
    ended, log = room.visit("offer")
    case(ended == 64 and "--pem" in log, "offer without --pem is refused", f"{ended} {log}")
    first, digest = offer(words, room)
    first_offer = first.replace(".pem", ".offer")
    old = write(room, "old", service.wrap(first, digest, "rsa-aes"))
    second, _ = offer(words, room)
    blob = write(room, "blob", service.wrap(second, digest, "rsa-aes"))
    ended, log = accept(room, blob, "rsa-aes")
    case(ended == 4 and "two offers wait" in log, f"{words}: refused", f"{ended} {log}")
    ended, log = room.visit("withdraw", first_offer)
    case(ended == 0, f"{words}: one is withdrawn", log)
    ended, log = accept(room, blob, "rsa-oaep")
    case(ended == 65 and "bytes long" in log, f"{words}: the wrong format is refused",
         f"{ended} {log}")
    ended, log = accept(room, blob, "rsa-aes")
    case(ended == 0 and works(side, service), f"{words}: and the other one is used",
         f"{ended} {log}")
    ended, log = room.visit("withdraw", second.replace(".pem", ".offer"))
    case(ended == 77 and "was accepted" in " ".join(log.split()), f"{words}: then it cannot be",
         log)
    ended, log = accept(room, old, "rsa-aes")
    case(ended == 77, f"{words}: the file for the withdrawn one has no offer", f"{ended} {log}")


# --- what is cut off ---

def try_cut(folder, hsmferry, agent, how, due, policy="  canary: none\n"):
    """The console and its agent are killed at this call; the same file is then taken to its end."""
    early = not policy  # within the canary: the file is not recorded yet
    words = f"accept is cut off {how} {due}{' of the canary' if early else ''}"
    os.makedirs(folder)
    command = json.dumps([sys.executable, os.path.abspath(rooms_cut.__file__), "agent", folder,
                          agent])
    service = Service("RSA 2048")
    room, side = make(f"{folder}/room", hsmferry, "softhsm",
                      arriving(service, "[sign]", "home/public.pem"), policy, agent=command)
    write(room, "public.pem", service.public())
    rooms_cut.make_console(folder, hsmferry)
    rooms_cut.plan(folder, "not", 0)
    pem, digest = offer(words, room)
    path = write(room, "blob", service.wrap(pem, digest, "rsa-aes"))
    other = write(room, "other", service.wrap(pem, digest, "rsa-aes"))
    rooms_cut.plan(folder, how, due)
    rooms_cut.run(folder, room, "accept", path, "--format", "rsa-aes")
    case(rooms_cut.was_cut(folder), f"{words}: it was")
    rooms_cut.plan(folder, "not", 0)
    if early:
        path = other
    else:
        ended, log = accept(room, other, "rsa-aes")
        case(ended == 77 and "another file" in log, f"{words}: no other file is taken",
             f"{ended} {log}")
    ended, log = accept(room, path, "rsa-aes")
    case(ended == 0 and outcomes(room.report("accept")) == {LABEL: "migrated"},
         f"{words}: {'any' if early else 'the same'} one comes to its end", f"{ended} {log}")
    case(works(side, service) and side.listed() == {LABEL}, f"{words}: one key, and no pair",
         str(side.listed()))
    ok, said = verified(hsmferry, room)
    case(ok, f"{words}: verify", said)


def main(folder, hsmferry, agent, *names):
    """As above."""
    os.umask(0o077)
    for number, cut in enumerate((("after", "unwrap"), ("before", "commit"), ("after", "commit"),
                                  ("before", "remove"), ("after", "remove"))):
        try_cut(f"{folder}/cut{number}", hsmferry, agent, *cut)
    try_cut(f"{folder}/early", hsmferry, agent, "after", "unwrap", "")
    for name in names:
        for number, row in enumerate(KEYS):
            try_key(f"{folder}/{name}{number}", hsmferry, name, row, text=number == 0)
    try_refused(f"{folder}/refused", hsmferry)
    try_unproven(f"{folder}/unproven", hsmferry)
    try_offers(f"{folder}/offers", hsmferry)


if __name__ == "__main__":
    main(*sys.argv[1:])
