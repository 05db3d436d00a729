#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A screen of the console, for comparison: takes out what the screen's own clock measured, and the digest of a
report in digits and in words."""
import re
import sys


def blank(found):
    return re.sub(r"\d", "-", found[0])

text = sys.stdin.read()
text = re.sub(r"\b00:\d\d:\d\d\b|\b\d+\.\d s\b|\bfor \d+ s\b", blank, text)
text = re.sub(r"(in words: ).*( \.\.\.)", r"\1WORDS\2", text)
digest = False
for line in text.split("\n")[:-1]:
    if re.match(r" (SHA-256|write down|Check with) ", line):
        digest = "Check" not in line
    # its last two words may look out from under the help
    last = re.match(r" {13}[A-Za-z]+ [A-Za-z]+$", line)
    print(line[:13] + "DIGEST" if digest or last else line)
