# SPDX-License-Identifier: Apache-2.0
"""After a migration: the keys of the source are retired, or the copies on the destination are undone,
on real tokens; and each of the ways in which that must be refused. Judged from outside, by programs
that are not ours.

    retire.py FOLDER HSMFERRY WHAT PAIR

WHAT is retire, undo, resume, renamed, twice, or refused. Prints one line for each case, "ok - words" or "not ok - words"."""

import glob
import hashlib
import json
import os
import re
import subprocess
import sys

from sides import HERE, SIDES

sys.path[:0] = [os.path.join(HERE, ".."), os.path.join(HERE, "..", "softhsm")]
import records
from outside import case

OBJECTS = {"one": "aes32:one:id=01:+sign", "two": "rsa2048:two:id=02", "three": "ec256:three:id=03"}
PRIVATE = {"two", "three"}
OFFICERS = {"source officer": "Grace Hopper", "destination officer": "Ada Lovelace"}
DEVICES = ("both serials, the source's first: ", "@serials\\n")
WRITTEN = re.compile(r"^(?:REHEARSAL  )?Report +(/\S+\.yaml)", re.M)


def seal_again(text):
    """The report with a seal that is right: the seal has no key, so whoever writes can make it."""
    body = text[:text.rindex("seal:")]
    old = text[len(body):]
    digest = hashlib.sha256(body.encode()).hexdigest()
    return body + re.sub(r"[0-9a-f]{64}", digest, old)


class Place:
    """Two devices, a ceremony file, and what happens there."""

    def __init__(self, folder, hsmferry, pair, keys=tuple(OBJECTS)):
        self.folder, self.hsmferry, self.keys = folder, hsmferry, keys
        os.makedirs(folder)
        kinds = dict(zip(("source", "destination"), pair.split(":")))
        self.sides = {name: SIDES[kind](f"{folder}/{name}") for name, kind in kinds.items()}
        self.sides["source"].fill([OBJECTS[key] for key in keys])
        self.write()

    def lines(self, name, more):
        """What the ceremony file says of a side."""
        line = self.sides[name].lines(name)
        return line.replace("{", "{" + f'"destroys": {more}, ', 1) if more else line

    def write(self, destroys="yes", officers=OFFICERS, gates="", extra="", name="ceremony"):
        """A ceremony file; returns its path."""
        path = f"{self.folder}/{name}.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write("title: From old to new\nrehearsal: yes\n"
                       + self.lines("source", destroys) + self.lines("destination", destroys)
                       + "officers:\n"
                       + "".join(f"  - {{name: {who}, role: {role}}}\n"
                                 for role, who in officers.items())
                       + "keys: ['pkcs11:object=*']\nreport-folder: reports\n" + extra
                       + f"policy:\n  rsa-bits: 2048\n  gates: [{gates}]\n")
        return path

    def run(self, *words, typed=(), **more):
        """Runs hsmferry on a terminal: exit code, and what it printed on one line."""
        typed = [part for pair in typed for part in pair]
        done = subprocess.run(
            [sys.executable, os.path.join(HERE, "..", "terminal.py"), *typed, "--",
             self.hsmferry, "--plain", *words],
            check=False, text=True, errors="replace", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, cwd=self.folder, **more)
        with open(f"{self.folder}/log", "a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(words)}\n{done.stdout}\n[{done.returncode}]\n")
        return done.returncode, done.stdout

    def reports(self):
        """All reports, in the order of time."""
        return sorted(glob.glob(f"{self.folder}/reports/*.yaml"), key=os.path.getmtime)

    def migrate(self):
        """The migration; its report."""
        code, log = self.run(self.write(name="migrate"))
        case(code == 0, "the keys are migrated", log)
        return self.reports()[-1] if code == 0 else None

    def labels(self, side):
        """What is there, as other programs list it."""
        return self.sides[side].listed()


def review(what, keys, label=None):
    """The review: both officers type the word, the count and the label."""
    words = f"{what} {keys}" + (f" {label}" if label else "")
    return [(f"type  {words}  to start: ", f"{words}\\n"),
            (f"type your initials, AL, then  {words}  to start: ", f"AL {words}\\n")]


def sha256_of(path):
    """Of a file."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def verifies(place, report):
    """Report, and its journal."""
    done = subprocess.run([place.hsmferry, "verify", report, "--journal",
                           report.replace(".yaml", ".journal")],
                          check=False, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    case(done.returncode == 0, "its report passes verify, with its journal", done.stdout)


LIES = {
    "hides a destruction": ('outcome: "destroyed"', 'outcome: "failed"'),
    "counts another number": ("destroyed: 3", "destroyed: 2"),
    "lacks the proof of now": ('stage: "prove-now"', 'stage: "prove"'),
    "lacks the proof after the first": ('stage: "prove-after"', 'stage: "prove-again"'),
    "names one officer": ('role: "destination officer"', 'role: "guest"'),
    "is of no removal": ('  removal: "retire"\n', ""),
}


def try_lies(place):
    """A report that was changed, with a seal that is right, does not pass verify."""
    with open(place.reports()[-1], encoding="utf-8") as file:
        text = file.read()
    for words, (old, new) in LIES.items():
        path = f"{place.folder}/lie.yaml"
        with open(path, "w", encoding="utf-8") as file:
            file.write(seal_again(text.replace(old, new)))
        code, log = place.run("verify", path)
        case(old in text and code == 65, f"a report that {words} does not pass", f"{code}\n{log}")


def judge_report(place, migration, what, destroyed):
    """The newest report, by another reader of YAML."""
    path = place.reports()[-1]
    report = records.load(path)
    case(report["ceremony"].get("removal") == what
         and report["ceremony"].get("report-sha256") == sha256_of(migration),
         "its report names the report of the migration", str(report["ceremony"]))
    said = {key["label"] for key in report["keys"] if key["outcome"] == "destroyed"}
    case(said == destroyed and report["summary"]["destroyed"] >= len(destroyed),
         "and claims what happened", f"{said}\n{report['summary']}")
    verifies(place, path)


def try_removal(folder, hsmferry, what, pair):
    """A whole one, from the migration on."""
    place = Place(f"{folder}/whole", hsmferry, pair)
    from_side, keeper = (("source", "destination") if what == "retire"
                         else ("destination", "source"))
    migration = place.migrate()
    if not migration:
        return
    case(place.labels("source") == place.labels("destination") == set(OBJECTS),
         "both sides have the keys", "")
    first = "one"
    code, log = place.run(what, migration, place.write(),
                          typed=[DEVICES, *review(what, len(OBJECTS), first)])
    case(code == 0, f"{what} ends with 0", log)
    case(not place.labels(from_side) and place.labels(keeper) == set(OBJECTS),
         f"from outside: the {from_side} has none of them, the {keeper} all",
         f"{place.labels(from_side)}\n{place.labels(keeper)}\n{log}")
    judge_report(place, migration, what, set(OBJECTS))
    if (what, pair) == ("retire", "softhsm:softhsm"):
        try_lies(place)
        code, log = place.run("sheet", place.reports()[-1])
        case(code == 0 and "retire, by the report" in " ".join(log.split())
             and re.search(r"destroyed +3 on the source", log), "its sheet says so", log)
    code, log = place.run(what, migration, place.write(), typed=[DEVICES])
    case(code == 66 and f"not on the {from_side} any more" in " ".join(log.split()),
         "a second time there is nothing left to destroy", f"{code}\n{log}")


class Refused:
    """Each in its own words; and nothing is destroyed."""

    def __init__(self, folder, hsmferry, pair):
        self.folder, self.hsmferry = folder, hsmferry
        self.place = Place(f"{folder}/refused", hsmferry, pair, keys=("one",))
        self.migration = self.place.migrate()

    def refuse(self, words, code, sentence, report=None, ceremony=None, typed=(), place=None,
               what="retire"):
        """Ends with this code, says so, and leaves all keys where they are."""
        place = place or self.place
        before = [place.labels(side) for side in place.sides]
        ended, log = place.run(what, report or self.migration, ceremony or place.write(),
                               typed=typed)
        flat = " ".join(log.split())
        case(ended == code and sentence in flat, f"{words}: refused in its own words",
             f"{ended}\n{log}")
        case([place.labels(side) for side in place.sides] == before,
             f"{words}: nothing was destroyed", log)

    def with_report(self, name, change):
        """A copy of the report with a change, and a seal that is right again."""
        with open(self.migration, encoding="utf-8") as file:
            text = file.read()
        path = f"{self.place.folder}/{name}.yaml"
        changed = change(text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        return path, changed != text

    def all(self):
        """In the order of the checks."""
        place = self.place
        no = [DEVICES, ("type  retire 1 one  to start: ", "retire 1 two\\n"),
              ("type  retire 1 one  to start: ", "retire 1 One\\n")]
        self.refuse("a wrong label", 2, "the review gate was answered wrong too often", typed=no)
        self.refuse("one officer's answer twice", 2, "answered wrong too often",
                    typed=[DEVICES, ("type  retire 1 one  to start: ", "retire 1 one\\n"),
                           *[("then  retire 1 one  to start: ", "retire 1 one\\n")] * 3])
        self.refuse("one role only", 77, "nobody is the destination officer",
                    ceremony=place.write(officers={"source officer": "Grace Hopper"}))
        self.refuse("a rehearsal that does not say so", 77, "a rehearsal, which destroys nothing",
                    ceremony=place.write(destroys=""))
        path, changed = self.with_report(
            "broken", lambda text: text.replace('"one"', '"two"', 1))
        case(changed, "control: the report was changed", "")
        self.refuse("a report that was changed", 65, "the seal is not that of", report=path)
        other, _ = self.with_report("unproven", lambda text: seal_again(
            text.replace('outcome: "migrated"', 'outcome: "unproven"')))
        self.refuse("a report without proof", 65, "", report=other)
        self.refuse_signatures()
        self.refuse_pair()
        self.refuse_receipt()
        self.refuse_tampered()

    def refuse_signatures(self):
        """Whoever writes a report can make its seal, but no signature."""
        place = self.place
        place.sides["destination"].fill(["rsa2048:signer:id=aa"])
        signs = ("sign-report: {side: destination, key: 'pkcs11:object=signer'}\n")
        ceremony = place.write(extra=signs, name="signed")
        self.refuse("an unsigned report, where reports are signed", 77, "The report is UNSIGNED",
                    ceremony=ceremony)
        resealed, _ = self.with_report("resealed", lambda text: seal_again(
            text.replace("From old to new", "From new to old")))
        self.refuse("a resealed report", 77, "The report is UNSIGNED", report=resealed,
                    ceremony=ceremony)
        key = f"{place.folder}/other.pem"
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        stem = resealed[:-len(".yaml")]
        for name in (resealed, stem):
            subprocess.run(["openssl", "rsa", "-in", key, "-pubout", "-out", f"{name}.pub.pem"],
                           check=True, stderr=subprocess.DEVNULL)
            subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, "-out", f"{name}.sig",
                            resealed], check=True)
        self.refuse("a report that somebody else signed", 77, "signed by another key",
                    report=resealed, ceremony=ceremony)
        code, log = place.run("sign", self.migration, ceremony)
        case(code == 0, "the report is signed afterwards", log)
        code, log = place.run("retire", self.migration, ceremony, typed=[DEVICES, (
            "type  retire 1 one  to start: ", "\\x03")])
        case("type  retire 1 one" in log, "control: the signed one comes to the review", log)

    def refuse_pair(self):
        """The same names on other devices."""
        other = Place(f"{self.folder}/other", self.hsmferry, "softhsm:softhsm", keys=("one",))
        self.refuse("a report of another pair", 4, "the report is about another pair of devices",
                    place=other)

    def refuse_receipt(self):
        """It says of keys that they arrived, and proves nothing."""
        path = f"{self.place.folder}/receipt"
        with open(path, "w", encoding="ascii") as file:
            file.write('format: "hsmferry-receipt/1"\nstage: "all"\n')
        self.refuse("a receipt", 77, "a receipt is no report", report=path)

    def refuse_tampered(self):
        """Another key under the same name in place of the copy; then none."""
        place = self.place
        side = place.sides["destination"]
        side.python("../softhsm/tokens.py", "drop", side.module, side.token, "one")
        self.refuse("no copy", 66, "it is not on the destination, which was to keep it",
                    typed=[DEVICES])
        side.fill(["aes32:one:id=01"])
        self.refuse("a copy that was tampered with", 4, "check value", typed=[DEVICES])


def try_twice(folder, hsmferry, pair):
    """One NSS database by its API and by its PKCS#11 module: each key would prove itself."""
    place = Place(f"{folder}/twice", hsmferry, pair, keys=("one",))
    migration = place.migrate()
    if not migration:
        return
    seen, again = place.sides["source"], place.sides["destination"]
    again.parameters = again.parameters.replace(again.folder, seen.folder)
    case(place.run("retire", migration, place.write(), typed=[DEVICES])[0] == 78,
         "one file of a database seen twice is caught before anything else")
    # An agent that has two such files open cannot say which of them it is.
    os.mkdir(f"{place.folder}/share")
    with open(f"{place.folder}/share/key4.db", "wb"):
        pass
    agent = json.dumps(["/bin/sh", "-c", f"exec 9<{place.folder}/share/key4.db; exec \"$0\"",
                        os.path.join(os.path.dirname(hsmferry), "hsmferry-agent")])
    plain = again.lines
    again.lines = lambda name: plain(name).replace("{", f'{{"agent": {agent}, ', 1)
    before = seen.listed()
    code, log = place.run("retire", migration, place.write(),
                          typed=[DEVICES, *review("retire", 1, "one")])
    case(code == 4 and "one token, seen twice" in " ".join(log.split()),
         "one database seen twice is caught", f"{code}\n{log}")
    case(seen.listed() == before == {"one"}, "and its key is there, and nothing else", log)


def try_renamed(folder, hsmferry, pair):
    """A key that arrived under another name is retired, and another one's copy undone."""
    place = Place(f"{folder}/renamed", hsmferry, pair, keys=("one",))
    place.sides["destination"].fill([OBJECTS["one"]])
    with open(place.write(name="migrate"), "a", encoding="utf-8") as file:
        file.write('  taken-name: rename\n  renamed-to: "{label}-2"\n')
    code, log = place.run(f"{place.folder}/migrate.yaml")
    case(code == 0 and place.labels("destination") == {"one", "one-2"},
         "a key arrives under another name", log)
    if code != 0:
        return
    code, log = place.run("undo", place.reports()[-1], place.write(),
                          typed=[DEVICES, *review("undo", 1, "one-2")])
    case(code == 0 and place.labels("destination") == {"one"} and
         place.labels("source") == {"one"}, "its copy is undone, and the other key stays",
         f"{code}\n{log}")
    verifies(place, place.reports()[-1])
    code, log = place.run(f"{place.folder}/migrate.yaml")
    code, log = place.run("retire", place.reports()[-1], place.write(),
                          typed=[DEVICES, *review("retire", 1, "one")])
    case(code == 0 and not place.labels("source") and
         place.labels("destination") == {"one", "one-2"}, "and it is retired by its own name",
         f"{code}\n{log}")
    verifies(place, place.reports()[-1])


def try_resume(folder, hsmferry, pair):
    """Killed at the gate of the second key, and resumed by its journal."""
    place = Place(f"{folder}/resume", hsmferry, pair)
    migration = place.migrate()
    if not migration:
        return
    ceremony = place.write(gates="key")
    code, log = place.run("retire", migration, ceremony, typed=[
        DEVICES, *review("retire", 3), ("or  one  to destroy it: ", "one\\n"),
        ("to destroy it: ", "!kill -9 $PID")])
    case(code == 137 and place.labels("source") == {"two", "three"}, "killed after the first key",
         log)
    journal = max(glob.glob(f"{place.folder}/reports/*.journal"), key=os.path.getmtime)
    code, log = place.run("resume", journal, ceremony, typed=[
        DEVICES, ("type  retire 2  to start: ", "\\x03")])
    case(code == 3 and place.labels("source") == {"two", "three"} and journal in log,
         "a resumed one that is stopped at its review changes nothing", f"{code}\n{log}")
    judge_report(place, migration, "retire", {"one"})
    code, log = place.run("resume", journal, ceremony, typed=[
        DEVICES, *review("retire", 2), ("or  three  to destroy it: ", "three\\n"),
        ("or  two  to destroy it: ", "two\\n")])
    case(code == 0 and not place.labels("source") and place.labels("destination") == set(OBJECTS),
         "resumed: the other keys are destroyed, and all copies are there", f"{code}\n{log}")
    judge_report(place, migration, "retire", set(OBJECTS))


def main(folder, hsmferry, what, pair):
    """As above."""
    os.umask(0o077)
    if what == "refused":
        refused = Refused(folder, hsmferry, pair)
        if refused.migration:
            refused.all()
    elif what == "resume":
        try_resume(folder, hsmferry, pair)
    elif what == "renamed":
        try_renamed(folder, hsmferry, pair)
    elif what == "twice":
        try_twice(folder, hsmferry, pair)
    else:
        try_removal(folder, hsmferry, what, pair)


if __name__ == "__main__":
    main(*sys.argv[1:])
