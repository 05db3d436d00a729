#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up gcov's counts of a build by folder of the source.

usage: coverage.py BUILD TREE KEPT [--renew | --missing FOLDER]

KEPT has a line for each folder that must be reached: its name, and the least number of lines and of branches in per
cent. A folder is counted with those below it that KEPT does not name. Prints a table and fails if a folder is below
its numbers. With --renew, writes down what is reached, but no more than the goal; git diff shows what became worse.
With --missing, prints in place of the table each line of FOLDER that no test reached.

A source that several programs compile is one source: what any of them reached is reached.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys


def counts(job):
    """The counts of one object: {source: {line: (count, [count of each branch])}}."""
    gcda, tree = job
    said = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", gcda.name],
                          cwd=gcda.parent, capture_output=True, check=True)
    found = {}
    for text in said.stdout.splitlines():
        if not text.startswith(b"{"):
            continue
        report = json.loads(text)
        for file in report["files"]:
            path = os.path.relpath(os.path.join(report["current_working_directory"], file["file"]), tree)
            if path.startswith(("src/", "ui/")) and path.endswith(".c"):
                found[path] = {line["line_number"]: (line["count"], [b["count"] for b in line["branches"]])
                               for line in file["lines"]}
    return found


def add_up(build, tree):
    """All objects of a build together."""
    total = collections.defaultdict(dict)
    jobs = [(path.resolve(), tree) for path in sorted(pathlib.Path(build).rglob("*.gcda"))]
    if not jobs:
        sys.exit("There are no counts: no test has run in this build")
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for found in pool.map(counts, jobs):
            for path, lines in found.items():
                for number, (count, branches) in lines.items():
                    before, were = total[path].get(number, (0, [0] * len(branches)))
                    # another program can have been compiled without some branches: the longer list counts
                    longest = max(len(were), len(branches))
                    both = [sum(each) for each in zip(were + [0] * (longest - len(were)),
                                                      branches + [0] * (longest - len(branches)))]
                    total[path][number] = (before + count, both)
    return total


GOAL = (92, 80)  # per cent of lines and of branches


def renew(kept_file, reached):
    """Writes the numbers of each folder of the file down again."""
    lines = []
    for line in open(kept_file, encoding="utf-8").read().splitlines():
        folder = line.split()[0] if line.strip() and not line.startswith("#") else None
        if folder in reached:
            line = f"{folder:13} {min(GOAL[0], int(reached[folder][0]))} {min(GOAL[1], int(reached[folder][1]))}"
        lines.append(line)
    with open(kept_file, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def percent(part, whole):
    return 100.0 * part / whole if whole else 100.0


def room(path, kept):
    """The folder of KEPT to which a source belongs; without one, its own folder."""
    for folder in map(str, pathlib.PurePath(path).parents):
        if folder in kept:
            return folder
    return str(pathlib.PurePath(path).parent)


def main():
    build, tree, kept_file = sys.argv[1:4]
    kept = {}
    for line in open(kept_file, encoding="utf-8"):
        if line.strip() and not line.startswith("#"):
            folder, lines, branches = line.split()
            kept[folder] = (float(lines), float(branches))
    total = add_up(build, os.path.realpath(tree))
    if sys.argv[4:5] == ["--missing"]:
        for path in sorted(total):
            if path.startswith(sys.argv[5]):
                source = open(os.path.join(tree, path), encoding="utf-8").read().splitlines()
                for number, (count, branches) in sorted(total[path].items()):
                    if count == 0:
                        print(f"{path}:{number}: {source[number - 1].strip()}")
        return 0
    table = collections.defaultdict(lambda: [0, 0, 0, 0])
    for path, lines in total.items():
        row = table[room(path, kept)]
        for count, branches in lines.values():
            row[0] += count > 0
            row[1] += 1
            row[2] += sum(b > 0 for b in branches)
            row[3] += len(branches)
    bad = [folder for folder in kept if folder not in table]
    for folder in bad:
        print(f"{folder}: nothing of it was built")
    if sys.argv[4:5] == ["--renew"]:
        renew(kept_file, {folder: (percent(*row[:2]), percent(*row[2:])) for folder, row in table.items()})
    print(f"{'folder':24} {'lines':>15} {'branches':>16}")
    for folder in sorted(table):
        lines, all_lines, branches, all_branches = table[folder]
        reached = percent(lines, all_lines), percent(branches, all_branches)
        below = folder in kept and (reached[0] < kept[folder][0] or reached[1] < kept[folder][1])
        if below:
            bad.append(folder)
        print(f"{folder:24} {lines:6}/{all_lines:<6} {reached[0]:5.1f} % {branches:6}/{all_branches:<6} {reached[1]:5.1f} %"
              + (f"   BELOW {kept[folder][0]:.1f} %, {kept[folder][1]:.1f} %" if below else ""))
    return 1 if bad else 0


sys.exit(main())
