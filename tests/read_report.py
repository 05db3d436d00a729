#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads an audit report with a YAML library that is not ours.

usage: read_report.py REPORT PATH...

Prints what is at each path, one line each: "summary.outcome", "keys.0.label", "keys.#" (how many).
Ends with 1 where there is nothing.
"""
import sys

import yaml


def at(node, path):
    for name in path.split("."):
        if name == "#":
            node = len(node)
        elif isinstance(node, list):
            node = node[int(name)]
        else:
            node = node[name]
    return node


with open(sys.argv[1], encoding="utf-8") as file:
    report = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
assert list(report)[:2] == ["summary", "keys"], "it does not open with its summary"
try:
    for wanted in sys.argv[2:]:
        print(at(report, wanted))
except (LookupError, ValueError) as wrong:
    sys.exit(f"{wanted}: nothing there ({wrong!r})")
