# SPDX-License-Identifier: Apache-2.0
"""Ceremonies in two rooms: each room has its own folder, home and token, and only files cross.

    rooms.py FOLDER HSMFERRY PAIR[:ORDER]...

PAIR is SOURCE:DESTINATION. Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

import matrix
import rooms_guess
from matrix import Copies, Original, spec
from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
import records
from outside import case

LABELS = ["aes128", "aes256", "rsa2048", "ec256"]
# Of these, an answer would show which value is right: a PIN, an HMAC key, a DES key.
WEAK = {"secret4": ":value=34373131", "secret32": "",
        "des3": ":value=0123456789abcdeff1e0d3c2b5a49786fedcba9876543210"}
GUESSED = ("softhsm:softhsm", "one-bundle")  # the files that are attacked
PIN_LABEL, PIN = "secret4", b"4711"
matrix.IDS |= {"secret4": "21", "des3": "22"}
QUESTION = "as the other room reads them out: "  # the prompt; the log has no colon there


def in_time(paths):
    """In the order in which they were written: there may be two in a second."""
    return sorted(paths, key=lambda path: os.stat(path).st_mtime_ns)


class Room:
    """One room: the ceremony file, a side that it reaches, and what its visits wrote."""

    def __init__(self, folder, hsmferry):
        self.folder, self.hsmferry = folder, hsmferry
        self.reports = f"{folder}/reports"
        self.ceremony = f"{folder}/ceremony.yaml"
        os.makedirs(f"{folder}/home", exist_ok=True)

    def write(self, text):
        """The same bytes in both rooms."""
        with open(self.ceremony, "w", encoding="utf-8") as file:
            file.write(text)

    def visit(self, name, *files, words=(), other=None, environment=None):
        """One visit, in a process of its own, while the other room is not there: exit code and log.
        words: those that are typed, for each file; or what is waited for, and typed."""
        typed = [part for line in words
                 for part in (line if isinstance(line, tuple) else (QUESTION, f"{line}\\n"))]
        command = [self.hsmferry, name, *files[:1], self.ceremony, *files[1:], "--plain"]
        if other:
            os.rename(other.folder, f"{other.folder}.away")
        try:
            done = subprocess.run(
                [sys.executable, os.path.join(HERE, "..", "terminal.py"), *typed, "--", *command],
                check=False, text=True, errors="replace", stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, cwd=f"{self.folder}/home",
                env=os.environ | {"HOME": f"{self.folder}/home"} | (environment or {}))
        finally:
            if other:
                os.rename(f"{other.folder}.away", other.folder)
        with open(f"{self.folder}/log", "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}\n[{done.returncode}]\n")
        return done.returncode, done.stdout

    def report(self, visit):
        """The last report of a visit."""
        found = None
        for path in in_time(glob.glob(f"{self.reports}/*.yaml")):
            report = records.load(path)
            if report["ceremony"].get("visit") == visit:
                found = report
        return found

    def take(self, path):
        """A copy of a file that came from the other room."""
        return shutil.copy(path, f"{self.folder}/home/{os.path.basename(path)}")


def read_out(log):
    """The words of its file that the writer's log shows."""
    found = re.search(r"to read out in the other room: ((?:\S+ ){11}\S+)",
                      re.sub(r"\s+", " ", log))
    return found[1] if found else ""


def make(folder, hsmferry, pair, order, policy="", agent=None, weak=(), labels=None):
    """Two rooms with a filled source and an empty destination; agent: the command of both agents."""
    rooms = {name: Room(f"{folder}/{name}", hsmferry) for name in ("source", "destination")}
    names = dict(zip(rooms, pair.split(":")))
    sides = {name: SIDES[names[name]](f"{rooms[name].folder}/token") for name in rooms}
    sides["source"].fill([spec(label) for label in labels or LABELS] +
                         [spec(label) + WEAK[label] for label in weak])
    lines = {name: sides[name].lines(name) for name in sides}
    if agent:
        lines = {name: line.replace("{", f'{{"agent": {agent}, ', 1) for name, line in lines.items()}
    text = ("title: two rooms\nrehearsal: yes\n" + lines["source"] + lines["destination"] +
            f"keys: ['pkcs11:object=*']\nreport-folder: reports\nsealed:\n  order: {order}\n"
            f"policy:\n  gates: []\n{policy}")
    for room in rooms.values():
        room.write(text)
    return rooms, sides


def visit(words, room, name, *files, suffix=None, typed=(), other=None, code=0):
    """A visit that must end with this code; the file that it wrote, and its words."""
    ended, log = room.visit(name, *files, words=typed, other=other)
    case(ended == code, f"{words}: {name} ends with {code}", f"{ended}\n{log}")
    if not suffix or ended:
        return None, ""
    path = in_time(glob.glob(f"{room.reports}/*.{suffix}"))[-1]
    return path, read_out(log)


def carry(words, source, destination, order):
    """All visits, to the receipt."""
    offer, say = visit(words, destination, "offer", suffix="offer", other=source)
    if not offer:
        return None, ""
    at_source = source.take(offer)
    bundle, told = visit(words, source, "load", at_source, typed=[say], suffix="bundle",
                         other=destination)
    if not bundle:
        return None, ""
    if order == "strict":
        ack, say_ack = visit(words, destination, "accept", destination.take(bundle), typed=[told],
                             suffix="ack", other=source)
        if not ack:
            return None, ""
        bundle, told = visit(words, source, "load", at_source, source.take(ack),
                             typed=[say, say_ack], suffix="bundle", other=destination)
        if not bundle:
            return None, ""
    return visit(words, destination, "accept", destination.take(bundle), typed=[told],
                 suffix="receipt", other=source)


GATES = """officers:
  - {name: Grace Hopper, role: source officer}
  - {name: Ada Lovelace, role: destination officer}
  - {name: Emmy Noether, role: source witness}
  - {name: Mary Somerville, role: destination witness}
"""
DEVICE = ("of the serial of this device: ", "@serials\\n")


def both(word, second):
    """The officer of this room, and its witness after initials."""
    return [(f"type  {word}  to start: ", f"{word}\\n"),
            (f"type your initials, {second}, then  {word}  to start: ", f"{second} {word}\\n")]


def try_gates(folder, hsmferry):
    """In production, with every gate, and two officers at the review of each room."""
    words = "with every gate"
    rooms, _ = make(folder, hsmferry, "softhsm:softhsm", "one-bundle",
                    policy="  two-officers: [review]\n")
    for room in rooms.values():
        with open(room.ceremony, encoding="utf-8") as file:
            text = file.read()
        room.write(GATES + text.replace("rehearsal: yes", "rehearsal: no")
                   .replace("gates: []", "gates: [devices, review, fingerprint, key]"))
    source, destination = rooms["source"], rooms["destination"]
    offer, say = visit(words, destination, "offer", suffix="offer",
                       typed=[DEVICE, *both("offer", "MS")])
    if not offer:
        return
    keys = [(f"or  {label}  to move this key: ", f"{label}\\n")
            for label in sorted(LABELS)[1:]]
    skipped = ("or  aes128  to move this key: ", "skip\\n")
    bundle, told = visit(words, source, "load", source.take(offer), suffix="bundle",
                         typed=[DEVICE, say, *both("load 4", "EN"), skipped, *keys,
                                ("of the fingerprint: ", "@words\\n")])
    if not bundle:
        return
    receipt, said = visit(words, destination, "accept", destination.take(bundle),
                          suffix="receipt", typed=[DEVICE, told, *both("accept 3", "MS")])
    if not receipt:
        return
    visit(words, source, "confirm", source.take(receipt),
          typed=[DEVICE, said, *both("confirm 3", "EN")])
    case(outcomes(source.report("load")).get("aes128") == "refused"
         and sorted(outcomes(source.report("confirm"))) == sorted(LABELS)[1:],
         f"{words}: a key that was left out is in no file")


def outcomes(report, list_name="keys"):
    """By label."""
    return {key["label"]: key["outcome"] for key in report[list_name]} if report else {}


def replay(hsmferry, *journals):
    """In line mode: exit code, and the visits in their order."""
    done = subprocess.run([hsmferry, "replay", "--plain", *journals], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    files = re.findall(r"(hsmferry-\w+)/1, stage (\w+), (taken|written)", done.stdout)
    return done.returncode, files, done.stdout


def try_replay(words, hsmferry, rooms):
    """The journals of both rooms, named in a wrong order, are joined in that of the visits."""
    journals = sorted(path for room in rooms.values() for path in glob.glob(f"{room.reports}/*.journal"))
    code, files, log = replay(hsmferry, *reversed(journals))
    taken = [file[:2] for file in files if file[2] == "taken"]
    written = [file[:2] for file in files if file[2] == "written"]
    case(code == 0 and len(written) == len(journals) - 1 and set(taken) == set(written)
         and all(files.index((*file, "written")) < files.index((*file, "taken")) for file in taken),
         f"{words}: replay joins the journals of all visits in their order", f"{code} {files}\n{log}")
    code, _, log = replay(hsmferry, journals[0], journals[0])
    case(code == 65 and "are the same journal" in log, f"{words}: but not one twice", log)
    return journals[0]


def try_pair(folder, hsmferry, pair, order):
    """From offer to confirm, judged by tools that are not ours."""
    words = f"{pair} {order}"
    rooms, sides = make(folder, hsmferry, pair, order, weak=WEAK)
    source, destination = rooms["source"], rooms["destination"]
    labels = LABELS + list(WEAK)
    original = Original(sides["source"], labels)
    receipt, say = carry(words, source, destination, order)
    if not receipt:
        return None
    accepted = outcomes(destination.report("accept"))
    case(all(accepted.get(label) == "migrated" for label in labels),
         f"{words}: accept has migrated every key", str(accepted))
    loaded = outcomes(source.report("load"))
    case(all(loaded.get(label) == "bundled" for label in labels),
         f"{words}: load calls no key migrated", str(loaded))
    visit(words, source, "confirm", source.take(receipt), typed=[say], other=destination)
    confirmed = outcomes(source.report("confirm"))
    case(all(confirmed.get(label) == "migrated" for label in labels),
         f"{words}: the source has judged every key", str(confirmed))
    journal = try_replay(words, hsmferry, rooms)
    case(sides["destination"].listed() == set(labels),
         f"{words}: the destination has the keys and no pair", str(sides["destination"].listed()))
    case(sides["source"].listed() == set(labels),
         f"{words}: the source has what it had", str(sides["source"].listed()))
    labels.remove("des3")
    copies = Copies(sides["destination"], original, labels, folder)
    for label in labels:
        case(copies.works(label), f"{words}: {label} works in another program like the original")
    des3 = [sides[name].work(matrix.jobs([("digest", "des3", b"")]))[0] for name in sides]
    case(des3[0] is not None and des3[0] == des3[1],
         f"{words}: des3 has the digest of the original in another program", str(des3))
    if (pair, order) == GUESSED:
        guess(words, source, sides["source"],
              [*glob.glob(f"{source.folder}/home/*.offer"),
               *glob.glob(f"{source.reports}/*.bundle"), receipt])
    return journal


def guess(words, source, side, files):
    """A dictionary attack on all files, by someone who knows how they are made."""
    bundle = in_time(glob.glob(f"{source.reports}/*.bundle"))[-1]
    case(rooms_guess.attack(files) == [], f"{words}: a dictionary attack on the files finds nothing")
    case(side.work(matrix.jobs([("digest", PIN_LABEL, b"")]))[0] == hashlib.sha256(PIN).digest(),
         f"{words}: the source's secret is among the guesses")
    shown = hashlib.sha256(rooms_guess.challenge_of(bundle, PIN_LABEL) + PIN).digest()
    case(rooms_guess.attack([bundle], shown) == [PIN],
         f"{words}: control: with the same answer unencrypted it finds the secret")


def fakes(folder, hsmferry, parameters, policy, of_source=""):
    """Two rooms with fake HSMs; parameters: of the destination."""
    agent = os.path.join(os.environ["abs_top_builddir"], "tests/fake/hsmferry-agent-fake")
    rooms = {name: Room(f"{folder}/{name}", hsmferry) for name in ("source", "destination")}
    told = {"source": f"label=source;serial=1;keys=aes32:aes256,generic32:secret32;{of_source}",
            "destination": f"label=destination;serial=2;{parameters}"}
    sides = ""
    for name, room in rooms.items():
        with open(f"{room.folder}/pin", "w", encoding="ascii") as file:
            print("1234", file=file)
        sides += (f"{name}:\n  api: fake\n  agent: ['{agent}']\n  module: {room.folder}/token\n"
                  f'  parameters: "{told[name]}"\n'
                  f'  token: "pkcs11:token={name}?pin-source=file:{room.folder}/pin"\n')
    for room in rooms.values():
        room.write(f"title: two rooms\nrehearsal: yes\n{sides}keys: ['pkcs11:object=*']\n"
                   "report-folder: reports\nsealed:\n  order: one-bundle\n"
                   f"policy:\n  rsa-bits: 2048\n  gates: []\n{policy}")
    return rooms["source"], rooms["destination"]


def try_another(folder, hsmferry):
    """A source without the transport that the offer names first: somebody may want just that."""
    for offers, number in (("offers=rsa-oaep-sha1,aes-kwp", 1), ("", 0)):
        words = "another transport than offered" if number else "control: the one that is offered"
        source, destination = fakes(f"{folder}/{number}", hsmferry, "", "", offers)
        offer, say = visit(words, destination, "offer", suffix="offer")
        visit(words, source, "load", source.take(offer), typed=[say], suffix="bundle")
        warned = [warning["text"] for warning in source.report("load")["warnings"]
                  if warning["name"] == "transport-offered"]
        case(len(warned) == number and all("rsa-oaep-sha256 first" in text for text in warned),
             f"{words}: {number} warning", str(warned))


WAIVER = ("or  unproven  to move it", "unproven\\n")


def try_waiver(folder, hsmferry):
    """A destination that cannot decrypt evidence: the secret is left, or needs the waiver."""
    words = "a destination without AES-GCM"
    source, destination = fakes(f"{folder}/refused", hsmferry, "gcm=no", "")
    offer, say = visit(words, destination, "offer", suffix="offer")
    visit(words, source, "load", source.take(offer), typed=[say], suffix="bundle")
    loaded = outcomes(source.report("load"))
    case(loaded == {"aes256": "bundled", "secret32": "refused"},
         f"{words}: its secret is refused", str(loaded))
    for gcm in ("no", "yes"):
        words = f"waiver, gcm={gcm}"
        source, destination = fakes(f"{folder}/{gcm}", hsmferry, f"gcm={gcm}",
                                    "  unproven: waiver\n")
        offer, say = visit(words, destination, "offer", suffix="offer")
        bundle, told = visit(words, source, "load", source.take(offer), suffix="bundle",
                             typed=[say] + ([WAIVER] if gcm == "no" else []))
        if not bundle:
            continue
        receipt, said = visit(words, destination, "accept", destination.take(bundle),
                              typed=[told], suffix="receipt")
        accepted = outcomes(destination.report("accept"))
        want = "unproven" if gcm == "no" else "migrated"
        case(accepted == {"aes256": "migrated", "secret32": want},
             f"{words}: the secret arrives {want}", str(accepted))
        if receipt:
            visit(words, source, "confirm", source.take(receipt), typed=[said],
                  code=3 if gcm == "no" else 0)


def main(folder, hsmferry, *pairs):
    """As above."""
    os.umask(0o077)
    try_gates(f"{folder}/gates", hsmferry)
    try_waiver(f"{folder}/waiver", hsmferry)
    try_another(f"{folder}/another", hsmferry)
    journals = []
    for number, pair in enumerate(pairs):
        names, _, order = pair.partition(",")
        journals.append(try_pair(f"{folder}/{number}", hsmferry, names, order or "one-bundle"))
    code, _, log = replay(hsmferry, *filter(None, journals[:2]))
    case(code == 65 and log.count("belongs to migration") == 1,
         "replay joins no journals of two migrations", f"{code}\n{log}")


if __name__ == "__main__":
    main(*sys.argv[1:])
