# SPDX-License-Identifier: Apache-2.0
"""Offers that are open or have expired: which clock takes a file, what names such an offer, and what
must leave its pair alone: other ceremonies on the token, resume and clean.

    rooms_offers.py FOLDER HSMFERRY AGENT FILES.SO

Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import json
import os
import re
import subprocess
import sys

import rooms
import rooms_cut
from rooms import case, make, visit
from rooms_refused import refused

ORDER = "one-bundle"
HOUR = 3600
EXPIRED, BEFORE = -73 * HOUR, 2 * HOUR  # so much is the clock behind


def at(clock, preload):
    """The environment of a host whose clock is wrong."""
    return {"LD_PRELOAD": preload, "CLOCK_BACK": f"1:{clock}"}


def names(room, environment=None):
    """What a start on the token of the destination says of offers."""
    done = subprocess.run([room.hsmferry, "probe", "--no-canary", room.ceremony], check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=os.environ | (environment or {}))
    return " ".join(done.stdout.split())


def labels(side, ours):
    """Of all objects on the token: those with temporary names, or the others."""
    text = side.run("pkcs11-tool", "--module", side.module, "--token-label", side.token, "--login",
                    "--pin", "env:PIN", "--list-objects", stderr=subprocess.DEVNULL)
    return sorted(label for label in re.findall(r"^  label: +(\S+)", text, re.M)
                  if label.startswith("hsmferry:") == ours)


def try_clocks(source, destination, preload):
    """Through load and accept."""
    offer, say = visit("clocks", destination, "offer", suffix="offer")
    offer = source.take(offer)
    case("waits on this token until" in names(destination), "a start names the open offer")
    late = names(destination, at(EXPIRED, preload))
    case("is still on this token, and its offer expired at" in late,
         "a start names the expired offer, and says that withdraw destroys it", late)
    for clock, sentence in ((EXPIRED, "the offer has expired"),
                            (BEFORE, "was written later than the time that this clock shows")):
        refused(f"load, clock {-clock} s ahead", source, "load", offer, code=77, sentence=sentence,
                environment=at(clock, preload))
    bundle, told = visit("clocks", source, "load", offer, typed=[say], suffix="bundle")
    for clock, sentence in ((EXPIRED, "the bundle has expired"),
                            (BEFORE, "was written later than the time that this clock shows")):
        refused(f"accept, clock {-clock} s ahead", destination, "accept", bundle, code=77,
                sentence=sentence, environment=at(clock, preload))
    return bundle, told


def in_one_room(folder, source, destination, hsmferry, command):
    """A ceremony file for the same two tokens in one room, with keys of other names, and the
    report folder of the offer."""
    room = rooms.Room(f"{folder}/one", hsmferry)
    room.reports = destination.reports
    with open(destination.ceremony, encoding="utf-8") as file:
        text = file.read()
    lines = [line.replace("{", f'{{"agent": {command}, ', 1) if line.startswith(
        ("source:", "destination:")) else line for line in text.split("\n")]
    text = "\n".join(lines).replace("title: two rooms", "title: one room").replace(
        "report-folder: reports", f"report-folder: {destination.reports}").replace(
            "pkcs11:object=aes128", "pkcs11:object=aes256").replace(
                "  gates: []\n", "  gates: []\n  canary: none\n")
    room.write(re.sub(r"sealed:\n(  .*\n)+", "", text))
    return room


def run(room, *words):
    """A command in that room: exit code and log."""
    done = subprocess.run([f"{room.folder}/../console", *words, "--plain"], check=False, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    return done.returncode, " ".join(done.stdout.split())


def last_journal(room):
    """Of the last ceremony that is not a visit."""
    return sorted(glob.glob(f"{room.reports}/*one-room.journal"))[-1]


def try_others(folder, room, side):
    """A ceremony that is cut off when its key is kept; it is cleaned, and the next one resumed."""
    pair = labels(side, True)
    case(len(pair) == 2 and len(set(pair)) == 1, "the pair of the offer waits", str(pair))
    for settle in "clean", "resume":
        rooms_cut.plan(folder, "after", "commit")
        ended, log = run(room, room.ceremony)
        case(rooms_cut.was_cut(folder), f"a ceremony is cut off, for {settle}", f"{ended} {log}")
        case("waits on this token until" in log, "... and names the open offer", log)
        rooms_cut.plan(folder, "not", 0)
        ended, log = run(room, settle, last_journal(room))
        case(ended == 0, f"{settle} comes to its end", f"{ended} {log}")
        case(labels(side, True) == pair, f"{settle} leaves the pair of the offer alone",
             str(labels(side, True)))
    case(labels(side, False) == ["aes256"], "the ceremony has kept its key", str(labels(side, False)))


def main(folder, hsmferry, agent, preload):
    """As above."""
    os.umask(0o077)
    rooms.LABELS, rooms.SECRETS = ["aes128", "aes256"], []
    os.makedirs(folder, exist_ok=True)
    both, sides = make(f"{folder}/rooms", hsmferry, "softhsm:softhsm", ORDER)
    source, destination = both["source"], both["destination"]
    for room in both.values():
        with open(room.ceremony, encoding="utf-8") as file:
            text = file.read()
        room.write(text.replace("pkcs11:object=*", "pkcs11:object=aes128"))
    bundle, told = try_clocks(source, destination, preload)
    rooms_cut.make_console(folder, hsmferry)
    command = json.dumps([sys.executable, os.path.abspath(rooms_cut.__file__), "agent", folder,
                          agent])
    room = in_one_room(folder, source, destination, hsmferry, command)
    try_others(folder, room, sides["destination"])
    visit("after all of these", destination, "accept", bundle, typed=[told], suffix="receipt")
    case(labels(sides["destination"], True) == [], "... and the pair is destroyed")


if __name__ == "__main__":
    main(*sys.argv[1:])
