#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Replays journals, and holds the end of each against the report that is made from the same journal.

usage: replay.py BUILD JOURNAL...

Prints what differs, and ends with 1 where anything does. What `hsmferry report` refuses must be
refused with the same exit code.
"""
import json
import re
import subprocess
import sys

COUNTS = ("outcome", "exit-code", "migrated", "unproven", "refused", "failed", "left-over")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def told(report):
    """The report's summary, the outcome of each key by its number, and the warnings."""
    summary, keys, profiles, warnings, part, number = {}, {}, {}, set(), None, None
    for line in report.splitlines():
        if re.match(r"[a-z]", line):
            part = line.split(":")[0]
        found = re.match(r"- number: (\d+)", line)
        number = found[1] if found else number
        found = re.match(r'  ([a-z-]+): "?([^"]*)"?$', line)
        if found and part == "summary":
            summary[found[1]] = found[2]
        elif found and part in ("keys", "companions") and found[1] == "outcome":
            keys[number] = found[2]
        elif found and part == "profiles" and found[1] == "outcome":
            profiles[number] = found[2]
        found = re.match(r"- \{number: (\d+), profile: (\d+),", line)
        if found:
            keys[found[1]] = profiles[found[2]]
        found = re.search(r'text: ("(?:[^"\\]|\\.)*")\}$', line)
        if found and part == "warnings":
            warnings.add(json.loads(found[1]))
    return summary, keys, warnings


def shown(state):
    """The same of the console's model."""
    summary, keys, warnings = {}, {}, set()
    for line in state.splitlines():
        name, *values = line.split()
        if name == "warning":
            warnings.add(line.split(" ", 1)[1])
        elif name == "key":
            keys[values[0]] = " ".join(values[1:])
        else:
            summary[name] = values[0]
    return summary, keys, warnings


def differences(build, journal):
    code, report = run(f"{build}/hsmferry", "report", journal)
    replayed, state = run(f"{build}/tests/replay_state", journal)
    if code or replayed:
        return [] if code == replayed else [f"report ends with {code}, replay with {replayed}"]
    (told_summary, told_keys, told_warnings), (shown_summary, shown_keys, warnings) = told(report), shown(state)
    if shown_summary["over"] == "no":
        wrong = [] if "its journal ends here" in told_summary["sentence"] else ["it has an end"]
    else:
        wrong = [
            f"{name}: {told_summary.get(name, '0')} in the report, {shown_summary[name]} in the replay"
            for name in COUNTS
            if told_summary.get(name, "0") != shown_summary[name]
        ]
    for number in sorted(told_keys.keys() | shown_keys.keys(), key=int):
        if told_keys.get(number) != shown_keys.get(number):
            wrong.append(f"key {number}: {told_keys.get(number)}, and {shown_keys.get(number)}")
    if "gates-ms" in told_summary and shown_summary["warnings-lost"] == "0":  # older ones mix plans
        wrong += [f"a warning of the report alone: {text}" for text in told_warnings - warnings]
        wrong += [f"a warning of the replay alone: {text}" for text in warnings - told_warnings]
    return wrong


def main():
    wrong = [f"{journal}: {what}" for journal in sys.argv[2:] for what in differences(sys.argv[1], journal)]
    print("\n".join(wrong) or f"{len(sys.argv) - 2} journals")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
