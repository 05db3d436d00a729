# SPDX-License-Identifier: Apache-2.0
"""A fault at every call of a removal: retires keys, or undoes a migration, between two real tokens
again and again, lets one thing go wrong in each, and looks from outside at what is true afterwards.

    removals.py BUILD [OPTION]...

    --pair A:B      softhsm:softhsm, softhsm:nss, nss:softhsm; may be given again (all of them)
    --what WHAT     retire or undo; may be given again (both)
    --every N       each N-th of the single faults only; 0: none
    --double N      N random double faults too, of each pair and kind
    --kill N        N random kill -9 of the console, likewise
    --naive         control: one key is destroyed whose copy is gone already, as a removal would do
                    that destroys before the proof of now
    --seed S        of all that is random (1)
    --jobs J        at a time
    --only CASE     that case alone; it stays for a look
    --dir DIR       where tokens and cases go (a new folder in memory)

A case is PAIR/WHAT/FAULTS-OF-OLD/FAULTS-OF-NEW, as shim.h has them, or PAIR/WHAT/kill/SECONDS. What it
leaves is resumed without faults, and must then be whole: every key is destroyed that can be, and
every copy is there. A copy is judged by its value, by a program that is not ours."""

import argparse
import glob
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..")]

import records  # noqa: E402
from invariants import ask, label_of, open_token  # noqa: E402
from sweep import (BYTES, GENERAL, IN_USE, KEYS, LIES, LIMIT, OF_BYTES, PYTHON, ROUNDS,  # noqa: E402
                   SOME, Sweep, configure_softhsm, each, fault_text)

PAIRS = ("softhsm:softhsm", "softhsm:nss", "nss:softhsm")
KINDS = ("retire", "undo")
OFFICERS = ("officers:\n  - {name: Grace Hopper, role: source officer}\n"
            "  - {name: Ada Lovelace, role: destination officer}\n")
DEVICES = ["source's first: ", "@serials\\n"]


def values_of(side, folder):
    """The secret and private keys of a token, each by what tells it from any other."""
    token = open_token(side, folder)
    try:
        things = token.objects()
        points = {label_of(o): o["ec-point"] for o in things.values() if "ec-point" in o}
        return {label_of(o): ask(token, h, o) if o["class"][:2] == "04"
                else {"point": points.get(label_of(o))}
                for h, o in things.items() if o.get("class", "")[:2] in ("03", "04")}
    finally:
        token.close()


class Removals(Sweep):
    """What all cases share."""

    def __init__(self, options):
        options.naive = options.blind = options.whole = False  # of its agents
        options.sessions, options.again = 0, 1
        options.beyond, options.resync = None, False
        super().__init__(options)
        self.bases = {}
        self.resumes = 0

    def write_ceremony(self, folder, sides, faults):
        """Both sides may lose keys, and two officers are named."""
        super().write_ceremony(folder, sides, faults)
        path = f"{folder}/ceremony.yaml"
        with open(path, encoding="utf-8") as file:
            text = file.read().replace("  environment-trusted: yes\n",
                                       "  environment-trusted: yes\n  destroys: yes\n")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace("keys: ", OFFICERS + "keys: ", 1))

    def base(self, pair):
        """Both tokens after a migration, with its report, made once in each thread: (folder, sides,
        report, values)."""
        key = threading.get_ident(), pair
        if key not in self.bases:
            with self.lock:  # SOFTHSM2_CONF is the whole process's
                made, sides = self.make(pair)
            sides = {**sides, "keys": KEYS}
            folder, _ = self.prepare(made, sides, {"old": "", "new": ""})
            code = self.run_console(folder, None, "--plain", "ceremony.yaml")
            report, = glob.glob(f"{folder}/reports/*.yaml")
            if code != 0:
                sys.exit(f"removals.py: the migration of {pair} ends with {code}, see {folder}/log")
            os.rename(report, f"{folder}/migrated.yaml")
            shutil.rmtree(f"{folder}/reports")
            shutil.rmtree(f"{folder}/old/calls")
            shutil.rmtree(f"{folder}/new/calls")
            with self.lock:
                values = values_of(sides["old"], f"{folder}/old")
            self.bases[key] = folder, sides, values
        return self.bases[key]

    def start(self, folder, kill, review, *words):
        """One run on a terminal, on which both officers answer; its exit code."""
        typed = [*DEVICES, f"type  {review}  to start: ", f"{review}\\n",
                 f"then  {review}  to start: ", f"AL {review}\\n"]
        with open(f"{folder}/log", "ab") as log, subprocess.Popen(
                [PYTHON, f"{HERE}/../terminal.py", *typed, "--", f"{self.options.build}/hsmferry",
                 "--plain", *words], stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": folder}) as terminal:
            if kill is not None:
                self.kill_child(terminal, kill)
            try:
                return terminal.wait(LIMIT / 4)
            except subprocess.TimeoutExpired:  # it asks for what nobody will answer: they stop it
                self.kill_child(terminal, 0, signal.SIGTERM)
            try:
                return terminal.wait(LIMIT)
            except subprocess.TimeoutExpired:
                self.kill_child(terminal, 0)
                terminal.kill()
                return None

    def kill_child(self, terminal, seconds, number=signal.SIGKILL):
        """The console on this terminal; its agents end with their calls."""
        time.sleep(seconds)
        try:
            with open(f"/proc/{terminal.pid}/task/{terminal.pid}/children", encoding="ascii") as file:
                for pid in file.read().split():
                    os.kill(int(pid), number)
        except OSError:
            pass

    # --- the judge ---

    def look(self, folder, sides):
        """What is on both tokens, by value."""
        with self.lock:
            return {role: values_of(sides[role], f"{folder}/{role}") for role in ("old", "new")}

    def judge(self, folder, sides, what, values, code, lies):
        """What is not as it must be."""
        wrong = []
        loses, keeps = ("old", "new") if what == "retire" else ("new", "old")
        if code is None:
            return [f"it did not end in {LIMIT} seconds"]
        there = self.look(folder, sides)
        for key in KEYS:
            kept = there[keeps].get(key)
            if kept is None or not self.same(kept, values[key]):
                wrong.append(f"LOST: the copy of {key} is gone or another key")
            if code == 2 and key not in there[loses]:
                wrong.append(f"{key} is destroyed, and the exit code says that nothing changed")
        paths = sorted(glob.glob(f"{folder}/reports/*.yaml"), key=os.path.getmtime)
        for key in KEYS if paths else ():
            said = {k["label"]: k["outcome"] for k in records.load(paths[-1])["keys"]}.get(key)
            gone = key not in there[loses]
            if said == "destroyed" and not gone and not lies:
                wrong.append(f"the report claims that {key} is destroyed")
            if gone and said not in ("destroyed", "unknown", None):
                wrong.append(f"the report hides that {key} is destroyed: {said}")
        for path in paths:
            done = subprocess.run([f"{self.options.build}/hsmferry", "verify", path, "--journal",
                                   path.replace(".yaml", ".journal")], check=False, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                wrong.append(f"its report does not pass verify: {done.stdout[-300:]}")
        return wrong

    @staticmethod
    def same(a, b):
        """The same key, whatever its other attributes."""
        return a == b or "point" in a and "point" in b and None in (a["point"], b["point"])

    # --- one case ---

    def copy(self, pair, faults):
        """The tokens after the migration, in a fresh folder."""
        base, sides, values = self.base(pair)
        folder = f"{self.top}/case-{next(self.numbers)}"
        for role in ("old", "new"):
            shutil.copytree(f"{base}/{role}", f"{folder}/{role}")
            os.mkdir(f"{folder}/{role}/calls")
            if sides[role]["kind"] == "softhsm":
                configure_softhsm(f"{folder}/{role}")
        shutil.copy(f"{base}/migrated.yaml", f"{folder}/migrated.yaml")
        self.write_ceremony(folder, sides, faults)
        return folder, sides, values

    def again(self, folder, sides, what, values):
        """Without faults it must come to its end."""
        self.write_ceremony(folder, sides, {"old": "", "new": ""})
        for away in glob.glob(f"{folder}/*/calls/away"):
            os.remove(away)
        there = self.look(folder, sides)
        left = [key for key in KEYS if key in there["old" if what == "retire" else "new"]]
        left = left or ["three"]  # its public half may be all that is left
        first = [key for key in ("one", "three", "two") if key in left]
        code, until = IN_USE, time.monotonic() + LIMIT
        while code in (IN_USE, None) and time.monotonic() < until:
            review = f"{what} {len(left)} {first[0]}"
            code = self.start(folder, None, review, what, "migrated.yaml", "ceremony.yaml")
            self.end_orphans(folder)
        self.resumes += 1
        wrong = [f"after it was run again: {words}"
                 for words in self.judge(folder, sides, what, values, code, False)]
        there = self.look(folder, sides)
        loses = "old" if what == "retire" else "new"
        if code not in (0, 66) or any(key in there[loses] for key in KEYS):
            wrong.append(f"run again without faults it ends with {code}, and leaves "
                         f"{sorted(there[loses])}")
        return wrong

    def run(self, case):
        """From fresh copies to the verdict."""
        pair, what, old, new = case.split("/")
        kill, faults = None, {"old": old, "new": new}
        if old == "kill":
            kill, faults = float(new), {"old": "", "new": ""}
        lies = any(f.split(":")[0] in LIES for f in (old + " " + new).split())
        for _ in range(100):
            folder, sides, values = self.copy(pair, faults)
            code = self.start(folder, kill, f"{what} 3 one", what, "migrated.yaml", "ceremony.yaml")
            if not self.is_in_use(folder, code):
                break
            shutil.rmtree(folder)
            self.end_orphans(folder)
        if "hang" in case:
            self.let_go(folder)
        self.end_orphans(folder)
        wrong = self.judge(folder, sides, what, values, code, lies)
        if code != 0 and not wrong:
            wrong = self.again(folder, sides, what, values)
        with self.lock:
            self.codes[code] = self.codes.get(code, 0) + 1
            if wrong:
                self.violations.append(case)
                print(f"VIOLATION {case}, exit {code}")
                for words in wrong:
                    print(f"    {words}")
                print(f"    again: {PYTHON} {HERE}/removals.py {self.options.build} --only '{case}'",
                      flush=True)
        if not self.options.only:
            shutil.rmtree(folder)
        else:
            print(f"exit {code}; it is in {folder}")

    def naive(self, pair, what):
        """What the judge says of a removal that proves nothing."""
        folder, sides, values = self.copy(pair, {"old": "", "new": ""})
        for role in ("old", "new"):
            with self.lock:
                token = open_token(sides[role], f"{folder}/{role}")
                for handle, thing in token.objects().items():
                    if label_of(thing) == "one":
                        token.destroy(handle)
                token.close()
        wrong = self.judge(folder, sides, what, values, 0, False)
        shutil.rmtree(folder)
        if wrong:
            self.violations.append(f"{pair}/{what}/naive")
            print(f"VIOLATION {pair}/{what}/naive: {wrong[0]}", flush=True)

    # --- which cases ---

    def golden_removal(self, pair, what):
        """Without a fault: which calls there are, and how long it takes."""
        folder, sides, values = self.copy(pair, {"old": "", "new": ""})
        began = time.monotonic()
        code = self.start(folder, None, f"{what} 3 one", what, "migrated.yaml", "ceremony.yaml")
        took = time.monotonic() - began
        wrong = self.judge(folder, sides, what, values, code, False)
        if code != 0 or wrong:
            with open(f"{folder}/log", encoding="utf-8", errors="replace") as log:
                sys.exit(f"{log.read()}removals.py: {pair} {what} ends with {code}: {wrong}")
        calls = {}
        for role in ("old", "new"):
            with open(f"{folder}/{role}/calls/calls", encoding="ascii") as file:
                calls[role] = file.read().split()
        shutil.rmtree(folder)
        return calls, took

    def cases_of(self, pair, what, rng):
        """All that are asked for."""
        options = self.options
        calls, took = self.golden_removal(pair, what)
        singles = []
        for role in ("old", "new"):
            for number, name in enumerate(calls[role], 1):
                kinds = GENERAL + OF_BYTES * (name in BYTES)
                turn = number % len(kinds)
                for kind in (kinds[turn:] + kinds[:turn])[:SOME]:
                    fault = fault_text(kind, number)
                    singles.append(f"{pair}/{what}/{fault}/" if role == "old"
                                   else f"{pair}/{what}//{fault}")
        some = each(options.every, singles)
        kinds = GENERAL + OF_BYTES
        for _ in range(options.double):
            faults = {"old": [], "new": []}
            for _ in range(2):
                role = rng.choice(("old", "new"))
                faults[role].append(fault_text(rng.choice(kinds),
                                               rng.randint(1, len(calls[role]))))
            some.append(f"{pair}/{what}/{' '.join(faults['old'])}/{' '.join(faults['new'])}")
        some += [f"{pair}/{what}/kill/{rng.uniform(0, took * 1.1):.4f}"
                 for _ in range(options.kill)]
        print(f"# {pair} {what}: {len(calls['old'])} and {len(calls['new'])} calls, "
              f"{len(some)} cases", flush=True)
        return some


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--pair", action="append", choices=PAIRS)
    parser.add_argument("--what", action="append", choices=KINDS)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--double", type=int, default=0)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--naive", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4 * (os.cpu_count() or 1))
    parser.add_argument("--only")
    parser.add_argument("--dir")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    return options


def main():
    """The sweep; 1: something was not true."""
    options = parse()
    os.umask(0o077)
    os.environ[ROUNDS] = "1"
    naive = options.naive
    sweep = Removals(options)
    rng = random.Random(options.seed)
    try:
        sweep.set_up()
        if naive:
            cases = []
            for pair in options.pair or PAIRS:
                sweep.naive(pair, "retire")
        elif options.only:
            cases = [options.only]
        else:
            cases = [case for pair in options.pair or PAIRS for what in options.what or KINDS
                     for case in sweep.cases_of(pair, what, rng)]
        with ThreadPoolExecutor(options.jobs) as pool:
            list(pool.map(sweep.run, cases))
        print(f"# {len(cases)} cases, {sweep.resumes} run again; exit codes "
              f"{json.dumps({str(k): v for k, v in sorted(sweep.codes.items(), key=str)})}")
        print(f"{'not ok' if sweep.violations else 'ok'} - {len(sweep.violations)} violations")
    finally:
        sweep.stop()
    sys.exit(bool(sweep.violations))


if __name__ == "__main__":
    main()
