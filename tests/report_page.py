#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the report's manual page against its JSON Schema: each part has a section (.Ss), and each
section lists (.It Ic) the fields of its part, no more and no less.

usage: report_page.py SCHEMA PAGE
"""
import json
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)


def sections(path):
    found, heads, fields = {}, [], set()
    for line in open(path, encoding="utf-8"):
        if match := re.match(r"\.Ss ([a-z-]+)$", line):
            heads, fields = heads + [match[1]], set()
            found.update(dict.fromkeys(heads, fields))  # heads in a row share their list
            continue
        heads = []
        if match := re.match(r"\.It Ic ([a-z0-9-]+)$", line):
            fields.add(match[1])
    return found


def fields_of(node, own_sections):
    """The names of all fields in it, but for those of a definition that has a section of its own."""
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        return set() if name in own_sections else fields_of(schema["$defs"][name], own_sections)
    names = set(node.get("properties", {}))
    for child in [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]:
        names |= fields_of(child, own_sections)
    return names


page = sections(sys.argv[2])
shared = set(page) & set(schema["$defs"])
wrong = [f"there is no such part: {name}" for name in set(page) - shared - set(schema["properties"])]
for name, node in {**schema["properties"], **{n: schema["$defs"][n] for n in shared}}.items():
    if name not in page:
        wrong.append(f"{name} has no section")
        continue
    wanted = fields_of(node, shared if name in schema["properties"] else shared - {name})
    wrong += [f"{name}: {field} is not explained" for field in sorted(wanted - page[name])]
    wrong += [f"{name}: there is no {field}" for field in sorted(page[name] - wanted)]
print("\n".join(wrong))
sys.exit(bool(wrong))
