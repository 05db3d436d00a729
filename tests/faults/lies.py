# SPDX-License-Identifier: Apache-2.0
"""A module that lies: runs small ceremonies between two SoftHSM tokens, and probes, resumes and
clean-ups, again and again. In each the module of one side tells one lie (shim_lies.c) at one call:
handles that are known, lengths that are wrong, another key's bytes, another object's attributes,
searches that leave out or add, destroys that are not done, effects that come late. Then both tokens
are looked at, with no code of ours: their files byte for byte, their keys by what they answer.

    lies.py BUILD [OPTION]...

    --runs N        so many (2000), the same ones for the same seed; fewer are the first of them
    --seed S        (1)
    --jobs J        at a time (as many as there are processors)
    --only CASE     that case alone; it stays for a look
    --guards-off W  control: these guards are off (driver, service; both with a comma)
    --forge         control: a "migrated" that is not true is put into each report
    --dir DIR       where tokens and cases go (a new folder in memory)

A case is MODE/LIES-OF-SOURCE/LIES-OF-DESTINATION, where MODE is ceremony, probe, resume or clean.

What must be true afterwards, whatever the lie: each object that was there is still there, byte for
byte; the source has no other; a key that is told as migrated is on the destination and is that key;
exit 0 means that all are, with nothing beside them that a search shows."""

import argparse
import glob
import json
import os
import random
import re
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import raw  # noqa: E402 pylint: disable=wrong-import-position
import sweep  # noqa: E402 pylint: disable=wrong-import-position
from invariants import (ask, is_signature, label_of, open_token, read_parts,  # noqa: E402
                        BLOCK)  # pylint: disable=wrong-import-position

PAIR = "softhsm:softhsm"
MODES = ("ceremony", "probe", "resume", "clean")
CREATE = ("C_GenerateKey", "C_GenerateKeyPair", "C_CreateObject", "C_UnwrapKey", "C_CopyObject")
# Objects that were there and move nowhere: what a lie puts in another one's place.
THERE = {"old": ("one", "decoy"), "new": ("resident", "decoy")}
ARRIVE = ("handle", "handle:0x7fffffff", "again", "vanish:1", "vanish:4", "vanish:16", "appear:1",
          "appear:3")
OF_BYTES = ("flip", "flip:0", "short", "short:8", "long", "long:8", "empty", "replay")
LIES = {
    **{name: ARRIVE for name in CREATE},
    **{name: OF_BYTES for name in ("C_WrapKey", "C_Sign", "C_Encrypt", "C_DigestFinal")},
    "C_GetAttributeValue": ("flip", "flip:0", "short", "long", "empty"),
    "C_FindObjects": ("short", "empty", "flip", "add:0x7777"),
    "C_GetMechanismList": ("short", "empty", "flip"),
    "C_GetSlotList": ("short", "empty", "flip"),
    "C_DestroyObject": ("ignore", "defer:1", "defer:2", "defer:8", "defer:30"),
    "C_SetAttributeValue": ("ignore",),
}
# The same with the label of an object.
OF_OBJECTS = {
    **{name: ("known",) for name in CREATE},
    **{name: ("other",) for name in ("C_WrapKey", "C_SignInit", "C_EncryptInit", "C_DigestKey",
                                     "C_GetAttributeValue")},
    "C_FindObjects": ("hide", "add"),
}
TWO = ("known", "pknown")  # with a lie to one of the guards beside it


class Lies(sweep.Sweep):
    """What all cases share; one in each process."""

    def __init__(self, options):
        super().__init__(options)
        self.cut = None  # what a ceremony that was cut off has left
        self.set_up()

    def fill(self, side, folder, role):
        """One more on each side, of the same kind as what moves."""
        super().fill(side, folder, role)
        token = open_token(side, folder)
        on, off = raw.as_bytes(True), raw.as_bytes(False)
        token.create(**{"class": raw.CKO_SECRET_KEY, "key-type": raw.CKK_AES, "token": on,
                        "private": on, "sensitive": on, "extractable": on, "encrypt": on,
                        "decrypt": on, "wrap": off, "unwrap": off, "derive": off, "sign": on,
                        "verify": on, "label": b"decoy", "id": b"\xdc", "value": os.urandom(32)})
        token.close()

    def side_text(self, side, folder, fault, under=()):
        """As ever; and which guards are off."""
        text = super().side_text(side, folder, fault, under)
        if self.options.guards_off:
            text = text.replace('"SHIM_FAULT=',
                                f'"SHIM_GUARDS_OFF={self.options.guards_off}", "SHIM_FAULT=')
        return text

    # --- a case ---

    def begin(self, mode, faults):
        """The folder that a case begins with, and the words that run it."""
        made, sides = self.own(PAIR)
        sides = {**sides, "keys": self.keys}
        folder, facts = self.prepare(made, sides, {"old": "", "new": ""})
        if mode in ("resume", "clean"):
            if not self.cut:
                self.cut = self.cut_off(made, sides)
            shutil.rmtree(folder)
            shutil.copytree(self.cut, folder)
            for role in ("old", "new"):
                sweep.configure_softhsm(f"{folder}/{role}")
        self.write_ceremony(folder, sides, faults)
        words = {"ceremony": ["--plain"], "probe": ["probe"]}.get(mode) or [
            mode, *glob.glob(f"{folder}/reports/*.journal")]
        return folder, facts, [*words, f"{folder}/ceremony.yaml"]

    def cut_off(self, made, sides):
        """A ceremony that ended with its second commit, killed together with its agents."""
        calls, _ = self.golden(PAIR, self.keys)
        last = calls["new"].count("C_CopyObject") - 1
        folder, _ = self.prepare(made, sides, {"old": "", "new": f"cutdone:C_CopyObject:{last}"})
        self.run_console(folder, None, "--plain", "ceremony.yaml")
        for path in glob.glob(f"{folder}/*/calls/*"):
            os.remove(path)
        os.remove(f"{folder}/log")
        return folder

    @staticmethod
    def files(folder):
        """The bytes of each object's file. Logins write SoftHSM's token.object."""
        found = {}
        for path in glob.glob(f"{folder}/tokens/*/*.object"):
            if os.path.basename(path) != "token.object":
                with open(path, "rb") as file:
                    found[os.path.basename(path)] = file.read()
        return found

    def judge(self, folder, facts, mode, faults, code):
        """All that is not true."""
        wrong = []
        now = {role: self.files(f"{folder}/{role}") for role in ("old", "new")}
        was = {role: self.files(f"{facts['made_folder']}/{role}") for role in ("old", "new")}
        for role in ("old", "new"):
            lost = [name for name in was[role] if now[role].get(name) != was[role][name]]
            if lost:
                wrong.append(f"LOST: {len(lost)} objects of {role}")
        if set(now["old"]) - set(was["old"]):
            wrong.append("the source has an object that was not there")
        if code is None or code < 0:
            return wrong + ["it did not end"]
        told = self.outcomes(folder)
        if now["new"] != was["new"] or "migrated" in told.values():
            extra, arrived = self.look(folder, facts)
        else:
            extra, arrived = [], set()
        wrong += [f"FALSE: {label} is told as migrated" for label, outcome in told.items()
                  if outcome == "migrated" and label not in arrived]
        if mode == "ceremony" and code == 0 and set(told) < set(self.keys):
            wrong.append(f"exit 0, and the report tells of {sorted(told)} only")
        if code == 0 and mode in ("ceremony", "resume") and set(told.values()) - {"migrated"}:
            wrong.append(f"exit 0 with {told}")
        if code in (0, 2) and extra and not self.hides(faults):
            wrong.append(f"exit {code}, and {extra} were left over")
        if code == 2 and now["new"] != was["new"] and not self.hides(faults):
            wrong.append("exit 2, and the destination changed")
        return wrong

    @staticmethod
    def hides(faults):
        """Is it a lie that lets a search not show what is there?"""
        return any(fault.startswith("appear:") or "C_FindObjects" in fault
                   for fault in " ".join(faults.values()).split())

    @staticmethod
    def outcomes(folder):
        """What the last report says of each key."""
        reports = sorted(glob.glob(f"{folder}/reports/*.yaml"), key=os.path.getmtime)
        keys = read_parts(reports[-1])["keys"] if reports else []
        return {key["label"]: key["outcome"] for key in keys}

    def look(self, folder, facts):
        """The labels of what is there beside the keys, and those of the keys that are the same."""
        with open(f"{facts['made_folder']}/answers.json", encoding="utf-8") as file:
            answers = json.load(file)
        extra, arrived = [], set()
        token = open_token(facts["new"], f"{folder}/new")
        try:
            for handle, thing in token.objects().items():
                label, kind = label_of(thing), thing.get("class", "")[:2]
                if label in THERE["new"]:
                    continue
                if label not in self.keys:
                    extra.append(label)
                elif kind != "02" and self.is_same(token, handle, thing, answers[label]):
                    arrived.add(label)
                elif kind != "02" or thing.get("ec-point") != answers[label]["ec-point"]:
                    extra.append(f"{label}, which is another key")
        finally:
            token.close()
        return extra, arrived

    @staticmethod
    def is_same(token, handle, thing, answer):
        """Does this key answer as the source's did?"""
        if thing.get("class", "")[:2] == "03":
            return is_signature(answer, token.sign(handle, BLOCK))
        return ask(token, handle, thing) == answer

    def forge(self, folder):
        """The control: the first profile of keys that are not there is told as one of migrated ones."""
        for path in glob.glob(f"{folder}/reports/*.yaml"):
            with open(path, encoding="utf-8") as file:
                head, profiles, rest = file.read().partition("\nprofiles:")
            rest = re.sub(r'^  outcome: "(?!migrated)[a-z]+"', '  outcome: "migrated"', rest,
                          count=1, flags=re.M)
            with open(path, "w", encoding="utf-8") as file:
                file.write(head + profiles + rest)

    def run_case(self, case):
        """From fresh tokens to the verdict: the exit code, and what is wrong."""
        mode, old, new = case.split("/")
        faults = {"old": old, "new": new}
        while True:
            folder, facts, words = self.begin(mode, faults)
            code = self.run_console(folder, None, *words)
            if not self.is_in_use(folder, code):
                break
            shutil.rmtree(folder)
            self.end_orphans(folder)
        if self.options.forge:
            self.forge(folder)
        wrong = self.judge(folder, facts, mode, faults, code)
        if self.options.only:
            print(f"exit {code}; it is in {folder}")
        else:
            shutil.rmtree(folder)
        return code, wrong

    # --- which cases ---

    def groups(self):
        """Every lie at every call, by mode, side, function and lie."""
        for mode in MODES:
            folder, _, words = self.begin(mode, {"old": "", "new": ""})
            code = self.run_console(folder, None, *words)
            if code != 0:
                with open(f"{folder}/log", encoding="utf-8") as log:
                    sys.exit(f"{log.read()}lies.py: {mode} ends with {code} without a lie")
            for role in ("old", "new"):
                with open(f"{folder}/{role}/calls/calls", encoding="ascii") as file:
                    calls = file.read().split()
                for name in sorted(set(calls)):
                    for lie in self.lies_of(role, name):
                        yield [self.case_of_lie(mode, role, name, lie, n)
                               for n in range(calls.count(name) + 1)]
            shutil.rmtree(folder)

    @staticmethod
    def lies_of(role, name):
        """The lies at calls of a function: each its kinds, and what follows FUNCTION:N."""
        for lie in LIES.get(name, ()):
            yield lie, ""
        for kind in OF_OBJECTS.get(name, ()):
            for label in THERE[role] if kind != "hide" else (*THERE[role], "two", "three"):
                yield f"{kind}:{label}", ""
        for kind in TWO if name in CREATE else ():
            if kind == "known" or name == "C_GenerateKeyPair":
                yield f"{kind}:decoy", " hide:C_FindObjects:0:decoy"
                yield f"{kind}:decoy", " swap:C_GetAttributeValue:0"

    @staticmethod
    def case_of_lie(mode, role, name, lie, number):
        """As --only takes it. 0: at every call."""
        (words, more) = lie
        kind, _, argument = words.partition(":")
        text = f"{kind}:{name}:{number}" + (f":{argument}" if argument else "") + more
        return f"{mode}/{text}/" if role == "old" else f"{mode}//{text}"

    def cases(self):
        """So many: in turn one of each group, until all have none left."""
        rng = random.Random(self.options.seed)
        groups = [list(group) for group in self.groups()]
        total = sum(map(len, groups))
        for group in groups:
            rng.shuffle(group)
        rng.shuffle(groups)
        taken = []
        while groups and len(taken) < self.options.runs:
            taken += [group.pop() for group in groups]
            groups = [group for group in groups if group]
        print(f"# seed {self.options.seed}, {total} lies there are", flush=True)
        return taken[:self.options.runs]


WORKER = []


def start_worker(options):
    """Tokens of this process's own: a host lets nobody use the same ones at a time."""
    WORKER.append(Lies(options))


def run_case(case):
    """In a worker."""
    return case, *WORKER[0].run_case(case)


def stop_worker(_):
    """What it made."""
    if WORKER:
        WORKER.pop().stop()


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", action="append")
    parser.add_argument("--guards-off", default="")
    parser.add_argument("--forge", action="store_true")
    parser.add_argument("--dir")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    vars(options).update(naive=False, blind=False, whole=True, again=1, sessions=0, beyond=None, resync=False)
    return options


def run_all(options):
    """All cases; how many there were, and the codes and wrongs of those."""
    first = Lies(options)
    options.dir = first.top  # the workers' folders go with it
    codes, wrong = {}, 0
    try:
        cases = options.only or first.cases()
        with ProcessPoolExecutor(options.jobs, initializer=start_worker,
                                 initargs=(options,)) as pool:
            for case, code, words in pool.map(run_case, cases):
                codes[code] = codes.get(code, 0) + 1
                wrong += bool(words)
                if words:
                    print(f"VIOLATION {case}, exit {code}", *words, sep="\n    ", flush=True)
    finally:
        first.stop()
    return len(cases), codes, wrong


def main():
    """The campaign; 1: something was not true."""
    options = parse()
    os.umask(0o077)
    began = time.monotonic()
    runs, codes, wrong = run_all(options)
    print("# exit codes: " + ", ".join(f"{code}: {n}" for code, n in
                                       sorted(codes.items(), key=lambda c: -c[1])))
    print(f"{runs} runs, {wrong} violations, {time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
