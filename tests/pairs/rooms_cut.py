# SPDX-License-Identifier: Apache-2.0
"""Visits that are cut off: the console and its agents are killed at each call that changes an HSM,
before it and after it. The visit is then made again, and must come to its end, with every key there
once, and no pair.

    rooms_cut.py FOLDER HSMFERRY AGENT [STEP]
    rooms_cut.py agent FOLDER AGENT              the agent that kills: FOLDER/cut has HOW, and N or
                                                 the name of a call

Every STEP-th call is tried. Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys

import rooms
from rooms import case, make, outcomes, read_out

sys.path.insert(0, os.path.join(rooms.HERE, "..", "faults"))
import agent as between

LABELS = ["aes128", "rsa2048"]
WEAK = "secret32"  # whose proofs need the pair
ORDER = "one-bundle"
# "offers" tries with test keys; "prove" changes nothing, but is all that confirm asks for.
CHANGES = {"offers", "prove", "make_pair", "load_public", "make_aes", "make_key", "wrap", "unwrap",
           "commit", "destroy", "make_public", "remove", "make_token_pair"}
CALLS = dict(enumerate(between.CALLS, between.FIRST_FIELD))


# --- the agent that kills ---

def call_of(frame):
    """Which call a request is."""
    _, at = between.varint(frame, 5)
    return CALLS.get(between.varint(frame, at)[0] >> 3, "?")


def kill(folder):
    """The console first, which must see nothing."""
    with open(f"{folder}/cut", "w", encoding="ascii") as file:
        file.write("cut 0")
    with open(f"{folder}/console.pid", encoding="ascii") as file:
        os.kill(int(file.read()), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def be_agent(folder, command):
    """Passes frames on, until it is time."""
    with open(f"{folder}/cut", encoding="ascii") as file:
        how, due = file.read().split()
    with subprocess.Popen([command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        seen, greeted = 0, False
        while True:
            request = between.read_frame(sys.stdin.buffer)
            hit = False
            if greeted and call_of(request) == due:
                hit = True
            elif greeted and call_of(request) in CHANGES:
                seen += 1
                hit = due == str(seen)
            greeted = True
            if hit and how == "before":
                agent.kill()
                kill(folder)
            agent.stdin.write(request)
            agent.stdin.flush()
            reply = between.read_frame(agent.stdout)
            if hit and how == "after":
                agent.kill()
                kill(folder)
            sys.stdout.buffer.write(reply)
            sys.stdout.buffer.flush()


# --- the sweep ---

def plan(folder, how, due):
    """The next agents kill so."""
    with open(f"{folder}/cut", "w", encoding="ascii") as file:
        file.write(f"{how} {due}")


def was_cut(folder):
    """Did the last one?"""
    with open(f"{folder}/cut", encoding="ascii") as file:
        return file.read() == "cut 0"


def make_console(folder, hsmferry):
    """A command that leaves the number of its process."""
    with open(f"{folder}/console", "w", encoding="ascii") as file:
        file.write(f"#!/bin/sh\necho $$ >{folder}/console.pid\nexec {hsmferry} \"$@\"\n")
    os.chmod(f"{folder}/console", 0o700)


def run(folder, room, name, *files, typed=()):
    """A visit whose process leaves its number."""
    command, room.hsmferry = room.hsmferry, f"{folder}/console"
    ended, log = room.visit(name, *files, words=typed)
    room.hsmferry = command
    return ended, log


def check_end(words, sides, name):
    """The source has what it had; the destination has each key once, and the pair only while it
    waits."""
    waits, arrived = name in ("offer", "load"), name in ("accept", "confirm")
    sources = sides["source"].listed()
    case(sources == {*LABELS, WEAK}, f"{words}: the source has its keys and no others", str(sources))
    text = sides["destination"].run(
        "pkcs11-tool", "--module", sides["destination"].module, "--token-label", "token",
        "--login", "--pin", "env:PIN", "--list-objects", stderr=subprocess.DEVNULL)
    there = sorted(re.findall(r"^  label: +(\S+)", text, re.M))
    pairs = [label for label in there if label.startswith("hsmferry:")]
    keys = [label for label in there if not label.startswith("hsmferry:")]
    case(len(pairs) == (2 if waits else 0), f"{words}: the pair", str(there))
    case(keys == (["aes128", "rsa2048", "rsa2048", WEAK] if arrived else []),
         f"{words}: each key and its public key, once", str(there))


def sweep(folder, room, other, sides, name, files, typed, step):
    """Every step-th call of this visit; what it wrote in the end, and its words."""
    suffix = {"offer": "offer", "load": "bundle", "accept": "receipt"}.get(name)
    shutil.copytree(room.folder, f"{room.folder}.before")
    due, cut = 1, True
    while cut:
        for how in "before", "after":
            words = f"{name} is cut off {how} change {due}"
            shutil.rmtree(room.folder)
            shutil.copytree(f"{room.folder}.before", room.folder)
            plan(folder, how, due)
            run(folder, room, name, *files, typed=typed)
            cut = was_cut(folder)
            plan(folder, "not", 0)
            if not cut:
                break
            ended, log = run(folder, room, name, *files, typed=typed)
            done = suffix and ended == 77 and glob.glob(f"{room.reports}/*.{suffix}") and any(
                said in " ".join(log.split()) for said in ("was loaded before", "was used before"))
            case(ended == 0 or done, f"{words}: it comes to its end the next time, or had",
                 f"{ended}\n{log}")
            check_end(words, sides, name)
            for report in glob.glob(f"{room.reports}/*.yaml"):
                done = subprocess.run([room.hsmferry, "verify", report], check=False, text=True,
                                      stdout=subprocess.PIPE)
                case(done.returncode == 0, f"{words}: verify", done.stdout)
        due += step
    case(due > 1 + step, f"{name} was cut off at all", str(due))
    shutil.rmtree(f"{room.folder}.before")
    if not suffix:
        return None
    with open(f"{room.folder}/log", encoding="utf-8") as file:
        log = file.read()
    path = rooms.in_time(glob.glob(f"{room.reports}/*.{suffix}"))[-1]
    return path, read_out(log[log.rindex("$ "):])


def main(folder, hsmferry, agent, step="1"):
    """As above."""
    os.umask(0o077)
    rooms.LABELS = LABELS
    os.makedirs(folder, exist_ok=True)
    command = json.dumps([sys.executable, os.path.abspath(__file__), "agent", folder, agent])
    both, sides = make(f"{folder}/rooms", hsmferry, "softhsm:softhsm", ORDER, agent=command,
                       policy="  rsa-bits: 2048\n", weak=[WEAK])
    make_console(folder, hsmferry)
    source, destination = both["source"], both["destination"]
    plan(folder, "not", 0)
    offer, say = sweep(folder, destination, source, sides, "offer", (), (), int(step))
    shutil.copytree(destination.folder, f"{destination.folder}.offered")
    sweep(folder, destination, source, sides, "withdraw", (offer,), (), 1)
    shutil.rmtree(destination.folder)
    os.rename(f"{destination.folder}.offered", destination.folder)
    bundle, told = sweep(folder, source, destination, sides, "load", (source.take(offer),), [say],
                         int(step))
    receipt, said = sweep(folder, destination, source, sides, "accept",
                          (destination.take(bundle),), [told], int(step))
    sweep(folder, source, destination, sides, "confirm", (source.take(receipt),), [said], 1)
    confirmed = outcomes(source.report("confirm"))
    case(set(confirmed.values()) == {"migrated"},
         "after all of these, the source has judged every answer", str(confirmed))


if __name__ == "__main__":
    if sys.argv[1] == "agent":
        be_agent(*sys.argv[2:])
    main(*sys.argv[1:])
