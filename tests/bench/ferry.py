# SPDX-License-Identifier: Apache-2.0
"""Runs hsmferry and measures it: seconds for each phase, bytes of its records, memory, calls."""

import collections
import contextlib
import dataclasses
import datetime
import os
import pathlib
import resource
import subprocess
import sys
import threading
import time

from place import checked, copied, fresh

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import records as records_form  # noqa: E402 pylint: disable=wrong-import-position

KNOWN = {}  # whether the program takes sessions
KEPT = "aes"  # the kind of which one ceremony for each number of keys is kept, for what reads records

# In the order of a ceremony. What ends a phase begins the next one.
PHASES = ("listing", "trials", "canary", "review", "transport key", "keys", "inventories", "fresh proof",
          "report")
CLOCK = len("12:41:07.512Z")  # a line names the day if it is another one than that of the line before
APART = ("trials", "canary", "transport key")  # what a ceremony does once, whatever the number of its keys


@dataclasses.dataclass
class Run:
    """One ceremony."""
    seconds: float
    phases: dict
    bytes: dict  # of journal and report
    kib: dict  # of console and agent
    calls: dict  # by side; only if they were counted
    cpu: float  # seconds of all processes
    times: dict  # by side; only if they were measured: see spent.py

    def growing(self):
        """Without the transport key and the canary."""
        return self.seconds - sum(self.phases[name] for name in APART)

    def window(self):
        """From the last gate to the end of the fresh proof."""
        return window_of(self.phases)


def window_of(phases):
    """From the last gate to the end of the fresh proof."""
    return phases["keys"] + phases["inventories"] + phases["fresh proof"]


def events(journal):
    """Time in seconds on the journal's clock, kind, fields, and time on the wall clock of each event."""
    day, when, wall = "", 0, 0
    with open(journal, encoding="utf-8", errors="replace") as file:
        said = records_form.said_before(next(file).rstrip())
        for line in file:
            _, text, mono, *_ = line.split("\t")
            day = text[:-CLOCK] or day
            now = datetime.datetime.fromisoformat(day + text[-CLOCK:-1] + "+00:00").timestamp()
            when = int(mono) / 1000 if mono[0] in "+-" else when + now - wall
            wall = now
            _, kind, _, fields = records_form.read_line(line.rstrip("\n").partition("\tsum=")[0], said)
            yield when, kind, fields, wall


def marks(journal):
    """When each phase ended, but the last, on the journal's clock; and how many keys were migrated."""
    at, begin, migrated = {}, None, 0
    for when, kind, fields, wall in events(journal):
        step, begun = fields.get("step"), fields.get("state") == "begun"
        if kind == "begin":
            begin = (when, wall)
        elif kind == "side" and fields.get("state") == "listed":
            at["listing"] = when
        elif kind == "policy":
            at.setdefault("trials", when)
            at["canary"] = when
        elif kind == "canary":
            at["canary"] = when
        elif kind == "step" and step == "make-pair" and begun:
            at.setdefault("review", when)
        elif kind == "step" and "key" in fields:
            at.setdefault("transport key", when)
        elif kind == "step" and step == "destroy" and begun:
            at["keys"] = when
        elif kind == "step" and step == "prove-fresh":
            at["inventories" if begun else "fresh proof"] = when
        elif kind == "end":
            migrated = int(fields.get("migrated", 0))
    missing = [name for name in PHASES[:-1] if name not in at]
    if missing or begin is None:
        raise SystemExit(f"bench: {journal}: no event ends the phase {', '.join(missing) or 'begin'}")
    return at, begin, migrated


def phases_of(journal, started, seconds, keys):
    """Seconds for each phase of a process that was started at this time of the wall clock."""
    at, (begin, stamp), migrated = marks(journal)
    if migrated != keys:
        raise SystemExit(f"bench: {migrated} keys were migrated, not {keys}")
    before = max(stamp - started - begin, 0)  # of the process, before the journal's clock
    ends = [before + at[name] for name in PHASES[:-1]] + [seconds]
    return {name: end - start for name, start, end in zip(PHASES, [0, *ends], ends)}


class Memory(threading.Thread):
    """The most memory that a process and its descendants had at once, each, in KiB."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, threading.Event()
        self.console = self.agent = 0

    def family(self, pid):
        """The process and its descendants."""
        yield pid
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                for child in file.read().split():
                    yield from self.family(int(child))

    def look(self):
        """VmHWM only grows: the last look at a process is enough."""
        for pid in self.family(self.pid):
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
                kib = next((int(line.split()[1]) for line in file if line.startswith("VmHWM:")), 0)
            if pid == self.pid:
                self.console = max(self.console, kib)
            else:
                self.agent = max(self.agent, kib)

    def run(self):
        looks = 0
        while not self.over.wait(0.002 if looks < 50 else 0.05):
            looks += 1
            with contextlib.suppress(OSError):  # a process has ended
                self.look()


def exact_kib(usage):
    """What the system says of a process that has ended; nothing if it may mean the bench, which began it."""
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return usage.ru_maxrss if usage.ru_maxrss > own else 0


def measured(command, env=None, log=None):
    """Seconds, the time of its start, KiB of the process, KiB of the largest of its descendants, seconds of the
    processors. It must succeed."""
    with open(log or os.devnull, "wb") as out:
        started = time.time()
        begun = time.monotonic()
        with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=out,
                              stderr=subprocess.STDOUT) as process:
            memory = Memory(process.pid)
            memory.start()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.monotonic() - begun
            process.returncode = os.waitstatus_to_exitcode(status)
            memory.over.set()
            memory.join()
    if process.returncode != 0:
        text = pathlib.Path(log).read_text(encoding="utf-8", errors="replace") if log else ""
        raise SystemExit(f"bench: {' '.join(map(str, command))} ended with {process.returncode}\n{text}")
    return (seconds, started, max(memory.console, exact_kib(usage)), memory.agent,
            usage.ru_utime + usage.ru_stime)


@dataclasses.dataclass
class Ceremony:
    """What is to be run. watched: through the shim, which counts, and waits delay microseconds a call."""
    kind: str
    keys: int
    watched: bool = False
    delay: int = 0
    canary: bool = True
    sessions: int = 0  # 0: the file does not set them
    new_keys: int = 0
    to_nss: bool = False  # the destination is an NSS database
    times: bool = False  # of each call; watched, too


def side(place, what, name, tokens):
    """One side of the ceremony file."""
    conf = place.env(tokens)["SOFTHSM2_CONF"]
    text = f'  api: pkcs11\n  token: "pkcs11:token={name}?pin-source=file:{place.pin}"\n'
    if not what.watched:
        return text + f'  module: {place.module}\n  environment: ["SOFTHSM2_CONF={conf}"]\n'
    calls = fresh(place.folder / "run" / f"calls-{name}")
    return text + (f'  module: {place.build / "tests/faults/shim.so"}\n'
                   f'  environment: ["SOFTHSM2_CONF={conf}", "SHIM_MODULE={place.module}",\n'
                   f'                "SHIM_COUNT={calls}", "SHIM_DELAY_US={what.delay}"'
            + (', "SHIM_TIMES=yes"]\n' if what.times else ']\n') +
                   "  environment-trusted: yes\n")


def nss_side(place):
    """The destination: NSS's native API."""
    return (f"  api: nss\n  module: {place.database()}\n"
            f'  token: "pkcs11:token=NSS%20Certificate%20DB?pin-source=file:{place.pin}"\n')


def prepare(place, what):
    """Fresh tokens, and the ceremony file. The source is never changed: it is used as it was made."""
    folder = fresh(place.folder / "run")
    new = folder / "new"
    new.mkdir()
    copied(place.token("new", what.kind if what.new_keys else "none", what.new_keys), new)
    file = folder / "ceremony.yaml"
    file.write_text(
        "title: Bench\nrehearsal: yes\npace: run\n"
        + (f"sessions: {what.sessions}\n" if what.sessions else "")
        + "source:\n" + side(place, what, "old", place.token("old", what.kind, what.keys))
        + "destination:\n" + (nss_side(place) if what.to_nss else side(place, what, "new", new))
        + 'keys: ["pkcs11:object=key-*"]\npolicy:\n  rsa-bits: 2048\n'
        + f"  canary: {'required' if what.canary else 'none'}\n  gates: []\nreport-folder: reports\n",
        encoding="utf-8")
    return file


def records(folder):
    """The journal and the report in this folder."""
    return next(folder.glob("*.journal")), next(folder.glob("*.yaml"))


def calls_of(folder):
    """How often each function of PKCS#11 was called, by side."""
    return {name: collections.Counter((folder / f"calls-{name}/calls").read_text("ascii").split())
            for name in ("old", "new")}


def times_of(folder):
    """The lines about each call, by side: process, function, nanoseconds, nanoseconds of the process."""
    return {name: [line.split() for line in (folder / f"calls-{name}/times").read_text("ascii").splitlines()]
            for name in ("old", "new")}


def recorded(place, keys):
    """A folder with journal and report of a ceremony; one is performed unless it was. See KEPT."""
    folder = place.folder / f"records of {keys}"
    if not folder.exists():
        run(place, Ceremony(KEPT, keys))
    return folder


def run(place, what):
    """One ceremony in line mode, from the start of the process to its end."""
    file = prepare(place, what)
    seconds, started, console, agent, cpu = measured([place.build / "hsmferry", "--plain", file], None,
                                                file.with_suffix(".log"))
    journal, report = records(file.parent / "reports")
    done = Run(seconds, phases_of(journal, started, seconds, what.keys),
               {"journal": journal.stat().st_size, "report": report.stat().st_size},
               {"console": console, "agent": agent}, calls_of(file.parent) if what.watched else {},
               cpu, times_of(file.parent) if what.times else {})
    kept = place.folder / f"records of {what.keys}"
    if what.kind == KEPT and not what.watched and not what.to_nss and not kept.exists():
        journal.parent.rename(kept)
    return done


def takes_sessions(place):
    """Does the ceremony file of this program know how many sessions to use?"""
    if "sessions" not in KNOWN:
        file = prepare(place, Ceremony("aes", 1, sessions=2))
        KNOWN["sessions"] = subprocess.run([place.build / "hsmferry", "diff", file, file], check=False,
                                           capture_output=True).returncode == 0
    return KNOWN["sessions"]


def version(place):
    """The first line of hsmferry --version."""
    return checked([place.build / "hsmferry", "--version"]).splitlines()[0]
