#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads what hsmferry --json writes with libraries that are not ours.

usage: json_check.py FILE [PATH=VALUE]...
       json_check.py --page PAGE

Fails unless FILE is one JSON document in ASCII or printable UTF-8, without a member that comes twice, of
the form that its format's JSON Schema describes, in which each label is the escaped text of its bytes, and
with each VALUE (JSON) at its PATH ("source.slots.0.label"; "#" is how many).
With --page: the manual page explains every member of every schema, and no others, and its examples pass.
"""
import json
import pathlib
import re
import sys
import unicodedata

import jsonschema

TREE = pathlib.Path(__file__).resolve().parent.parent
SCHEMAS = {schema["title"]: schema for schema in
           (json.loads(path.read_text()) for path in TREE.glob("src/cmd/hsmferry-*.schema.json"))}


def without_twins(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member comes twice")
    return found


def bytes_of(text):
    """The inverse of text_safe()."""
    return re.sub(rb"\\(\\|x[0-9a-f]{2})", lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]),
                  text.encode())


def labels(node):
    if isinstance(node, dict):
        if "label-hex" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from labels(child)


def check(text):
    document = json.loads(text, object_pairs_hook=without_twins)
    for char in sorted(set(text) - {"\n"}):
        if unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"):
            sys.exit(f"a character U+{ord(char):04X}")
    schema = SCHEMAS[document["format"]]
    jsonschema.Draft202012Validator.check_schema(schema)
    for wrong in jsonschema.Draft202012Validator(schema).iter_errors(document):
        sys.exit(f"{wrong.json_path}: {wrong.message}")
    for named in labels(document):
        if bytes_of(named["label"]).hex() != named["label-hex"]:
            sys.exit(f"{named['label']!r} is not {named['label-hex']}")
    return document


def at(node, path):
    for name in path.split("."):
        node = len(node) if name == "#" else node[int(name) if isinstance(node, list) else name]
    return node


def members(node):
    """The names of all members in a schema."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield from node["properties"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from members(child)


def check_page(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    parts = dict(re.findall(r"^\.Sh ([^\n]*)\n(.*?)(?=^\.Sh |\Z)", text, re.M | re.S))
    explained = {name: set(re.findall(r"[a-z0-9-]+", " ".join(re.findall(r"^\.(?:It )?Ic (.*)$", part, re.M))))
                 for name, part in parts.items()}
    shared, every, wrong = explained["OBJECTS, SLOTS AND ERRORS"], set(), []
    for title, schema in SCHEMAS.items():
        part = re.search("-([a-z]+)/", title)[1].upper()
        every |= set(members(schema))
        wrong += [f"{part}: {name} is not explained" for name in set(members(schema)) - shared - explained[part]]
    wrong += [f"there is no {name}" for part in ("LIST", "COMPARE", "PROBE", "VERIFY")
              for name in (explained[part] | shared) - every]
    examples = re.findall(r"^\.Bd -literal\n(.*?)^\.Ed", text, re.M | re.S)
    if {check(example.replace(r"\e", "\\"))["format"] for example in examples} != set(SCHEMAS):
        wrong.append("it does not have an example of each")
    sys.exit("\n".join(sorted(wrong)) or 0)


def main(words):
    if words[0] == "--page":
        check_page(words[1])
    document = check(pathlib.Path(words[0]).read_text(encoding="utf-8"))
    for wanted in words[1:]:
        path, value = wanted.split("=", 1)
        if at(document, path) != json.loads(value):
            sys.exit(f"{path} is {at(document, path)!r}, not {value}")


main(sys.argv[1:])
