#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command on a terminal of its own, and types there when it shows what was waited for.

usage: terminal.py [WAIT TYPE]... -- COMMAND...

Waits for the text WAIT, then types TYPE (\\n, \\x03 and the like as in Python), pair by pair; an empty
WAIT waits for nothing. A whole line is typed only where a prompt stands at the end, "...: ": what is
typed before is thrown away, and the line that tells of a gate may have the same words. In TYPE,
@words stands for the four words of the destination's fingerprint that are asked for, @serials for the
ends of both serials as they were read out; where TYPE begins with "!", the rest is given to sh, with
the command's process in $PID, and nothing is typed. Prints all that the terminal showed and ends with
the command's exit code; 99 where it showed nothing more for ten minutes, 128 + N where signal N ended it.
"""
import os
import pty
import re
import select
import subprocess
import sys

PATIENCE = 600


def fingerprint_words(shown):
    """The words that the last question asks for, as the lines above it show them."""
    words = re.findall(r"^(?:REHEARSAL  )?  words +[0-9-]+ +destination +(.*?)\r?$", shown, re.M)
    asked = re.findall(r"words (\d+), (\d+), (\d+) and (\d+) of the fingerprint", shown)[-1]
    every = " ".join(words).split()
    return " ".join(every[int(number) - 1] for number in asked)


def ends_of_serials(shown):
    """The last four characters of each serial, as the lines above show them."""
    return " ".join(re.findall(r"^(?:REHEARSAL  )?  (?:source|destination) +token .*?, serial \S*?(\S{1,4})\r?$",
                               shown, re.M)[-2:])


def is_answer(typed):
    """Is it a line for a prompt?"""
    return typed.endswith("\\n") and not typed.startswith("!")


def main():
    at = sys.argv.index("--")
    pairs = list(zip(sys.argv[1:at:2], sys.argv[2:at:2]))
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(sys.argv[at + 1], sys.argv[at + 1:])
    shown = b""
    seen = 0  # what was waited for lies before this
    while True:
        if (pairs and (found := shown.find(pairs[0][0].encode(), seen)) >= 0
                and (shown.endswith(b": ") or not is_answer(pairs[0][1]))):
            seen = found + len(pairs[0][0])
            typed = pairs.pop(0)[1]
            if typed.startswith("!"):
                subprocess.run(typed[1:], shell=True, check=True,
                               env={**os.environ, "PID": str(child)})
                continue
            typed = typed.encode().decode("unicode_escape")
            if "@words" in typed:
                typed = typed.replace("@words", fingerprint_words(shown.decode(errors="replace")))
            if "@serials" in typed:
                typed = typed.replace("@serials", ends_of_serials(shown.decode(errors="replace")))
            os.write(terminal, typed.encode("latin-1"))
            continue
        if not select.select([terminal], [], [], PATIENCE)[0]:
            print(f"{shown.decode(errors='replace')}\nwaited in vain for {pairs[:1]}")
            sys.exit(99)
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end was closed
            more = b""
        if not more:
            break
        shown += more
    sys.stdout.buffer.write(shown)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    sys.exit(code if code >= 0 else 128 - code)


main()
