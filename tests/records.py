# SPDX-License-Identifier: Apache-2.0
"""Reports and journals of any format, in full: what format 3 says once is where it belongs.

A program that reads them without hsmferry has to do the same: hsmferry-report(5).
"""
import os

import yaml

# The marks of each kind of line: with its side they say which line before has the other fields.
MARKS = {
    "planned": ("class", "kind"), "key-done": ("outcome", "class", "kind"), "offer": ("algorithm",),
    "canary": ("state",), "script": ("what",), "reach": ("what",), "gate": ("gate", "state"),
    "pace": ("state",), "step": ("step", "state"), "proof": ("proof", "state", "stage"),
    "check-value": ("method",), "file": ("state",),
}
STAGES = ("prove", "prove-again", "prove-now", "prove-after", "prove-fresh")


def read_line(line, said):
    """A line of a journal without its sum: its number, event, side and fields. said: what the lines
    before it say; None: in formats 1 and 2 each says all."""
    seq, _, *words = line.split("\t")
    event, side, *fields = words[1:] if words[0][0] in "+-" else words
    new = dict(field.split("=", 1) for field in fields)
    key = {"key": new.pop("key")} if "key" in new else {}
    if said is not None and event not in ("begin", "end"):
        form = (event, side, *(new.get(mark) for mark in MARKS.get(event, ())))
        new = {**said.get(form, {}), **new}
        said[form] = new = {name: value for name, value in new.items() if value}
    return int(seq), event, side, {**key, **new}


def said_before(first):
    """For read_line(), at the first line of a journal."""
    return {} if int(first.rpartition("/")[2]) >= 3 else None


def lines_of(path):
    """The lines of a journal, as read_line() reads them."""
    with open(path, encoding="utf-8") as file:
        said = said_before(next(file).rstrip())
        for line in file:
            if not line.endswith("\n"):
                return
            yield read_line(line.rstrip("\n").partition("\tsum=")[0], said)


def steps_of(path):
    """The steps of keys that ended, as a report of format 2 lists them."""
    for seq, event, side, line in lines_of(path):
        if event == "step" and line["state"] != "begun" and "key" in line:
            step = {"seq": seq, "name": line["step"], "side": side,
                    "key": int(line["key"]), "state": line["state"]}
            if "bytes" in line:
                step.update(bytes=int(line["bytes"]), sha256=line["sha256"].ljust(64, "0"))
            yield {**step, **{name: line[name] for name in ("call", "text") if name in line}}


def groups_of(half):
    return {"sha256": " ".join(half[i:i + 4] for i in range(0, 64, 4))}


def names_of(key):
    """The attributes by which a key is known; unless its own say otherwise, they are as on the source."""
    own = [row["name"] for row in key.get("own-attributes", [])]
    sides = ["source"] + ["found"] * (key["outcome"] in ("migrated", "unproven"))
    return [{"name": name, **dict.fromkeys(sides, key[name]), **({"verdict": "kept"} if "found" in sides else {})}
            for name in ("label", "id") if key[name] and name not in own]


def whole_key(key, profiles):
    """A key with all that is said of it, as in format 2."""
    key = {**profiles[key["profile"] - 1], **key}
    key["attributes"] = names_of(key) + key.get("own-attributes", []) + key.get("attributes", [])
    key.setdefault("label-hex", key["label"].encode().hex())
    for side in ("source", "destination"):
        half = key.get("public-key", key.get(f"{side}-public-key"))
        if half:
            key[f"{side}-public-key"] = groups_of(half)
    for check in key["check-values"]:
        if "both" in check:
            check["source"] = check["destination"] = check["both"]
    return key


def whole(report, journal=None):
    """Makes of a report of format 3 what format 2 says; with its journal, the steps of keys, too."""
    profiles = report.get("profiles")
    if profiles is None:
        return report
    for part in ("keys", "companions"):
        report[part] = [whole_key(key, profiles) for key in report[part] or []]
    for key in report["keys"] + report["companions"]:
        for proof, at in zip(key.get("proofs", []), key.get("proven-at", [])):
            report.setdefault("proofs", []).append({**proof, "at": at, "key": key["number"]})
    report.get("proofs", []).sort(key=lambda proof: STAGES.index(proof["stage"]))
    if journal and "steps" in report:
        report["steps"] = sorted((report["steps"] or []) + list(steps_of(journal)), key=lambda step: step["seq"])
    return report


def load(path):
    """A report in full, with the steps from the journal beside it."""
    journal = path.removesuffix(".yaml") + ".journal"
    with open(path, encoding="utf-8") as file:
        return whole(yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)),
                     journal if os.path.exists(journal) else None)
