#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads audit reports with libraries that are not ours, and holds them against their JSON Schema.

usage: read_report.py REPORT [PATH...]
       read_report.py --all REPORT...

Prints what is at each path, one line each: "summary.outcome", "keys.0.label", "keys.#" (how many).
Ends with 1 where there is nothing, or a report is not of the published form.
"""
import json
import pathlib
import sys

import jsonschema
import yaml

TREE = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = [json.loads(path.read_text()) for path in TREE.glob("src/report/hsmferry-audit-*.schema.json")]


def at(node, path):
    profiles = node.get("profiles", [])
    for name in path.split("."):
        if name == "#":
            node = len(node)
        elif isinstance(node, list):
            node = node[int(name)]
        elif name not in node and "profile" in node:  # what a key does not say itself
            node = profiles[node["profile"] - 1][name]
        else:
            node = node[name]
    return node


def read(path):
    with open(path, encoding="utf-8") as file:
        report = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    schema = next((s for s in SCHEMAS if s["title"] == report["format"]), None)
    if not schema:
        sys.exit(f"{path}: no schema is for {report['format']}")
    for wrong in jsonschema.Draft202012Validator(schema).iter_errors(report):
        sys.exit(f"{path}: {wrong.json_path}: {wrong.message}")
    if list(report) != [key for key in schema["properties"] if key in report]:
        sys.exit(f"{path}: its parts are not in the schema's order")
    return report


def main(words):
    if words[0] == "--all":
        for path in words[1:]:
            read(path)
        return
    report = read(words[0])
    try:
        for wanted in words[1:]:
            print(at(report, wanted))
    except (LookupError, ValueError) as wrong:
        sys.exit(f"{wanted}: nothing there ({wrong!r})")


main(sys.argv[1:])
