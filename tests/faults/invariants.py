# SPDX-License-Identifier: Apache-2.0
"""Says what is not true after a ceremony, whatever happened in it. Looks at the tokens, the report
and the journal with no code of ours.

    invariants.py CASE...       each a folder as sweep.py leaves it; prints what is wrong
    invariants.py --serve       reads the folders from standard input; a line of JSON for each

A case's case.json says what was run and how it ended; made/ beside it holds the tokens as they were
before, what is on them (old.json, new.json), what the source answers (answers.json), and what each
key looks like once it has moved (golden.json; where that is missing, the case makes it)."""

import base64
import glob
import hashlib
import json
import os
import re
import sqlite3
import sys

import yaml
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import raw
import records

PIN, BLOCK = "swordfish", bytes(range(16))
NSS_LABEL = "NSS Certificate DB"
PARAMETERS = "configdir='sql:{}' certPrefix='' keyPrefix='' secmod='' flags="
# What is read of a report; and what of a journal decides what who resumes does, and a little more.
SECTIONS = ("summary:", "profiles:", "keys:", "companions:", "steps:", "errors:")
DECIDES = ("planned", "inventory", "proof", "key-done", "end")
TELLS = ("key", "step", "state", "stage", "outcome", "route", "refused", "kept", "after", "objects",
         "nameless", "unexplained", "missing", "label", "class", "named", "want-flags", "transport")
LOST = "a power cut may lose it"  # the report, which was complete before that showed
AGREE = "nothing: the inventories agree"
TRUE, FALSE = "01", "00"
# What goes along with a private key bears its label, so here it has a name of its own.
COMPANIONS = {"public": " (public key)", "certificate": " (certificate)"}
STEPS = re.compile(r' name: "(commit|align)"')  # that leave what stays
SEALED = re.compile(r"\.[0-9]+-([a-z]+)\.[a-z0-9]+(\.part)?$")  # a file for a key service
DAMAGED = object()
CLASSES = {"01": "certificate", "02": "public"}
# What a resync sets on the copy that was there, and what cannot be read afterwards.
TIGHT = {"decrypt": FALSE, "sign": FALSE, "verify": FALSE, "extractable": FALSE, "sensitive": TRUE}
HIDDEN = {"value"}


def open_token(side, folder):
    """One side of a case, opened by its own module."""
    if side["kind"] == "softhsm":
        os.environ["SOFTHSM2_CONF"] = f"{folder}/softhsm2.conf"
        return raw.Token(side["module"], side["label"], PIN)
    return raw.Token(side["module"], NSS_LABEL, PIN,
                     PARAMETERS.format(folder))


def snapshot(side, folder):
    """All objects of a token, without their handles, in an order of their own."""
    token = open_token(side, folder)
    try:
        return sorted(token.objects().values(), key=json.dumps)
    finally:
        token.close()


def without_zeros(der):
    """SoftHSM pads a private key before it wraps it."""
    octets = der[1] & 0x7f if der[1] & 0x80 else 0
    return der[:2 + octets + (int.from_bytes(der[2:2 + octets], "big") if octets else der[1])]


def ask(token, handle, thing):
    """What tells a secret from any other, and does not tell the secret."""
    if thing["key-type"][:2] == "1f":
        return {"encrypted": token.encrypt(handle, BLOCK).hex()}
    return {"digest": token.digest(handle).hex()}


def answers_of(side, folder):
    """The same of all keys of a token; the public half of a pair."""
    token = open_token(side, folder)
    try:
        return {label_of(o): o if "ec-point" in o else ask(token, h, o)
                for h, o in token.objects().items() if o["class"][:2] in ("02", "04")}
    finally:
        token.close()


def label_of(thing):
    """The label as text."""
    return bytes.fromhex(thing.get("label", "")).decode(errors="replace")


def name_of(thing):
    """The label, and of public objects what they are."""
    return label_of(thing) + COMPANIONS.get(CLASSES.get(thing.get("class", "")[:2]), "")


def content(side, folder):
    """The bytes of all objects. Logins write SoftHSM's token.object, and nothing else."""
    if side["kind"] != "softhsm":
        with sqlite3.connect(f"file:{folder}/key4.db?mode=ro", uri=True) as database:
            return sorted(database.execute("select * from nssPrivate"), key=repr)
    paths = glob.glob(f"{folder}/tokens/*/*.object")
    return sorted(open(p, "rb").read() for p in paths if os.path.basename(p) != "token.object")


def is_signature(thing, signature):
    """Does it verify under the public point of a key?"""
    point = bytes.fromhex(thing["ec-point"])
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), point[2:] if point[0] == 4 and point[1] == 65 else point)
    half = len(signature) // 2
    der = utils.encode_dss_signature(int.from_bytes(signature[:half], "big"),
                                     int.from_bytes(signature[half:], "big"))
    try:
        key.verify(der, BLOCK, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def parts_of(report):
    """The lines of a report that are looked at here; to read all takes longer than the ceremony."""
    kept, wanted = [], ""
    for line in report:
        if line[0] not in " -":
            wanted = line.split()[0] if line.startswith(SECTIONS) else ""
        if wanted and (wanted != "steps:" or line[0] != "-" or " name: " in line and STEPS.search(line)) and not (
                wanted in ("keys:", "companions:") and line.startswith("  -")):
            kept.append(line)
    return "".join(kept)


def read_parts(path):
    """Those of a report, in full."""
    with open(path, encoding="utf-8") as file:
        report, journal = yaml.load(parts_of(file), Loader=yaml.CSafeLoader), path[:-4] + "journal"
    return records.whole(report, journal if os.path.exists(journal) else None)


class Case:
    """One case, and what is wrong about it."""

    def __init__(self, folder):
        self.folder, self.killed = folder, False
        self.torn = False  # was an agent killed within a call that writes?
        with open(f"{folder}/case.json", encoding="utf-8") as file:
            vars(self).update(json.load(file))
        self.wrong = []
        self.report, self.outcomes = None, {}
        self.ids, self.proven, self.named, self.whole = set(), set(), set(), set()
        self.told, self.shape = [], []
        self.committing = False
        self.aligned = self.new.get("aligned", [])
        self.torn = self.torn and self.new["kind"] == "softhsm"

    def must(self, true, words):
        """One invariant."""
        if not true:
            self.wrong.append(words)
        return true

    def made(self, name):
        """What setting up left in made/."""
        try:
            with open(f"{self.made_folder}/{name}.json", encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    # --- what was said ---

    def read_report(self):
        """The last report, if one was written."""
        reports = sorted(glob.glob(f"{self.folder}/reports/*.yaml"), key=os.path.getmtime)
        if reports:
            self.report = read_parts(reports[-1])
            for part in ("keys", "steps", "companions"):
                self.report[part] = self.report[part] or []
            self.outcomes = {key["label"] + COMPANIONS.get(key["class"], ""): key["outcome"]
                             for key in self.report["keys"] + self.report["companions"]}

    def check_words(self):
        """The report says what the exit code says."""
        if not self.report:
            self.must(self.is_killed() or self.code not in (0, 3),
                      f"exit {self.code} without a report")
            return
        summary = self.report["summary"]
        if not self.is_killed():
            self.must(summary["exit-code"] == self.code or LOST in self.log(),
                      f"the report says exit {summary['exit-code']}, it was {self.code}")
        moved = "sealed" if self.new["kind"] == "files" else "migrated"
        all_moved = all(self.is_in_line(k) if k in self.aligned else self.outcomes.get(k) == moved
                        for k in self.wanted())
        clean = summary["left-over"] == 0 and summary["failed"] == 0
        whole = all_moved and clean and not self.is_unsure() and not self.report["errors"]
        self.must((summary["exit-code"] == 0) == whole,
                  f"exit {summary['exit-code']}, and the keys are {self.outcomes}")

    def is_in_line(self, label):
        """Does the report say so of a copy that was there? Whoever resumes may find it so."""
        reasons = [key.get("reason", "") for key in self.report["keys"] if key["label"] == label]
        return self.outcomes.get(label) in ("aligned", "migrated") or (
            self.resumed and self.outcomes.get(label) == "refused"
            and all(reason.startswith("there already") for reason in reasons))

    def wanted(self):
        """The keys that were to go: whoever resumes takes those that were not refused before, and
        whoever cleans up none that is not there."""
        if self.cleaned:
            return [key["label"] for key in self.report["keys"] if key["outcome"] != "refused"]
        asked = [key["label"] for key in self.report["keys"]] if self.report else []
        return asked if self.resumed and self.report else self.keys

    def is_unsure(self):
        """Does the report say itself that somebody must look?"""
        return "nobody could look" in self.report["summary"]["sentence"]

    def check_diagnosis(self):
        """No error of the HSM is told as a conflict, and no doubt as a certainty."""
        if not self.lies:
            self.must(self.code != 4, "a failing HSM was told as a conflict (exit 4)")
        if not self.report:
            return
        committed = {}
        for step in self.report["steps"]:
            if step["name"] in ("commit", "align"):
                committed[step["key"]] = step["state"]
        for key in self.report["keys"] + self.report["companions"]:
            self.must(not (committed.get(key["number"]) == "ok" and key["outcome"] == "failed"),
                      f"{key['label']}: the commit was answered OK and not taken back, and the "
                      "outcome is not unknown but failed")

    def read_journals(self):
        """Each journal's chain holds; a last line may be torn by a crash. Takes over what they tell
        of the keys: which was proven, and which was about to get its final name."""
        paths = sorted(glob.glob(f"{self.folder}/reports/*.journal"), key=os.path.getmtime)
        for path in paths:
            with open(path, "rb") as file:
                lines = file.read().split(b"\n")
            if len(lines) < 2:  # cut off in its first line
                continue
            magic, labels = lines[0], {}
            head, window = hashlib.sha256(magic).digest(), b""
            said = records.said_before(magic.decode())
            self.told.append(["journal", lines[-1] == b""])
            before = path != paths[-1]
            for number, line in enumerate(lines[1:-1], 2):
                text, summed, told = line.partition(b"\tsum=")
                window += text if summed else line + b"\n"
                if summed:
                    head, window = hashlib.sha256(head + window).digest(), b""
                if not self.must(not summed or told.decode(errors="replace") == head.hex(),
                                 f"line {number} of the journal does not chain"):
                    break
                self.take_event(*records.read_line(text.decode(), said)[1:], labels, before)

    def take_event(self, kind, side, event, labels, before):
        """One line of a journal; before: it is not the last one's."""
        canary = kind == "canary" and event["state"] in ("commits", "clean")
        if canary or event.get("step") == "commit":
            self.committing = event["state"] in ("commits", "begun")
        if canary or kind in DECIDES or event.get("step") in ("make-pair", "commit", "align"):
            self.told.append([kind, side] + [(f, event[f]) for f in TELLS if f in event])
        if before and "key" in event:
            self.take_proof(kind, event, labels.get(event["key"]))
        if kind == "begin":
            self.ids.add(event["id"])
        elif kind == "planned":
            labels[event["key"]] = event["label"] + COMPANIONS.get(event["class"], "")
        elif kind == "step" and "key" in event:
            label, step, state = labels[event["key"]], event["step"], event["state"]
            if step in ("prove", "relay-object") and state == "ok":
                self.proven.add(label)
            elif step in ("commit", "seal", "align") and state == "begun":
                self.named.add(label)

    def take_proof(self, kind, event, label):
        """Which keys were proven behind their commit, and not taken back then."""
        if kind == "proof" and event["stage"] == "prove-again" and event["state"] == "ok":
            self.whole.add(label)
        elif event.get("state") == "undone" or event.get("outcome") == "failed":
            self.whole.discard(label)

    def check_logins(self):
        """One PIN entry for each process."""
        for side in ("old", "new"):
            try:
                with open(f"{self.folder}/{side}/calls/calls", encoding="utf-8") as file:
                    calls = file.read().split()
            except FileNotFoundError:
                continue
            opened = calls.count("C_Initialize") + calls.count("open")
            logins = calls.count("C_Login") + calls.count("login")
            self.must(logins <= opened, f"{logins} logins in {opened} processes on {side}")

    # --- what is true ---

    def check_source(self):
        """Byte for byte."""
        self.must(content(self.old, f"{self.folder}/old")
                  == content(self.old, f"{self.made_folder}/old"), "the source changed")

    def is_proven(self, token, handle, thing):
        """Does this object hold the same key as the source's of that label?"""
        answers = self.made("answers")[label_of(thing)]
        if thing["class"][:2] == "02":
            return thing.get("ec-point") == answers["ec-point"]
        if "ec-point" in answers:
            return is_signature(answers, token.sign(handle, BLOCK))
        return ask(token, handle, thing) == answers

    def check_destination(self):
        """Each new object is a key under its final name, whole and proven, or is told of."""
        token = open_token(self.new, f"{self.folder}/new")
        try:
            was = self.made("new")
            copies = {label: [o for o in was if name_of(o) == label] for label in self.aligned}
            was = [o for o in was if name_of(o) not in copies]
            now = token.objects()
            for label, (before,) in copies.items():
                self.check_copy(token, {h: o for h, o in now.items() if name_of(o) == label}, before)
            now = {h: o for h, o in now.items() if name_of(o) not in copies}
            new = {h: o for h, o in now.items() if o not in was}
            self.must(len(now) - len(new) == len(was), "the destination lost or changed an object")
            finals = {k: [] for k in self.keys if k not in copies}
            if "three" in finals:
                finals["three" + COMPANIONS["public"]] = []
            extra = []
            for handle, thing in new.items():
                self.shape.append(self.without_ids(thing))
                if thing.get("class", "")[:2] in ("03", "04"):
                    self.must(thing.get("sensitive") == TRUE,
                              f"a key that is not sensitive: {label_of(thing)}")
                if name_of(thing) in finals:
                    finals[name_of(thing)].append(thing)
                    self.must(self.is_proven(token, handle, thing),
                              f"{name_of(thing)} is there, and is another key")
                else:
                    extra.append(label_of(thing))
        finally:
            token.close()
        self.check_kept(finals)
        golden = self.made("golden")
        if golden is None:
            with open(f"{self.made_folder}/golden.json", "w", encoding="utf-8") as file:
                json.dump(finals, file)
            golden = finals
        for key, things in finals.items():
            self.check_key(key, things, golden[key])
        self.check_extra(finals, extra)

    def check_copy(self, token, things, before):
        """A copy that was there: it is that key, may do no more than before, and each attribute that
        was set was announced, and is told of."""
        label = name_of(before)
        outcome = self.outcomes.get(label)
        if not things and self.torn:  # SoftHSM writes an object over itself
            self.must(label in self.named, f"{label} is gone, and no journal announced a change")
            self.must(self.is_killed() or outcome == "unknown" or
                      (self.cleaned and f"{label}: the copy that was to be brought into line is gone"
                       in self.log()), f"{label} is gone, and told as {outcome}")
            return
        if not self.must(len(things) == 1, f"LOST: the copy of {label} is there {len(things)} times"):
            return
        (handle, thing), = things.items()
        self.shape.append(self.without_ids(thing))
        self.must(self.is_proven(token, handle, thing), f"LOST: the copy of {label} is another key")
        kept = {name: value for name, value in before.items() if name not in HIDDEN}
        now = {name: value for name, value in thing.items() if name not in HIDDEN}
        if outcome == "migrated":  # since it was gone
            self.must(self.torn and self.resumed, f"{label} is told as migrated, and it was there")
            kept = {**now, **TIGHT}
        for name in kept.keys() | now.keys():
            self.must(now.get(name) in (kept.get(name), TIGHT.get(name)),
                      f"{label}: {name} was {kept.get(name)} and is {now.get(name)}")
        changed, tight = now != kept, now == {**kept, **TIGHT}
        self.must(not changed or label in self.named, f"{label} was changed, and no journal announced it")
        self.must(outcome != "aligned" or tight, f"{label} is told as in line, and is not: {now}")
        if self.report and not self.resumed:
            self.must(not changed or outcome in ("aligned", "unknown"),
                      f"{label} was changed, and the report hides it: {outcome}")
        if self.code == 0 and not self.cleaned and self.outcomes:
            self.must(tight, f"exit 0, and {label} is not in line: {now}")
        if self.code == 2:
            self.must(not changed or self.resumed, f"exit 2, and {label} was changed")

    def without_ids(self, thing):
        """An object's attributes; the names of temporaries are those of their ceremony."""
        text = json.dumps(thing, sort_keys=True)
        for one in self.ids:
            text = text.replace(one.encode().hex(), "")
        return text

    def check_kept(self, finals):
        """Whoever cleans up leaves the keys that were proven, and no other."""
        if self.cleaned and self.code == 0:
            there = {key for key, things in finals.items() if things}
            self.whole -= set(self.aligned)
            self.must(there == self.whole, f"left are {there}, and proven were {self.whole}")

    def check_key(self, key, things, golden):
        """What the report says of a key against what is there."""
        outcome = self.outcomes.get(key)
        self.must(len(things) <= len(golden), f"{key} is there {len(things)} times")
        if things:
            self.must(key in self.proven, f"{key} has its final name, and nobody proved it")
            self.must(key in self.named, f"{key} has its final name, and no journal announced it")
        told = self.report and self.report["summary"]["left-over"] > 0
        if things and not told and outcome != "unknown":
            self.must(things == golden, f"{key} is there, but not as it should be: {things}")
        if outcome == "migrated":
            self.must(things, f"{key} is migrated, and not there")
        elif self.report and outcome not in self.honest():
            self.must(not things or told, f"{key} is {outcome}, and there")

    def honest(self):
        """Outcomes of a key that is there. After an HSM that lied about what it made, who resumes
        finds the name taken, and refuses."""
        if self.resumed and (self.lies or not self.cleaned):
            return ("migrated", "unknown", "refused")
        return ("migrated", "unknown")

    def check_extra(self, finals, extra):
        """What is there beside the keys."""
        there = [k for k, things in finals.items() if things]
        if self.code == 0:
            self.must(set(there) >= set(self.wanted()) - set(self.aligned) and not extra,
                      f"exit 0 with {there}, and beside them {extra}")
        if self.code == 2:
            self.must(not there and not extra, f"exit 2 with {there + extra}")
        if not self.report:
            ours = [label for label in extra if label.partition(":")[2] in self.ids]
            if self.committing and extra.count("") == 1:  # which the cut-off commit explains
                ours.append("")
            self.must(self.is_killed() or not there + extra, f"no report names {there + extra}")
            self.must(sorted(ours) == sorted(extra), f"no journal names {extra}")
            return
        known = [k for k in there if self.outcomes.get(k) in self.honest()]
        self.must(not extra or self.report["summary"]["left-over"] > 0 or self.is_unsure()
                  or all(label in self.report["summary"]["sentence"] for label in extra),
                  f"nothing names {extra}")
        if self.code != 3:
            self.must(not extra and there == known, f"exit {self.code} with {there + extra}")
        if f"on the destination {AGREE}" in self.log():
            self.must(not extra and there == known, f"left over is told as nothing: {there + extra}")

    def opened(self, path, label):
        """What the service gets out of the sealed file of this key; None: it is not whole, which the
        source could have been asked; DAMAGED: it is not, which only the service can know."""
        with open(f"{self.new['service']}.key", "rb") as file:
            own = serialization.load_pem_private_key(file.read(), None)
        with open(path, "rb") as file:
            blob = file.read()
        size = own.key_size // 8
        for sha in (hashes.SHA1(), hashes.SHA256()):  # SoftHSM's, NSS's
            try:
                kek = own.decrypt(blob[:size], padding.OAEP(padding.MGF1(sha), sha, None))
                break
            except ValueError:
                continue
        else:
            return DAMAGED
        try:
            value = keywrap.aes_key_unwrap_with_padding(kek, blob[size:])
        except (ValueError, keywrap.InvalidUnwrap):
            return None
        return without_zeros(value) if "ec-point" in self.made("answers")[label] else value

    def is_source(self, label, value):
        """Is this the key that the source has under this label?"""
        answers = self.made("answers")[label]
        if "ec-point" not in answers:
            encryptor = Cipher(algorithms.AES(value), modes.ECB()).encryptor()
            return encryptor.update(BLOCK).hex() == answers["encrypted"]
        point = serialization.load_der_private_key(value, None).public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return answers["ec-point"].endswith(point.hex())

    def check_file(self, path, label, values):
        """A file under its final name: a whole key, announced, reported, for this user alone."""
        name = os.path.basename(path)
        value = self.opened(path, label)
        if value is DAMAGED and self.flips:
            return
        value = None if value is DAMAGED else value
        if not self.must(value is not None, f"{name} is not whole"):
            return
        self.must(values[label] == value.hex() if label in values else self.is_source(label, value),
                  f"{name} holds another key")
        values[label] = value.hex()
        self.must(os.stat(path).st_mode & 0o777 == 0o600, f"others may read {name}")
        self.must(label in self.named, f"no journal announces {name}")

    def check_files(self):
        """What is not whole has another name, and is there only if a console was killed. The report
        has each file of its ceremony, and no other. No file holds a key in clear."""
        values = self.made("golden") or {}
        stem = max(glob.glob(f"{self.folder}/reports/*.journal"), default="",
                   key=os.path.getmtime).removesuffix(".journal")
        there = {}
        for path in sorted(glob.glob(f"{self.folder}/reports/*")):
            sealed = SEALED.search(path)
            if not sealed:
                continue
            self.shape.append(sealed[0])
            if sealed[2]:
                self.must(self.is_killed() or self.killed, f"{os.path.basename(path)} stays")
                continue
            self.check_file(path, sealed[1], values)
            if path.startswith(stem + "."):
                with open(path, "rb") as file:
                    there[os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
        if self.report:
            told = {key["file"]: key["file-sha256"] for key in self.report["keys"]
                    if key["outcome"] == "sealed"}
            self.must(told == there, f"the report has {told}, and there are {there}")
        if self.made("golden") is None:
            with open(f"{self.made_folder}/golden.json", "w", encoding="utf-8") as file:
                json.dump(values, file)
        self.check_clear([bytes.fromhex(value) for value in values.values()])

    def check_clear(self, values):
        """No record, and nothing that was printed, has a key in clear."""
        for path in glob.glob(f"{self.folder}/reports/*") + [f"{self.folder}/log"]:
            with open(path, "rb") as file:
                text = file.read()
            for value in values:
                for form in (value, value.hex().encode(), base64.b64encode(value)):
                    self.must(form not in text, f"{os.path.basename(path)} has a key in clear")

    def is_killed(self):
        """Was the console killed, so that it could not say anything?"""
        return self.code is None or self.code < 0

    def log(self):
        """All that was printed by the last run."""
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            file.seek(self.log_from)
            return file.read()

    def state(self):
        """All that a next start finds; but for times, handles, numbers by chance, and words."""
        found = json.dumps([self.told, sorted(self.shape)])
        return hashlib.sha256(found.encode()).hexdigest()

    def check(self):
        """All of it."""
        if self.resumed and not self.lies:
            self.must(self.code == 0, f"resume does not converge: exit {self.code}")
        self.read_report()
        self.check_words()
        self.check_diagnosis()
        self.read_journals()
        self.check_logins()
        self.check_source()
        if self.new["kind"] == "files":
            self.check_files()
        else:
            self.check_destination()
        return self.wrong


def main(arguments):
    """The cases named, or those that come in."""
    if arguments == ["--serve"]:
        for line in sys.stdin:
            case = Case(line.strip())
            print(json.dumps([case.check(), case.state()]), flush=True)
        return 0
    failed = 0
    for folder in arguments:
        for words in Case(folder).check():
            failed = 1
            print(f"{folder}: {words}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
