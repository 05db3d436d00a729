#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes an audit report in every way that a test thinks of, and asks hsmferry verify.

usage: forge.py HSMFERRY REPORT [JOURNAL]   with a journal, it is the journal that is changed

Prints a case in a line each: "ok - words" or "not ok - words".
"""
import random
import re
import sys

import forgery
from forgery import case, seal

hsmferry, report, *journal = sys.argv[1:]
with open(journal[0] if journal else report, "rb") as file:
    whole = file.read()
lines = whole.splitlines(keepends=True)
chance = random.Random(20261123)


def verify(text):
    return forgery.verify(hsmferry, text, *([report, "--journal"] if journal else []))


def all_seen(words, mutants):
    missed = [what for what, text in mutants if text != whole and verify(text)[0] != 65]
    case(not missed, words, ", ".join(missed))


def bytes_changed(count, text):
    for _ in range(count):
        at = chance.randrange(len(text))
        yield f"byte {at}", text[:at] + bytes([text[at] ^ chance.randrange(1, 256)]) + text[at + 1:]


def lines_changed(n, text):
    for i in range(n):
        for what, middle in (("deleted", []), ("doubled", 2 * text[i:i + 1])):
            yield f"line {i + 1} {what}", b"".join(text[:i] + middle + text[i + 1:])
        yield f"line {i + 1} swapped", b"".join(text[:i] + text[i:i + 2][::-1] + text[i + 2:])
        yield f"cut off before line {i + 1}", b"".join(text[:i])
        yield f"cut off in line {i + 1}", b"".join(text[:i]) + text[i][:len(text[i]) // 2]


# What a forger who knows the seal might try; each is found by what it contradicts.
FORGERIES = [
    ("a refused key called migrated", rb'outcome: "refused"\n', b'outcome: "migrated"\n', "count"),
    ("a count", rb"  migrated: 2\n", rb"  migrated: 3\n", "count"),
    ("the outcome", rb'outcome: "complete"', rb'outcome: "failed"', "exit code"),
    ("the exit code", rb"exit-code: 0", rb"exit-code: 2", "exit code"),
    ("a proof left out", rb'  - \{stage: "prove-fresh".*\n', b"", "times of its proofs"),
    ("the time of a proof left out", rb'(proven-at: \[.*?), "[^"]*"\]', rb"\1]", "times of its proofs"),
    ("a proof of another stage", rb'stage: "prove-fresh"', rb'stage: "prove"', "three times"),
    ("a proof that failed", rb'(stage: "prove-again".*?state: )"ok"', rb'\1"failed"', "permitted words"),
    ("another profile", rb"profile: 1,", rb"profile: 2,", "count|class|half|way|times"),
    ("a profile that is none", rb"profile: 1,", rb"profile: 99,", "no profile"),
    ("a profile left out", rb"\nprofiles:\n(- number: 1\n)(  .*\n)+", rb"\nprofiles:\n", "numbered|no profile"),
    ("a fresh proof of another kind", rb'(stage: "prove-fresh", method: ")[^"]*', rb"\1hmac-sha256",
     "three times"),
    ("a proof without the key", rb'(stage: "prove", method: ")[^"]*', rb"\1same-bytes", "three times"),
    ("a step left out", rb"- \{seq: \d+, [^\n]*relay-aes.*\n", b"", "may not come here"),
    ("a step on the other side", rb'("make-aes", side: )"source"', rb'\1"destination"', "of this step"),
    ("an AES key taken before it was carried", rb'(- [^\n]*"relay-aes".*\n)(- [^\n]*"unwrap-aes".*\n)',
     rb"\2\1", "may not come here"),
    ("a gate left out", rb'- \{seq: \d+, at: "[^"]*", gate: "review".*\n', b"", "no gate"),
    ("the gate of keys left out", rb'- \{seq: \d+, at: "[^"]*", gate: "key".*\n', b"", "no gate was passed"),
    ("another blob on the relay", rb'("relay-aes".*?sha256: ")....', rb"\1beef", "encrypted"),
    ("another blob at the destination", rb'("unwrap-aes".*?sha256: ")....', rb"\1beef", "encrypted"),
    ("a key that crossed in clear", rb'route: "envelope"', rb'route: "public"', "its class"),
    ("a certificate of a secret", rb"companion-of: 3", rb"companion-of: 1", "no private key"),
    ("a count of companions", rb"  companions: 1\n", rb"  companions: 2\n", "companions"),
    ("another transport key", rb'("relay-public".*?sha256: ")....', rb"\1beef", "transport key"),
    ("another word", rb'(words: ")[a-zA-Z]+', rb"\1aardvark", "words"),
    ("a key that was there already", rb'  plan: "', b'  kept: "yes"\n  plan: "', "resumed"),
    ("a policy that asks for CMAC", rb'("cmac-check-values", value: )"no"', rb'\1"yes"', "asks for a check value"),
    ("another stamp", rb'stamp: "REHEARSAL"', rb'stamp: "PRODUCTION"', "stamp"),
    ("a label without its bytes", rb'label: "one"', rb'label: "\\\\x07"', "label"),
    ("an agent called our own", rb'agent-code: "not checked"', rb'agent-code: "own"', "agent-code"),
    ("an agent's command left out", rb'  agent: \[.*\n', b"", "agent-code"),
    ("an agent's command without words", rb'  agent: \[.*\n', b"  agent: []\n", "agent-code"),
    ("a route called local", rb'(route: \{by: ")command"', rb'\1local"', "does not match"),
    ("one route left out", rb"  route: \{by.*\n", b"", "route to its agent is missing"),
    ("an environment left out", rb'  environment:\n(  - .*\n)+', b"", "missing"),
    ("the list of libraries left out", rb"  loaded: \[\]\n", b"", "in full"),
    ("what the agent is barred from left out", rb'( +loaded: \[\]\n) +confinement: .*\n', rb"\1", "in full"),
    ("a ceremony without a file", rb'( file: )".+"', rb'\1""', "no file"),
    ("another format", rb'(format: "hsmferry-audit/)\d+', rb"\g<1>1", "not part of a report"),
    ("a format that is not known", rb'(format: "hsmferry-audit/)\d+', rb"\g<1>99", "knows the formats"),
    ("no format", rb'format: "hsmferry-audit/.*\n', b"", "knows the formats"),
    ("a looser key", rb'verdict: "kept"', rb'verdict: "LOOSENED"', "looser"),
    ("a field that is not known", rb"  left-over: 0\n", rb"  left-over: 0\n  signer: 1\n", "not part of a report"),
    ("a field left out", rb"  left-over: 0\n", b"", "missing"),
    ("a word that is not known", rb'rehearsal: "yes"', rb'rehearsal: "maybe"', "permitted words"),
    ("a date that is none", rb'(ended: "\d{4}-)', rb"\1x", "required form"),
    ("a number that is none", rb"exit-code: 0", rb"exit-code: 0x0", "not a number"),
    ("a huge number", rb"exit-code: 0", rb"exit-code: 9999999999999999999", "out of range"),
    ("a comment", rb"\nkeys:", rb"\n# all is well\nkeys:", "as hsmferry writes"),
    ("quotes of another kind", rb'"complete"', rb"'complete'", "neither plain"),
    ("an alias", rb'"complete"', rb"*x", "alias"),
    ("an anchor", rb'"complete"', rb'&x "complete"', "anchor"),
    ("a tag", rb'"complete"', rb'!!str "complete"', "tag"),
    ("a key twice", rb"  migrated: 2\n", rb"  migrated: 2\n  migrated: 2\n", "twice"),
    ("a second document", rb"\nkeys:", rb"\n---\nkeys:", "second document"),
    ("a terminal sequence", rb'(title: ")', rb"\1\\e[2J", "not be shown"),
    ("nesting without end", rb'"complete"', b"[" * 2000 + b"]" * 2000, "deep"),
    ("no YAML", rb'"complete"', rb'"complete', "not "),
]

code, said = verify(whole)
case(code == 0, "what was written passes", said)
case(verify(whole.replace(b"\n", b"\r\n"))[0] == 65, "other ends of lines are seen")
all_seen("200 changes of one byte are seen", bytes_changed(200, whole))
all_seen("lines deleted, doubled, swapped, cut off are seen", lines_changed(len(lines), lines))
if journal:
    sys.exit()
body = forgery.body_of(whole)
case(seal(body) == whole, "anybody can make the seal: it is the SHA-256 of the lines before it")
passed = [what for what, text in bytes_changed(200, body) if verify(seal(text))[0] == 0]
case(passed, f"control: without the seal some changes would pass ({len(passed)} of 200 do)")
forgery.forge(hsmferry, body, FORGERIES)
# An HSM may answer one proof before it keeps a key, and only another one afterwards.
other, n = re.subn(rb'(stage: "prove-again", method: ")[^"]*', rb"\1hmac-sha256", body, count=1)
code, said = verify(seal(other))
case(n == 1 and other != body and code == 0, "control: proofs of one key may be of two kinds", said)
