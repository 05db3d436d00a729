# SPDX-License-Identifier: Apache-2.0
"""A fault at every call: runs a small ceremony between two real tokens again and again, lets one
thing go wrong in each, and has invariants.py look at what is true afterwards.

    sweep.py BUILD [OPTION]...

    --pair A:B      softhsm:softhsm, softhsm:nss, nss:softhsm or, of which only commits are killed,
                    softhsm:softoken; softhsm:files, nss:files: keys are sealed for a key service;
                    may be given again (all of them)
    --every N       each N-th of the single faults only; 0: none
    --of CALL       only faults of calls of this name
    --whole         all three keys move where one thing goes wrong too, not one of them
    --sessions K    they move together, on so many sessions of each HSM; 0: one after the other
    --double N      N random double faults too
    --kill N        N random kill -9, of the console or an agent, too
    --link N        the connection to each agent fails at each N-th message, as link.c has it; 0: never
    --beyond FILE   the agents are reached by the command in this file, a list of words in JSON
                    such as those of ssh; then the shell of the other host gets one line
    --commit N      the destination's agent is killed at each N-th system call of its commits that
                    writes, or opens what is written; of a resync, of the calls that set attributes;
                    0: never
    --resync        by the command that leaves out what the destination has already, and brings into
                    line with its original a copy that is there
    --again N       resume each N-th case, too, that leaves what one before has left (40)
    --naive         a destination that takes the naive order: its key gets its name unproven
    --blind         a destination that does not list what says that it is no token object
    --seed S        of all that is random (1)
    --jobs J        at a time
    --only CASE     that case alone; it stays for a look
    --dir DIR       where tokens and cases go (a new folder in memory)

A case is PAIR/FAULTS-OF-SOURCE/FAULTS-OF-DESTINATION, as shim.h has them, or PAIR/kill/WHO@SECONDS,
and a second number behind a comma for the console that resumes; or PAIR/WHAT/CALL:N, where strace
kills the destination's agent at its N-th system call of this name ("agent"), and the console with it
as in a power cut ("power"); or PAIR/link/ROLE:HOW:WAY:N, where the connection to an agent, of old or new,
fails. Of files, FAULTS-OF-DESTINATION is a FILES_FAULT, as files.c has it.

What a case leaves, in journal and tokens, is resumed, and a copy of it is cleaned up. Thousands of
faults leave the same: then only some of them.
BUILD is where make check TESTS= was run."""

import argparse
import glob
import itertools
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import raw  # noqa: E402 pylint: disable=wrong-import-position
from invariants import NSS_LABEL, PARAMETERS, PIN, answers_of, open_token, snapshot  # noqa: E402

KEYS = ("one", "two", "three")
PAIRS = {  # and which one moves where one thing goes wrong; all do where more than that does
    "softhsm:softhsm": ("one",),
    "softhsm:nss": ("two",),
    "nss:softhsm": ("three",),
    "softhsm:softoken": ("one",),  # the same database through PKCS#11
    "softhsm:files": ("one",),
    "nss:files": ("three",),
}
SEALED = ("one", "three")  # both kinds that a service takes
COMMITS_ONLY = {"softhsm:softoken"}
ALIGNED = ("there",)  # of a resync: the destination has a copy that may do more than its original
PYTHON = sys.executable
DONE = re.compile("there is nothing to do|taken over by a later one")
ROUNDS = "NSS_MAX_MP_PBE_ITERATION_COUNT"  # by which NSS makes its PIN, and each key, slow to guess
IN_USE = 77  # the exit code of who finds the tokens in use
HELD = re.compile(r"is in use by (an agent|another process|process [0-9]+ \(hsmferry-agent)")
COUNT = re.compile(rb"SHIM_COUNT=([^\0]+)")
# What a commit writes with, and what strace calls the same elsewhere; "?": not each machine has it.
WRITES = ("?open", "openat", "?creat", "write", "pwrite64", "writev", "?pwritev", "ftruncate",
          "?truncate", "?rename", "?renameat", "renameat2", "?link", "linkat", "?unlink", "unlinkat",
          "fsync", "fdatasync")
TRACED = re.compile(r"^([0-9]+) +([a-z0-9]+)\((.*)", re.MULTILINE)
BEGUN = re.compile(r'/calls/calls>, "([A-Za-z_]+) ')  # a line of the shim's: a call of the module
STRACE = [shutil.which("strace") or "/usr/bin/strace", "-f", "-qq"]
# Starts an agent; where it is killed, so is the console, before it can see that.
# The console's number is read at once: later, it may be that of the one which resumes.
POWER = 'until read -r pid <console.pid; do sleep 0.01; done 2>&-; "$@" && exit; kill -9 "$pid"'
GONE = re.compile("killed by signal 9|the HSM no longer answers")
FAILURES = ("cut", "tear", "stall", "garble", "length")  # of a connection, see link.c
LIMIT = 120  # seconds until a console that does not end is a violation

# What goes wrong at every call; and where it gives out bytes or a handle.
GENERAL = ("fail", "fail:0x31", "fail:0xb3", "late", "close", "remove", "away", "hang", "die",
           "diedone")
OF_BYTES, OF_HANDLES = ("empty", "short", "flip"), ("handle", "again")
OF_COMMITS = ("half",)  # half an object stays
SOME = 7  # of all kinds, in turn, for what there is so much of that each is like the next:
READS = {"C_GetAttributeValue", "C_FindObjects"}  # these, and what is called before the ceremony
PAIR = {"C_GenerateKeyPair"}  # the last time that it is made the ceremony begins
LIES = set(OF_BYTES + OF_HANDLES)
BYTES = {"C_WrapKey", "C_Encrypt", "C_Sign", "C_DigestFinal", "C_FindObjects", "C_GetSlotList",
         "C_GetAttributeValue", "wrap", "public_key", "certificate", "prove", "make_pair",
         "make_agreement_pair", "handles"}
HANDLES = {"C_OpenSession", "C_CreateObject", "C_CopyObject", "C_GenerateKey", "C_UnwrapKey",
           "C_DeriveKey", "agree", "C_GenerateKeyPair", "load_public", "make_kek", "make_key", "unwrap", "commit",
           "make_public"}
# What keeps an object for good: of a key, of what goes along with one, or of the canary.
COMMITS = {"C_CopyObject", "C_CreateObject", "commit", "make_public"}
ALIGNS = {"C_SetAttributeValue", "tighten"}  # what sets attributes of an object that is kept


def find(*patterns):
    """The first file that one of these names."""
    for pattern in patterns:
        for path in glob.glob(pattern):
            return path
    sys.exit(f"sweep.py: there is no {patterns[0]}")


MODULES = {
    "softhsm": find("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/*/softhsm/libsofthsm2.so"),
    "nss": find("/usr/lib/*/libsoftokn3.so", "/usr/lib/*/nss/libsoftokn3.so"),
}
MODULES["softoken"] = MODULES["nss"]


def configure_softhsm(folder):
    """Its configuration names a folder."""
    with open(f"{folder}/softhsm2.conf", "w", encoding="ascii") as file:
        file.write(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n"
                   "log.level = ERROR\n")


class Sweep:
    """What all cases share."""

    def __init__(self, options):
        self.options = options
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.top = tempfile.mkdtemp(prefix="hsmferry-sweep.", dir=options.dir or base)
        self.agent = f"{options.build}/tests/faults/hsmferry-agent-faults"
        self.shim = f"{options.build}/tests/faults/shim.so"
        self.local = threading.local()
        self.numbers = itertools.count()
        self.checkers = []
        self.violations = []
        self.codes = {}
        self.states, self.resumed = set(), 0
        self.lock = threading.Lock()
        self.keys = ("one",) if options.naive else KEYS
        self.value = os.urandom(32)  # of the key that both sides have
        self.service = f"{self.top}/service"  # its key pair
        self.beyond = []
        if options.beyond:
            with open(options.beyond, encoding="utf-8") as file:
                self.beyond = json.load(file)

    # --- tokens, made once ---

    def make_softhsm(self, side, folder):
        """By a tool that is not ours."""
        os.makedirs(f"{folder}/tokens")
        configure_softhsm(folder)
        subprocess.run([PYTHON, f"{HERE}/../softhsm/tokens.py", "make", side["module"],
                        side["label"]], check=True,
                       env={**os.environ, "SOFTHSM2_CONF": f"{folder}/softhsm2.conf"})

    def make_nss(self, _, folder):
        """Likewise."""
        os.makedirs(folder)
        subprocess.run(["certutil", "-N", "-d", f"sql:{folder}", "-f", f"{self.top}/pin"],
                       check=True)

    make_softoken = make_nss

    def make_files(self, _, folder):
        """A key service has no token: what it gets is in the report folder."""
        os.makedirs(folder)

    def fill(self, side, folder, role):
        """The keys."""
        on, off = raw.as_bytes(True), raw.as_bytes(False)
        base = {"token": on, "private": on, "sensitive": on, "extractable": on}
        uses = {u: off for u in ("wrap", "unwrap", "derive")}
        token = open_token(side, folder)

        def secret(label, number, kind, value, *used, **more):
            token.create(**{"class": raw.CKO_SECRET_KEY, "key-type": kind, **base, **uses,
                            **{u: on if u in used else off
                               for u in ("encrypt", "decrypt", "sign", "verify")},
                            "label": label, "id": number, "value": value, **more})

        if role == "new":
            secret(b"resident", b"\xd1", raw.CKK_AES, os.urandom(32), "encrypt", "decrypt")
            if self.options.resync:
                secret(b"there", b"\4", raw.CKK_AES, self.value, "encrypt", "decrypt", "sign", "verify",
                       sensitive=off)
        else:
            if self.options.resync:
                secret(b"there", b"\4", raw.CKK_AES, self.value, "encrypt")
            secret(b"one", b"\1", raw.CKK_AES, os.urandom(32), "encrypt", "decrypt")
            secret(b"two", b"\2", raw.CKK_GENERIC_SECRET, os.urandom(13), "sign", "verify")
            token.create_ec({"token": on, "private": off, "verify": on, "label": b"three",
                             "id": b"\3"},
                            {**base, "sign": on, "decrypt": off, "unwrap": off, "derive": off,
                             "label": b"three", "id": b"\3"})
        token.close()

    def make(self, pair):
        """Both tokens of a pair, in a folder of their own."""
        made = f"{self.top}/{pair.replace(':', '-')}-{next(self.numbers)}"
        sides = {}
        for role, kind in zip(("old", "new"), pair.split(":")):
            side = {"kind": kind, "label": role, "module": MODULES.get(kind), "service": self.service,
                    "aligned": list(ALIGNED) if self.options.resync else []}
            getattr(self, f"make_{kind}")(side, f"{made}/{role}")
            sides[role] = side
            if kind == "files":
                continue
            self.fill(side, f"{made}/{role}", role)
            with open(f"{made}/{role}.json", "w", encoding="utf-8") as file:
                json.dump(snapshot(side, f"{made}/{role}"), file)
        with open(f"{made}/answers.json", "w", encoding="utf-8") as file:
            json.dump(answers_of(sides["old"], f"{made}/old"), file)
        return made, sides

    def own(self, pair):
        """Tokens of this thread's own: a host lets nobody use the same ones at a time."""
        if not hasattr(self.local, "made"):
            self.local.made = {}
        if pair not in self.local.made:
            with self.lock:  # SOFTHSM2_CONF is the whole process's
                self.local.made[pair] = self.make(pair)
            self.golden(pair, self.all_keys(pair))
        return self.local.made[pair]

    def set_up(self):
        """All that is made once."""
        with open(f"{self.top}/pin", "w", encoding="ascii") as file:
            file.write(PIN + "\n")
        subprocess.run(["openssl", "genrsa", "-out", f"{self.service}.key", "2048"], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "rsa", "-in", f"{self.service}.key", "-pubout", "-out",
                        f"{self.service}.pem"], check=True, stderr=subprocess.DEVNULL)

    # --- one case ---

    def side_text(self, side, folder, fault, under=()):
        """One side of the ceremony file; under: what its agent is started by."""
        environment = [f"SHIM_COUNT={folder}/calls", f"SHIM_FAULT={fault}"]
        token = side["label"] if side["kind"] == "softhsm" else NSS_LABEL.replace(" ", "%20")
        parameters = []
        if side["kind"] != "nss":
            environment.append(f"SHIM_MODULE={side['module']}")
        if side["kind"] == "softhsm":
            environment.append(f"SOFTHSM2_CONF={folder}/softhsm2.conf")
            environment += [f"SHIM_TOKEN={path}" for path in glob.glob(f"{folder}/tokens/*")]
        if side["kind"] == "softoken":
            parameters = [f"  parameters: \"{PARAMETERS.format(folder)}\""]
        if self.options.naive and side["label"] == "new":
            environment.append("SHIM_NAIVE=one")
        if self.options.blind and side["label"] == "new":
            environment.append("SHIM_BLIND=1")
        agent = [*under, self.agent]
        if self.beyond:
            agent = [*under, *self.beyond, shlex.join(["env", "-i", *environment, self.agent])]
        return "\n".join([
            f"  api: {'nss' if side['kind'] == 'nss' else 'pkcs11'}",
            f"  module: {'sql:' + folder if side['kind'] == 'nss' else self.shim}", *parameters,
            f"  agent: {json.dumps(agent)}",
            f"  token: \"pkcs11:token={token}?pin-source=file:{self.top}/pin\"",
            f"  time-limit: {1 if 'hang' in fault or 'stall' in under else 30}",
            f"  environment: {json.dumps(environment)}",
            "  environment-trusted: yes", ""])

    def write_ceremony(self, folder, sides, faults):
        """The ceremony file of a case."""
        with open(f"{folder}/ceremony.yaml", "w", encoding="utf-8") as file:
            file.write("title: Sweep\nrehearsal: yes\n")
            if self.options.sessions:
                file.write(f"sessions: {self.options.sessions}\n")
            for name, role in (("source", "old"), ("destination", "new")):
                if sides[role]["kind"] == "files":
                    continue
                file.write(f"{name}:\n"
                           + self.side_text(sides[role], f"{folder}/{role}", faults[role],
                                            [word.replace("FOLDER", f"{folder}/{role}/calls")
                                             for word in faults.get("under", {}).get(role, ())]))
            names = [f"pkcs11:object={key}" + (";type=private" if key == "three" else "")
                     for key in sides["keys"]]
            file.write(f"keys: {json.dumps(names)}\n"
                       "policy:\n  rsa-bits: 2048\n  gates: []\n"
                       # of the naive order no canary: its name would be the key's, too
                       + "  writes-before-review: no\n" * self.options.naive
                       + "report-folder: reports\n")

    def prepare(self, made, sides, faults):
        """A folder with fresh copies of both tokens."""
        folder = f"{self.top}/case-{next(self.numbers)}"
        for role in ("old", "new"):
            shutil.copytree(f"{made}/{role}", f"{folder}/{role}")
            os.mkdir(f"{folder}/{role}/calls")
            if sides[role]["kind"] == "softhsm":
                configure_softhsm(f"{folder}/{role}")
        self.write_ceremony(folder, sides, faults)
        return folder, {**sides, "made_folder": made, "lies": False, "flips": False, "resumed": False,
                        "cleaned": False, "log_from": 0}

    @staticmethod
    def agents_of(console):
        """The agents that it has, from whatever thread; not the process that starts them."""
        found = []
        for path in sorted(glob.glob(f"/proc/{console.pid}/task/*/children")):
            try:
                with open(path, encoding="ascii") as file:
                    for pid in file.read().split():
                        with open(f"/proc/{pid}/comm", encoding="ascii") as name:
                            if name.read() != "hsmferry-start\n":
                                found.append(int(pid))
            except OSError:
                pass
        return found

    def kill(self, console, who, seconds):
        """The console, or one of its agents, at this moment. An agent whose console is no more ends
        its call first, and then itself: that is waited for."""
        time.sleep(seconds)
        agents = self.agents_of(console)
        if who == "console":
            console.kill()
        elif len(agents) > int(who[-1]):
            os.kill(agents[int(who[-1])], signal.SIGKILL)
        else:
            return
        while who == "console" and any(os.path.exists(f"/proc/{pid}/fd/0") for pid in agents):
            time.sleep(0.005)

    @staticmethod
    def let_go(folder):
        """Ends the agents that were left in a call which never ends."""
        for calls in glob.glob(f"{folder}/*/calls"):
            with open(f"{calls}/let-go", "wb"):
                pass

    @staticmethod
    def is_in_use(folder, code):
        """Did it find that an agent of before is just about to end?"""
        with open(f"{folder}/log", encoding="utf-8", errors="replace") as file:
            return code == IN_USE and HELD.search(file.read())

    def end_orphans(self, folder):
        """Ends agents of this case, or of one that is gone, that no console waits for: libp11 may
        hang in a login that failed."""
        for path in glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(path, "rb") as file:
                    found = COUNT.search(file.read())
                with open(path.replace("environ", "stat"), encoding="ascii") as file:
                    parent = file.read().rpartition(")")[2].split()[1]
                where = os.fsdecode(found[1]) if found else ""
                if parent == "1" and where.startswith(self.top) and (
                        where.startswith(folder + "/") or not os.path.exists(where)):
                    os.kill(int(path.split("/")[2]), signal.SIGKILL)
            except OSError:
                pass

    def ceremony(self, sides):
        """The command that carries out the ceremony file."""
        if sides["new"]["kind"] == "files":
            return ["seal", "--for", "rsa-aes", "--wrapping-key", f"{self.service}.pem",
                    "ceremony.yaml"]
        return ["resync" if self.options.resync else "--plain", "ceremony.yaml"]

    def files_fault(self, folder, fault):
        """The environment in which calls on our own files fail."""
        return {"LD_PRELOAD": f"{self.options.build}/tests/faults/files.so", "FILES_FAULT": fault,
                "FILES_UNDER": f"{folder}/reports", "FILES_COUNT": f"{folder}/new/calls/calls"}

    def run_console(self, folder, kill, *arguments, under=()):
        """One run of hsmferry; its exit code."""
        with open(f"{folder}/log", "ab") as log:
            with subprocess.Popen([f"{self.options.build}/hsmferry", *arguments], stdout=log,
                                  stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
                                  env={"PATH": os.environ["PATH"], **dict(under)}) as console:
                with open(f"{folder}/console.pid", "w", encoding="ascii") as file:
                    file.write(f"{console.pid}\n")  # a line, or the shell reads on
                if kill:
                    self.kill(console, *kill)
                try:
                    return console.wait(LIMIT)
                except subprocess.TimeoutExpired:
                    console.kill()
                    return None

    def is_new(self, case, pair, state):
        """Was nothing like it left before? If it was, every N-th is looked at nevertheless."""
        with self.lock:
            new = (pair, state) not in self.states
            self.states.add((pair, state))
        return new or zlib.crc32(case.encode()) % self.options.again == 0

    def settle(self, folder, facts, sides, again):
        """What is true after a case's folder was resumed; and a copy of it cleaned up. again: when to
        kill the resuming console, so that it must be resumed itself."""
        with self.lock:
            self.resumed += 1
        self.write_ceremony(folder, sides, {"old": "", "new": ""})
        for away in glob.glob(f"{folder}/*/calls/away"):
            os.remove(away)
        if sides["new"]["kind"] == "files":
            return self.start_over(folder, facts, sides)
        other = f"{folder}-clean"
        shutil.copytree(folder, other)
        for role in ("old", "new"):
            if sides[role]["kind"] == "softhsm":
                configure_softhsm(f"{other}/{role}")
        self.write_ceremony(other, sides, {"old": "", "new": ""})
        if again is not None:
            for journal in glob.glob(f"{folder}/reports/*.journal"):
                self.run_console(folder, ("console", again), "resume", journal)
        wrong = [f"after resume: {words}" for words in self.take_up("resume", folder, facts)]
        wrong += [f"after clean: {words}" for words in
                  self.take_up("clean", other, {**facts, "cleaned": True})]
        if not self.options.only:
            shutil.rmtree(other)
        return wrong

    def start_over(self, folder, facts, sides):
        """What is true after keys were sealed once more; there is nothing to resume."""
        wrong = []
        for journal in glob.glob(f"{folder}/reports/*.journal"):
            code = self.run_console(folder, None, "resume", journal, "ceremony.yaml")
            wrong += [f"resume ends with {code}"] if code else []
        facts = {**facts, "log_from": os.path.getsize(f"{folder}/log"), "killed": True}
        code, until = IN_USE, time.monotonic() + LIMIT
        while code == IN_USE and time.monotonic() < until:  # by an agent that ends just now
            code = self.run_console(folder, None, *self.ceremony(sides))
            self.end_orphans(folder)
        wrong += [f"it does not start over: exit {code}"] if code else []
        return wrong + [f"after a new start: {words}" for words in self.check(folder, facts, code)[0]]

    def take_up(self, command, folder, facts):
        """The last journal is resumed, or what it tells of cleaned up."""
        for journal in sorted(glob.glob(f"{folder}/reports/*.journal"), key=os.path.getmtime,
                              reverse=True):
            code, until = None, time.monotonic() + LIMIT
            while code in (None, IN_USE) and time.monotonic() < until:  # by an agent that ends just now
                if code is not None:
                    self.end_orphans(folder.removesuffix("-clean"))
                log_from = os.path.getsize(f"{folder}/log")
                code = self.run_console(folder, None, command, journal, f"{folder}/ceremony.yaml")
            with open(f"{folder}/log", encoding="utf-8", errors="replace") as file:
                file.seek(log_from)
                if code == 0 and DONE.search(file.read()):
                    continue
            return self.check(folder, {**facts, "resumed": True, "log_from": log_from}, code)[0]
        return []

    def check(self, folder, facts, code):
        """What invariants.py says of it: what is wrong, and what is left."""
        if code is None:
            return [f"it did not end in {LIMIT} seconds"], None
        with open(f"{folder}/case.json", "w", encoding="utf-8") as file:
            json.dump({**facts, "code": code}, file)
        if not hasattr(self.local, "checker"):
            # pylint: disable=consider-using-with
            self.local.checker = subprocess.Popen(
                [PYTHON, f"{HERE}/invariants.py", "--serve"], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, text=True)
            with self.lock:
                self.checkers.append(self.local.checker)
        checker = self.local.checker
        checker.stdin.write(folder + "\n")
        checker.stdin.flush()
        answer = checker.stdout.readline()
        if answer:
            return json.loads(answer)
        del self.local.checker
        return ["invariants.py could not look at it"], None

    def run(self, case):
        """One case, from fresh tokens to the verdict."""
        pair, old, new = case.split("/")
        made, sides = self.own(pair)
        in_commit = old in self.UNDER
        one = in_commit or old == "link" or len((old + " " + new).split()) == 1
        sides = {**sides, "keys": self.keys_of(pair) if one else self.all_keys(pair)}
        kill, again, under = None, None, ""
        faults = {"old": old, "new": new}
        if old == "kill":
            who, _, when = new.partition("@")
            first, *more = map(float, when.split(","))
            kill, again, faults = (who, first), more[0] if more else None, {"old": "", "new": ""}
        if in_commit:
            faults = {"old": "", "new": "", "under": {"new": self.killed_at(old, new)}}
        if old == "link":
            role, *how = new.split(":")
            faults = {"old": "", "new": "", "under": {role: self.link(*how)}}
        if sides["new"]["kind"] == "files" and old not in ("kill", "link"):
            under = new
        for _ in range(1000):
            folder, facts = self.prepare(made, sides, faults)
            code = self.run_console(folder, kill, *self.ceremony(sides),
                                    under=self.files_fault(folder, under) if under else ())
            if not self.is_in_use(folder, code):
                break
            shutil.rmtree(folder)
            self.end_orphans(folder)
        facts["lies"] = any(f.split(":")[0] in LIES for f in (old + " " + new).split())
        facts["torn"] = in_commit or old == "kill"
        facts["flips"] = any(f.startswith("flip:") for f in old.split())
        if in_commit:  # who looks at a database may mend it: resume is to find it as it was left
            shutil.copytree(f"{folder}/new", f"{folder}/left")
        wrong, state = self.check(folder, facts, code)
        if in_commit:
            shutil.rmtree(f"{folder}/new")
            os.rename(f"{folder}/left", f"{folder}/new")
            wrong += [] if self.was_killed(old, folder, code) else ["nothing was killed"]
        if "hang" in case:
            self.let_go(folder)
        if code != 0 and (again is not None or self.is_new(case, pair, state) or in_commit):
            wrong += self.settle(folder, facts, sides, again)
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1
            if wrong:
                self.violations.append(case)
                print(f"VIOLATION {case}, exit {code}")
                for words in wrong:
                    print(f"    {words}")
                print(f"    again: {self.command(case)}", flush=True)
        if not self.options.only:
            shutil.rmtree(folder)
        else:
            print(f"exit {code}; it is in {folder}")
        return code

    @staticmethod
    def was_killed(what, folder, code):
        """Did the console end in a power cut, or see its agent die?"""
        with open(f"{folder}/log", encoding="utf-8", errors="replace") as file:
            gone = GONE.search(file.read())
        return code == -signal.SIGKILL if what == "power" else bool(gone)

    # What starts an agent that is to be killed, and does what besides.
    UNDER = {"agent": [], "power": ["/bin/sh", "-c", POWER, "sh"]}

    def killed_at(self, what, point):
        """What an agent is started by that is killed at a system call."""
        call, _, number = point.partition(":")
        return [*self.UNDER[what], *STRACE, "-o", "/dev/null", "-e", f"trace={call}",
                "-e", f"inject={call}:signal=KILL:when={number}"]

    def command(self, case):
        """What repeats a case."""
        options = "".join(f" --{name}" for name in ("naive", "blind", "whole", "resync")
                          if getattr(self.options, name))
        return f"{PYTHON} {HERE}/sweep.py {self.options.build}{options} --only '{case}'"

    # --- which cases ---

    def keys_of(self, pair):
        """Which keys move where one thing goes wrong."""
        if self.options.naive or self.options.whole:
            return self.all_keys(pair)
        return PAIRS[pair] + (ALIGNED if self.options.resync else ())

    def all_keys(self, pair):
        """Which keys move where more than one thing goes wrong."""
        return SEALED if pair.endswith(":files") else \
            self.keys + (ALIGNED if self.options.resync else ())

    def golden(self, pair, keys):
        """Once without a fault: what moved keys look like, and which calls there are."""
        made, sides = self.own(pair)
        sides = {**sides, "keys": keys}
        folder, facts = self.prepare(made, sides, {"old": "", "new": ""})
        began = time.monotonic()
        sealed = sides["new"]["kind"] == "files"
        code = self.run_console(folder, None, *self.ceremony(sides),
                                under=self.files_fault(folder, "none") if sealed else ())
        took = time.monotonic() - began
        wrong, _ = self.check(folder, facts, code)
        if code != 0 or wrong:
            with open(f"{folder}/log", encoding="utf-8") as log:
                sys.exit(f"{log.read()}sweep.py: {pair} ends with {code} without a fault: {wrong}")
        calls = {}
        for role in ("old", "new"):
            with open(f"{folder}/{role}/calls/calls", encoding="ascii") as file:
                calls[role] = file.read().split()
        shutil.rmtree(folder)
        return calls, took

    def singles(self, pair, calls):
        """Every call of the ceremony with every kind."""
        for role in ("old",) if pair.endswith(":files") else ("old", "new"):
            pairs = [n for n, name in enumerate(calls[role], 1) if name in PAIR]
            first = pairs[-1] if pairs else 0
            canary = pairs[-2] if len(pairs) > 1 else first  # which commits, too
            for number, name in enumerate(calls[role], 1):
                if self.options.of not in (None, name):
                    continue
                kinds = GENERAL + OF_BYTES * (name in BYTES) + OF_HANDLES * (name in HANDLES)
                if name in READS or number < first:
                    turn = number % len(kinds)
                    kinds = (kinds[turn:] + kinds[:turn])[:SOME]
                if role == "new" and name == "C_CopyObject" and number > canary:
                    kinds += OF_COMMITS
                for kind in kinds:
                    yield self.case_of(pair, role, [fault_text(kind, number)])

    @staticmethod
    def case_of(pair, role, faults):
        """Faults of one side as a case."""
        text = " ".join(faults)
        return f"{pair}/{text}/" if role == "old" else f"{pair}//{text}"

    @staticmethod
    def of_files(pair, calls):
        """Every call on our own files, which fails, with all that follow or alone, or is the last."""
        for function in sorted(set(calls)):
            for number in range(1, calls.count(function) + 1):
                for how in (":5", "+:28", ":0"):
                    yield f"{pair}//{function}:{number}{how}"

    def doubles(self, pair, calls, count, rng):
        """Two of them, on one side or on both."""
        kinds = GENERAL + OF_BYTES + OF_HANDLES
        for _ in range(count):
            faults = {"old": [], "new": []}
            for _ in range(2):
                role = rng.choice(("old", "new", "new"))
                faults[role].append(fault_text(rng.choice(kinds),
                                               rng.randint(1, len(calls[role]))))
            yield f"{pair}/{' '.join(faults['old'])}/{' '.join(faults['new'])}"

    def commit_points(self, pair):
        """The system calls of all commits, as a trace of the whole shows them: CALL:N, where N counts
        that thread's calls of this name. The last of each is the first one behind it."""
        made, sides = self.own(pair)
        folder, _ = self.prepare(made, {**sides, "keys": self.keys_of(pair)}, {
            "old": "", "new": "", "under": {"new": [*STRACE, "-y", "-A", "-o", f"{self.top}/trace",
                                                    "-e", f"trace={','.join(WRITES)}"]}})
        self.run_console(folder, None, *self.ceremony(sides))
        with open(f"{self.top}/trace", encoding="utf-8", errors="replace") as file:
            trace = TRACED.findall(file.read())
        os.remove(f"{self.top}/trace")
        shutil.rmtree(folder)
        points, counts, within = [], {}, False
        for thread, name, rest in trace:
            number = counts[thread, name] = counts.get((thread, name), 0) + 1
            if within:
                points.append(f"{name}:{number}")
            if begun := BEGUN.search(rest):
                within = begun[1] in (ALIGNS if self.options.resync else COMMITS)
        return points

    def link(self, how, way, number):
        """What an agent is started by whose connection fails."""
        return [f"{self.options.build}/tests/faults/link", how, way, number, "FOLDER"]

    def links(self, pair):
        """Each message of a whole ceremony, both ways, to each agent."""
        made, sides = self.own(pair)
        none = self.link("cut", "to", "0")
        folder, facts = self.prepare(made, {**sides, "keys": self.keys_of(pair)}, {
            "old": "", "new": "", "under": {"old": none, "new": none}})
        code = self.run_console(folder, None, *self.ceremony(sides))
        wrong, _ = self.check(folder, facts, code)
        if code != 0 or wrong:
            sys.exit(f"sweep.py: {pair} ends with {code} over a connection that does not fail: {wrong}")
        roles = [role for role in ("old", "new") if sides[role]["kind"] != "files"]
        cases = [f"{pair}/link/{role}:{how}:{way}:{number}" for role in roles
                 for way in ("to", "from")
                 for number in range(1, os.path.getsize(f"{folder}/{role}/calls/{way}") + 1)
                 for how in FAILURES]
        shutil.rmtree(folder)
        return cases

    def commits(self, pair):
        """Each of these points, in both ways."""
        if subprocess.run(["/bin/sh", "-c", '"$@"', "sh", *STRACE, "-o", "/dev/null", "true"],
                          check=False, stderr=subprocess.DEVNULL).returncode != 0:
            print("# no agent is killed within a commit: strace may trace nothing here", flush=True)
            return []
        points = self.commit_points(pair)
        if not points:
            sys.exit(f"sweep.py: no commit of {pair} makes a system call")
        print(f"# {pair}: {len(points)} system calls of commits", flush=True)
        return [f"{pair}/{what}/{point}" for what in self.UNDER for point in points]

    @staticmethod
    def kills(pair, took, count, rng):
        """Whom, and when; sometimes the console that resumes, too."""
        for _ in range(count):
            who = rng.choice(("console", "console", "agent0", "agent1"))
            times = [rng.uniform(0, took * 1.1) for _ in range(rng.choice((1, 1, 2)))]
            yield f"{pair}/kill/{who}@{','.join(f'{t:.4f}' for t in times)}"

    def cases(self, pair, rng):
        """All that are asked for, of this pair."""
        options = self.options
        calls, _ = self.golden(pair, self.keys_of(pair))
        some = []
        if not (options.naive or options.of):
            commits = options.commit and not pair.endswith(":files")
            some += each(options.commit, self.commits(pair) if commits else [])
        if options.link:
            some += each(options.link, self.links(pair))
        if pair in COMMITS_ONLY:
            return some
        some += each(options.every, self.singles(pair, calls))
        many, took = self.golden(pair, self.all_keys(pair))
        share = sum(name not in COMMITS_ONLY for name in options.pair)
        if pair.endswith(":files"):
            some += each(options.every, self.of_files(pair, calls["new"]))
        else:
            some += self.doubles(pair, many, options.double // share, rng)
        some += self.kills(pair, took, options.kill // share, rng)
        print(f"# {pair}: {len(calls['old'])} and {len(calls['new'])} calls, {len(some)} cases",
              flush=True)
        return some

    def stop(self):
        """Nothing stays, but for a case that was asked for."""
        for checker in self.checkers:
            checker.stdin.close()
            checker.wait()
        if not self.options.only:
            shutil.rmtree(self.top)


def each(step, cases):
    """Each so many; 0: none."""
    return list(cases)[step // 2::step] if step else []


def fault_text(kind, number):
    """As SHIM_FAULT has it."""
    name, _, argument = kind.partition(":")
    return f"{name}:any:{number}" + (f":{argument}" if argument else "")


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--pair", action="append", choices=PAIRS)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--of")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--sessions", type=int, default=0)
    parser.add_argument("--double", type=int, default=0)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--commit", type=int, default=1)
    parser.add_argument("--link", type=int, default=0)
    parser.add_argument("--beyond")
    parser.add_argument("--again", type=int, default=40)
    parser.add_argument("--resync", action="store_true")
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1))
    parser.add_argument("--only")
    parser.add_argument("--dir")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.pair = options.pair or ([options.only.split("/")[0]] if options.only else list(PAIRS))
    return options


def main():
    """The sweep; 1: something was not true."""
    options = parse()
    os.umask(0o077)
    os.environ[ROUNDS] = "1"
    sweep = Sweep(options)
    rng = random.Random(options.seed)
    began = time.monotonic()
    total = 0
    try:
        sweep.set_up()
        print(f"# seed {options.seed}", flush=True)
        for pair in options.pair:
            cases = [options.only] if options.only else sweep.cases(pair, rng)
            rng.shuffle(cases)
            with ThreadPoolExecutor(options.jobs) as pool:
                list(pool.map(sweep.run, cases))
            total += len(cases)
    finally:
        sweep.stop()
    codes = ", ".join(f"{code}: {n}" for code, n in
                      sorted(sweep.codes.items(), key=lambda c: -c[1]))
    used = os.times()
    print(f"# exit codes: {codes}")
    print(f"# {len(sweep.states)} different states were left, {sweep.resumed} times resumed and "
          "cleaned up")
    print(f"{total} runs, {len(sweep.violations)} violations, {time.monotonic() - began:.0f} s, "
          f"{used.children_user + used.children_system:.0f} s of processors")
    return 1 if sweep.violations else 0


if __name__ == "__main__":
    sys.exit(main())
