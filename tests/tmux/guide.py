#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the guides with the screens that were captured.

usage: guide.py SCREENS HELP GUIDE... [--renew]

In a guide, a code block after "<!-- screen NAME ROWS -->" is these rows (1-9,20-24) of the screen NAME. With --renew, it
becomes that. Words in **bold** are on a screen or in the output of a command, and a command in a code span or block is
one of HELP, the output of "hsmferry --help", with options of HELP. Prints what differs.
"""
import pathlib
import re
import sys

FRAME = str.maketrans("│┌┐└┘─▸▾", " " * 8)

# What is another in every run has the same example in the guide.
DIGEST = """ SHA-256     5d1f 7ec4 0b6a 88f2 19c3 4be7 a056 d2e8
             71f0 c64d 93ab 2e15 f8d0 6b7c 45e9 0a32
 write down  examine Burlington talon repellent acme hamburger newborn upcoming
             bedlamp resistor dropper typewriter goldfish speculate stairway
             unravel hydraulic vertigo frighten potato goggles existence stagnate
             cellulose vapor gazelle barbecue microscope reindeer aggregate
             spearhead conformist""".split("\n")


def example(rows):
    """A screen with examples in place of what normal.py took out, and of a path that is another in every run."""
    found, digests = [], iter(DIGEST)
    for row in rows:
        if row.endswith("DIGEST"):
            row = next(digests, None)
            if row is None:
                continue
        elif row.startswith(" Check with"):
            found += digests
        elif row.startswith(" Report "):
            row = " Report      reports/2026-12-01T120000Z-root-ca-move-2026.yaml"
        elif found and found[-1].startswith(" Report ") and row.startswith("    "):
            continue
        found.append(row.replace("for - s", "for 3 s").replace("--:--:--", "00:00:07").rstrip())
    return found


def cut(screen, rows):
    """The rows "1-9,20-24" of a screen; without any, all."""
    lines = example(screen.split("\n")[:-1])
    if not rows:
        return lines
    chosen = []
    for part in rows.split(","):
        first, last = (part.split("-") * 2)[:2]
        chosen += lines[int(first) - 1:int(last)]
    return chosen


def words(text):
    return " ".join(text.translate(FRAME).split())


def commands(text):
    """Each command of hsmferry in a code span or a block."""
    for span in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.S)):
        yield span
    for block in re.findall(r"```\n(.*?)```", text, flags=re.S):
        yield from (line.strip() for line in block.split("\n"))


def main():
    renew = "--renew" in sys.argv
    folder, help_file, *guides = [word for word in sys.argv[1:] if word != "--renew"]
    screens = {path.stem: path.read_text(encoding="utf-8") for path in pathlib.Path(folder).glob("*.txt")}
    shown = [words(text) for text in screens.values()]
    help_text = pathlib.Path(help_file).read_text(encoding="utf-8")
    known = set(re.findall(r"^  hsmferry ([a-z-]+)", help_text, re.M)) | set(re.findall(r"--[a-z-]+", help_text))
    bad = []
    for guide in guides:
        path = pathlib.Path(guide)
        text = path.read_text(encoding="utf-8")

        def screen(found):
            name, rows, old = found[1], found[2] or "", found[3]
            if name not in screens:
                bad.append(f"{path.name}: no screen was captured as {name}")
                return found[0]
            new = "\n".join(cut(screens[name], rows)) + "\n"
            if new != old and not renew:
                bad.append(f"{path.name}: the screen {name} is another:\n{new}")
            return f"<!-- screen {name}{' ' + rows if rows else ''} -->\n```\n{new}```"

        after = re.sub(r"<!-- screen ([a-z-]+)(?: ([0-9,-]+))? -->\n```\n(.*?)```", screen, text, flags=re.S)
        if renew:
            path.write_text(after, encoding="utf-8")
        prose = re.sub(r"```.*?```", "", text, flags=re.S)
        for bold in re.findall(r"(?<!\*)\*\*([^*]+)\*\*", prose):
            if not any(words(bold) in one for one in shown):
                bad.append(f"{path.name}: no screen says: {bold}")
        for command in commands(text):
            if command.startswith("hsmferry "):
                first = command.split()[1]
                for word in ([first] if re.fullmatch("[a-z-]+", first) else []) + re.findall(r"--[a-z-]+", command):
                    if word not in known:
                        bad.append(f"{path.name}: {word} is not a command or option: {command}")
    print("\n".join(bad))
    return 1 if bad else 0


sys.exit(main())
