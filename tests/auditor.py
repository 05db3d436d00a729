#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a report and its sheet what an auditor asks.

usage: auditor.py run HSMFERRY CEREMONY PIN   carries out the ceremony of auditor.sh, on a terminal
       auditor.py skip HSMFERRY CEREMONY      the other one, where a key is left out at its gate
       auditor.py ask REPORT SHEET            the twelve questions
       auditor.py forge HSMFERRY REPORT       answers that were changed under a new seal
       auditor.py forge-left-out HSMFERRY REPORT   likewise, of the other ceremony

The last three print a line for each case: "ok - words" or "not ok - words".
"""
import os
import pty
import re
import select
import sys
import time

import yaml

import forgery
from forgery import case


# --- the ceremony ---

class Terminal:
    """The program on a terminal; what it prints is looked at once, from where the last answer was given."""

    def __init__(self, words):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(words[0], words)
        self.text, self.at = "", 0

    def read(self, limit):
        if not select.select([self.fd], [], [], limit)[0]:
            return False
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode(errors="replace")
        return bool(data)

    def wait(self, pattern):
        until = time.monotonic() + 60
        while time.monotonic() < until:
            found = re.compile(pattern, re.S).search(self.text, self.at)
            if found:
                self.at = found.end()
                return found
            if not self.read(1) and os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
        sys.exit(f"not printed: {pattern}\n{self.text}")

    def answer(self, pattern, line):
        self.wait(pattern)
        os.write(self.fd, line.encode() + b"\n")

    def ended(self):
        while self.read(60):
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def fingerprint_words(text):
    """The words of the fingerprint as the source has it."""
    rows = re.findall(r"words +\d+-\d+ +source +(.*?)\r?\n", text)
    return " ".join(rows).split()


def run(hsmferry, ceremony, pin):
    t = Terminal([hsmferry, "--plain", ceremony])
    serial = str(yaml.safe_load(open(ceremony))["source"]["parameters"].split("serial=")[1].split(";")[0])
    t.answer(r"source's first: ", f"{serial[-4:]} {serial[-4:]}")
    t.answer(r"Ada, source officer, your PIN of token old[^\n]*: ", pin)
    t.answer(r"NOT AS THE SCRIPT SAYS.*type  !exception  [^\n]*: ", "ferry 2")
    t.answer(r"type  !exception  [^\n]*: ", "!exception")
    t.answer(r"What was expected: ", "three secret keys")
    t.answer(r"What happened instead: ", "the source holds two")
    t.answer(r"What was decided, and by whom: ", "go on; Ada and Charles")
    t.answer(r"to start: ", "ferry 2")
    for mark in ("", "C "):
        asked = t.wait(r"words (\d+), (\d+), (\d+) and (\d+) of the fingerprint: ")
        words = fingerprint_words(t.text)
        os.write(t.fd, (mark + " ".join(words[int(n) - 1] for n in asked.groups()) + "\n").encode())
    code = t.ended()
    print(t.text)
    sys.exit(code)


def skip(hsmferry, ceremony):
    """The first key is left out at its gate."""
    t = Terminal([hsmferry, "--plain", ceremony])
    t.answer(r"  one  to move this key: ", "skip")
    t.answer(r"  two  to move this key: ", "two")
    code = t.ended()
    print(t.text)
    sys.exit(code)


# --- the questions ---

def at(report, path):
    for part in path.split("."):
        report = report[int(part) if part.isdigit() else part]
    return report


# Each with the fields that answer it, what they must hold, and a line of the sheet.
QUESTIONS = [
    ("which keys", [("keys.0.label", "one"), ("keys.0.profile", 1), ("profiles.0.type", "AES 256")], r"one"),
    ("which of them the script names", [("keys.0.script-line", 1), ("script.lines.0.uri", "pkcs11:type=secret-key"),
                                        ("summary.script", "deviated")], r"line 1 +pkcs11:type=secret-key"),
    ("from which device", [("source.label", "old"), ("source.serial", r"\d+")], r"source +old, serial \d+"),
    ("to which", [("destination.label", "new")], r"destination +new, serial \d+"),
    ("who was there in which role", [("ceremony.officers.1.name", "Charles"),
                                     ("ceremony.officers.1.role", "destination officer")],
     r"present +Charles, destination officer"),
    ("whose PIN was asked of whom", [("pins.0.token", "old"), ("pins.0.role", "source officer"),
                                     ("pins.1.file", r"/.*/pin")],
     r"PIN +of token old, serial.*\n?.*asked of\s+Ada"),
    ("who confirmed what and when", [("gates.-1.officer", "Charles"), ("gates.-1.answer", r"\w+ \w+ \w+ \w+"),
                                     ("gates.-1.at", r"20.*Z")],
     r"fingerprint of the transport +confirmed +Ada, source +20[^\n]*"),
    ("under which transport key", [("transport-key.source.sha256", r"[0-9a-f ]+")], r"fingerprint +SHA-256 [0-9a-f]{4} [0-9a-f]{4}"),
    ("how it was compared", [("transport-key.agree", "yes"), ("gates.-1.gate", "fingerprint")], r"agree +yes"),
    ("by which mechanisms", [("negotiation.transport.algorithm", "rsa-oaep-sha256"),
                             ("negotiation.envelope.algorithm", "aes-kwp"),
                             ("steps.4.call", "fake wrap .*")], r"AES key +RSA-OAEP with SHA-256 \(RFC 8017\) under RSA 2048"),
    ("how each key was proven", [("profiles.0.proofs.0.method", "aes-ecb"), ("keys.0.proven-at.0", r"20.*Z"),
                                  ("profiles.0.proven", r".+")], r"both sides encrypted the same random block"),
    ("what changed in its rights", [("profiles.0.attributes.0.verdict", r".+")], r"extractable: yes -> no, tightened"),
    ("what was waived", [("waived.0.gate", "key"), ("waived.0.state", "waived")],
     r"migration of each key +waived +the ceremony file"),
    ("... for which keys", [("waived.0.keys", "all"), ("waived.0.key-count", "2"), ("waived.0.labels.0", "one"),
                            ("waived.0.labels.1", "two")],
     r"2 keys +waived by the ceremony file: migration of each key: keys\s+1, 3\n +one, two"),
    ("which question was answered, after what time", [("gates.-1.asked", r"\d+"), ("gates.-1.ms", r"\d+"),
                                                      ("summary.gates-ms", r"\d+")],
     r"asked to type your initials, C"),
    ("which policy was in force, and who says so",
     [("policy.0.name", "rsa-bits"), ("policy.0.from", "file"), ("policy.1.from", "default")],
     r"from the file +RSA bits of the transport key: 2048"),
    ("what deviated", [("script.deviations.0.what", "count"), ("exceptions.0.decided", "go on; Ada and Charles"),
                       ("exceptions.0.script", "yes")], r"OTHER NUMBER +line 1 names 2, not 3"),
    ("what went wrong", [("script.incomplete.0.outcome", "refused"),
                         ("script.incomplete.0.reason", "not extractable")], r"refused: not extractable"),
    ("whether the file was touched", [("ceremony.file-sha256", r"[0-9a-f]{64}"), ("journal.sha256", r"[0-9a-f]{64}"),
                                        ("seal.sha256", r"[0-9a-f]{64}")],
     r"file sha256 +[0-9a-f]{4}"),
    ("whether it is signed", [("summary.signed", "UNSIGNED.*")], r"signed +UNSIGNED"),
]


def answered(report, fields):
    for path, wanted in fields:
        try:
            value = at(report, re.sub(r"\.-1\.", f".{len(report[path.split('.')[0]]) - 1}.", path)
                       if ".-1." in path else path)
        except (KeyError, IndexError, TypeError):
            return f"{path} is not there"
        if not re.fullmatch(str(wanted), str(value), re.S):
            return f"{path} is {value}"
    return None


def gates_of(report):
    """The confirmations come last, whatever waivers follow them."""
    report["gates"] = sorted(report["gates"], key=lambda g: g["state"] == "confirmed")
    report["waived"] = [g for g in report["gates"] if g["state"] == "waived"]
    return report


def ask(path, sheet):
    report, printed = gates_of(yaml.safe_load(open(path))), open(sheet).read()
    for words, fields, line in QUESTIONS:
        wrong = answered(report, fields)
        case(wrong is None, f"{words}: the report", wrong)
        case(re.search(line, printed), f"{words}: the sheet", line)
    for words, fields, line in QUESTIONS:  # controls: no question is answered by an empty page
        case(answered({"gates": [{}], "keys": []}, fields) and not re.search(line, "no line\n"),
             f"control: {words}: not by nothing")


# --- what is forged ---

FORGERIES = [
    ("a script that was followed", rb'script: "deviated"', rb'script: "followed"', "of the script"),
    ("a script that was not complete", rb'script: "deviated"', rb'script: "incomplete"', "of the script"),
    ("a deviation left out", rb'(  deviations:)\n  - \{what: "count".*\n', rb"\1 []\n", "another number"),
    ("no exception for it", rb'  script: "yes"\n', b"", "no exception"),
    ("a key that no line names", rb", script-line: 2,", b",", "itself|name"),
    ("a key of another line", rb", script-line: 1,", b", script-line: 2,", "itself"),
    ("a line with fewer keys", rb"(expect: )3", rb"\g<1>2", "as many"),
    ("a refusal that is not listed", rb'(  incomplete:)\n  - \{key: \d+, outcome: "refused".*\n', rb"\1 []\n", "lacks it"),
    ("another word that was typed", rb'(gate: "fingerprint", state: "confirmed".*answer: ")\w+', rb"\1aardvark",
     "not the words"),
    ("nothing that was typed", rb'(gate: "review", state: "confirmed".*), answer: "[^"]*"', rb"\1", "typed"),
    ("another officer's confirmation", rb'(gate: "fingerprint", state: "confirmed", officer: ")Charles', rb"\1Ada",
     "by whom"),
    ("a waiver for no key", rb'(state: "waived".*), keys: "all"', rb"\1", "for which keys"),
    ("a waiver for more keys", rb"key-count: 2", rb"key-count: 3", "were to be migrated"),
    ("a waiver for another key", rb'labels: \["one"', rb'labels: ["stays"', "were to be migrated"),
    ("a waiver for fewer keys", rb'labels: \["one", ', rb"labels: [", "were to be migrated"),
    ("an answer to another question", rb"(asked: )\d+", rb"\g<1>1", "on the screen"),
    ("an answer to no question", rb', asked: \d+, ms: \d+', b"", "on the screen"),
    ("a question left out", rb'- \{[^\n]*gate: "review", state: "open".*\n', b"", "on the screen|opened for"),
    ("a time that was waited twice", rb"(asked: \d+, ms: )", rb"\g<1>9", "for so long"),
    ("a review called void", rb'(gate: "review", state: "confirmed".*answer: "[^"]*")', rb'\1, void: "yes"',
     "carried out|was asked|no gate"),
    ("a warning about a key that was refused", rb'(keys: ")1(.*", name: "transport-strength")', rb"\g<1>2\2", "to be migrated"),
    ("a warning about no key", rb'(keys: ")1(.*", name: "transport-strength")', rb"\g<1>9\2", "to be migrated"),
    ("a warning about another key", rb'(text: ")AES 256 ', rb"\1AES 192 ", "another type"),
    ("a setting called chosen on the screen", rb'(name: "rsa-bits".*from: ")file', rb"\1screen", "on the screen"),
    ("a setting from nowhere", rb'(name: "rsa-bits".*), from: "file"', rb"\1", "the origin"),
    ("a waiver with a name", rb'(gate: "key", state: "waived")', rb'\1, officer: "Ada"', "waiver"),
    ("a PIN that both a file and an officer gave", rb'(file: "[^"]*pin")', rb'\1, officer: "Ada"', "nobody"),
]


LEFT_OUT_FORGERIES = [
    ("a script that was followed", rb'script: "deviated"', rb'script: "followed"', "of the script"),
    ("a key left out without a deviation", rb'(  deviations:)\n  - \{what: "left-out".*\n', rb"\1 []\n",
     "no deviation says so"),
    ("a deviation of another key", rb'(\{what: "left-out".* key: )1', rb"\g<1>2", "no deviation says so"),
    ("a key left out without an exception", rb'  script: "yes"\n', b"", "no exception"),
    ("no gate that it was left out at", rb', question: "left out"', b"", "not left out"),
    ("a ceremony without its pace", rb"  pace:\n(    .*\n)+", b"", "pace"),
]


def forge(hsmferry, report, forgeries=FORGERIES):
    forgery.forge(hsmferry, forgery.body_of(open(report, "rb").read()), forgeries)


def forge_left_out(hsmferry, report):
    forge(hsmferry, report, LEFT_OUT_FORGERIES)


{"run": run, "skip": skip, "ask": ask, "forge": forge, "forge-left-out": forge_left_out}[sys.argv[1]](*sys.argv[2:])
