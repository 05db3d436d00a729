# SPDX-License-Identifier: Apache-2.0
"""The parts of the bench. Each prints its table and adds its rows to the results."""

import collections
import os

import console
import ferry
from ferry import Ceremony, PHASES
from place import PAIRS, fresh
from spent import spent
from table import Table

MIB = 1024
CALLS = (2, 8)  # two ceremonies whose difference is what a key costs
MANY_JOURNALS = 100
NSS_KEYS_MAX = 1000  # NSS takes long


def spread(values):
    """The lowest and the highest."""
    return f"{min(values):.2f}-{max(values):.2f}"


# --- ceremonies next to bare loops -----------------------------------------------------------------


def jobs_of(place, kind, keys):
    """What a row of the table needs, by name: each is one run and returns its measure."""
    jobs = {"ceremony": lambda: ferry.run(place, Ceremony(kind, keys)),
            "one key": lambda: ferry.run(place, Ceremony(kind, 1)),
            "bare": lambda: place.loop("bare", kind, keys),
            "staged": lambda: place.loop("staged", kind, keys)}
    if kind in PAIRS:
        jobs["pairs"] = lambda: place.loop("pairs", kind, keys)
    else:
        jobs["tool"] = lambda: place.tool(kind, keys)
    return jobs


def alternating(jobs, runs):
    """All jobs, run after run, every second time in reverse: what disturbs the machine meets all alike."""
    samples = collections.defaultdict(list)
    for turn in range(runs):
        for name in list(jobs)[::-1 if turn % 2 else 1]:
            samples[name].append(jobs[name]())
    return samples


def per_key(many, one, keys):
    """All that grows with the number of keys: the difference of two ceremonies."""
    return (many - one) / (keys - 1)


def add_ceremonies(results, kind, keys, samples):
    """The rows of one kind and number of keys: milliseconds a key, and ratios within each run."""
    both = list(zip(samples["ceremony"], samples["one key"]))
    cost = [per_key(many.growing(), one.growing(), keys) for many, one in both]
    values = {"ceremony": cost, **{name: samples[name] for name in ("bare", "staged", "pairs", "tool")
                                   if name in samples}}
    for name, seconds in values.items():
        results.add("ceremony", kind, keys, name, [1000 * each for each in seconds], "ms/key")
    for name in ("bare", "staged", "pairs"):
        if name in values:
            results.add("ceremony", kind, keys, f"ceremony / {name}",
                        [a / b for a, b in zip(cost, values[name])], "ratio")
    if "tool" in values:
        results.add("ceremony", kind, keys, "tool / ceremony",
                    [b / a for a, b in zip(cost, values["tool"])], "ratio")
    for name in PHASES:
        results.add("phase", kind, keys, name, [run.phases[name] for run in samples["ceremony"]], "s")
    for name in ("journal", "report"):
        results.add("record", kind, keys, name,
                    [per_key(many.bytes[name], one.bytes[name], keys) for many, one in both], "B/key")
    for name in ("console", "agent"):
        results.add("record", kind, keys, f"memory of {name}",
                    [run.kib[name] / MIB for run in samples["ceremony"]], "MiB")


def ceremonies(place, wanted, results):
    """(a) the bare loop, (b) the staged loop, (c) pkcs11-tool."""
    table = Table("Milliseconds a key, all but the transport key and the canary; ratios within a run",
                  "kind", "keys", "ceremony", "bare", "staged", "pairs", "tool", "/bare", "low-high", "/staged",
                  "/pairs", "tool/c.")
    for kind in wanted.kinds:
        for keys in wanted.keys:
            samples = alternating(jobs_of(place, kind, keys), wanted.runs)
            add_ceremonies(results, kind, keys, samples)
            row = [(results.get("ceremony", kind, keys, what) or (None,))[0] for what in
                   ("ceremony", "bare", "staged", "pairs", "tool", "ceremony / bare", "ceremony / staged",
                    "ceremony / pairs", "tool / ceremony")]
            low_high = results.get("ceremony", kind, keys, "ceremony / bare")[1:]
            table.row(kind, keys, *row[:6], spread(low_high), *row[6:])
            place.forget(kind, keys)
    print("pairs: bare, and the public object is copied, too. tool: pkcs11-tool for at most 10 keys, with half of\n"
          "all keys on the new token, scaled to one key; it wraps no private keys.")
    shown_phases(wanted, results)
    shown_records(wanted, results)


def shown_phases(wanted, results):
    """Seconds of each phase."""
    table = Table("Seconds a phase", "kind", "keys", *PHASES)
    for kind in wanted.kinds:
        for keys in wanted.keys:
            table.row(kind, keys, *(results.get("phase", kind, keys, name)[0] for name in PHASES))


def shown_records(wanted, results):
    """Sizes of the records, and memory."""
    table = Table("Bytes of the records a key, and the most memory of a process in MiB", "kind", "keys",
                  "journal", "report", "console", "agent")
    for kind in wanted.kinds:
        for keys in wanted.keys:
            table.row(kind, keys, *(results.get("record", kind, keys, name)[0] for name in
                                    ("journal", "report", "memory of console", "memory of agent")))


def nss(place, wanted, results):
    """From SoftHSM to NSS's native API."""
    table = Table("AES keys from SoftHSM to an NSS database: milliseconds a key, as above", "kind", "keys", "ceremony",
                  "bare", "/bare", "low-high")
    for keys in (keys for keys in wanted.keys if keys <= NSS_KEYS_MAX):
        samples = alternating({"ceremony": lambda n=keys: ferry.run(place, Ceremony("aes", n, to_nss=True)).growing(),
                               "one key": lambda: ferry.run(place, Ceremony("aes", 1, to_nss=True)).growing(),
                               "bare": lambda n=keys: place.nss_loop(n)}, wanted.runs)
        cost = [per_key(many, one, keys) for many, one in zip(samples["ceremony"], samples["one key"])]
        ratios = [a / b for a, b in zip(cost, samples["bare"])]
        table.row("aes", keys, results.add("nss", "aes", keys, "ceremony", [1000 * s for s in cost], "ms/key"),
                  results.add("nss", "aes", keys, "bare", [1000 * s for s in samples["bare"]], "ms/key"),
                  results.add("nss", "aes", keys, "ceremony / bare", ratios, "ratio"), spread(ratios))
        place.forget("aes", keys)


# --- calls ---------------------------------------------------------------------------------------


def calls(place, wanted, results):
    """PKCS#11 calls a key, both listings included, and of a ceremony without canary whatever its keys."""
    table = Table("PKCS#11 calls a key, the listings and a pair's public object included", "kind", "source",
                  "destination", "both", "fixed, no canary")
    for kind in wanted.kinds:
        few, many = (ferry.run(place, Ceremony(kind, keys, watched=True, canary=False)).calls for keys in CALLS)
        a_key = {}
        for name in ("old", "new"):
            for function in many[name]:
                difference = (many[name][function] - few[name][function]) / (CALLS[1] - CALLS[0])
                if difference:
                    results.add("calls", kind, CALLS[1], f"{name} {function}", [difference], "calls/key")
            a_key[name] = (many[name].total() - few[name].total()) / (CALLS[1] - CALLS[0])
        fixed = sum(few[name].total() - CALLS[0] * a_key[name] for name in a_key)
        for what, value, unit in (("source", a_key["old"], "calls/key"), ("destination", a_key["new"], "calls/key"),
                                  ("both", sum(a_key.values()), "calls/key"), ("fixed", fixed, "calls")):
            results.add("calls", kind, CALLS[1], what, [value], unit)
        table.row(kind, a_key["old"], a_key["new"], sum(a_key.values()), fixed)


# --- latency -------------------------------------------------------------------------------------


def latency(place, wanted, results):
    """AES keys when each call waits, for some numbers of sessions."""
    keys = wanted.latency_keys
    able = ferry.takes_sessions(place)
    table = Table(f"AES keys when each call waits: from the last gate to the end of the fresh proof, {keys} keys",
                  "a call", "sessions", "ms a key", "bare", "/bare", "faster", "10,000 keys, minutes")
    for delay in wanted.delays:
        calls_folder = place.folder / "loop-calls"
        calls_folder.mkdir(exist_ok=True)
        bare = place.loop("bare", "aes", keys, module=place.build / "tests/faults/shim.so", SHIM_MODULE=place.module,
                          SHIM_COUNT=str(calls_folder), SHIM_DELAY_US=str(delay))
        first = None
        for sessions in (*wanted.sessions, 0) if able else (0,):
            seconds = ferry.run(place, Ceremony("aes", keys, watched=True, delay=delay, canary=False,
                                                sessions=sessions)).window() / keys
            first = first or seconds
            name = "not built" if not able else str(sessions or "not set")
            what = f"{delay / 1000:g} ms, sessions: {name}"
            results.add("latency", "aes", keys, what, [1000 * seconds], "ms/key")
            results.add("latency", "aes", keys, f"{what}, faster", [first / seconds], "ratio")
            table.row(f"{delay / 1000:g} ms", name, 1000 * seconds, 1000 * bare, seconds / bare, first / seconds,
                      seconds * 10000 / 60)
        results.add("latency", "aes", keys, f"{delay / 1000:g} ms, bare", [1000 * bare], "ms/key")
    if not able:
        print("sessions: not built. This program's ceremony file has no such key; one session a side was used.")


# --- listing, first paint, console ---------------------------------------------------------------


def listing(place, wanted, results):
    """hsmferry list next to one call an object, each as a process from start to end."""
    table = Table("Seconds to list the objects of both tokens, from the start of a process to its end", "kind",
                  "objects a side", "hsmferry list", "one call each", "ratio", "low-high")
    for keys in wanted.keys:
        file = ferry.prepare(place, Ceremony("aes", keys, new_keys=keys))
        tokens = place.env(place.both("aes", keys, keys))
        bare = [place.build / "tests/bench/loops", place.module, place.pin, "list"]
        samples = alternating({"list": lambda file=file: ferry.measured([place.build / "hsmferry", "list", file])[0],
                               "bare": lambda bare=bare, env=tokens: ferry.measured(bare, env)[0]}, wanted.runs)
        ratios = [a / b for a, b in zip(samples["list"], samples["bare"])]
        table.row("aes", keys, results.add("listing", "aes", keys, "hsmferry list", samples["list"], "s"),
                  results.add("listing", "aes", keys, "bare", samples["bare"], "s"),
                  results.add("listing", "aes", keys, "list / bare", ratios, "ratio"), spread(ratios))
        place.forget("aes", keys)


def paint(place, wanted, results):
    """When the console shows its first screen, and all objects; memory then."""
    table = Table("Milliseconds to the first screen of the console, and to all objects listed", "kind",
                  "objects a side", "first screen", "all listed", "MiB", "first, 100 journals")
    for keys in wanted.keys:
        journal, _ = ferry.records(ferry.recorded(place, keys))
        file = ferry.prepare(place, Ceremony("aes", keys, new_keys=keys))
        plain = [console.first_paint(place, file) for _ in range(wanted.runs)]
        reports = fresh(file.parent / "reports")
        for at in range(MANY_JOURNALS):
            os.link(journal, reports / f"{journal.stem}-{at}.journal")
        many = [console.first_paint(place, file)[0] for _ in range(wanted.runs)]
        first, complete, kib = zip(*plain)
        table.row("aes", keys, results.add("paint", "aes", keys, "first screen", [1000 * s for s in first], "ms"),
                  results.add("paint", "aes", keys, "all listed", [1000 * s for s in complete], "ms"),
                  results.add("paint", "aes", keys, "memory of console", [k / MIB for k in kib], "MiB"),
                  results.add("paint", "aes", keys, "first screen, 100 journals", [1000 * s for s in many], "ms"))
        place.forget("aes", keys)


def screen(place, wanted, results):
    """A ceremony on the screen next to the same in line mode."""
    table = Table("Milliseconds a key on the screen and in line mode, from the last gate to the end of the fresh proof",
                  "kind", "keys", "screen", "line mode", "ratio", "low-high")
    for keys in wanted.keys:
        what = Ceremony("aes", keys)
        samples = alternating({"screen": lambda what=what: console.ceremony(place, what),
                               "lines": lambda what=what: ferry.run(place, what).window() / what.keys}, wanted.runs)
        ratios = [a / b for a, b in zip(samples["screen"], samples["lines"])]
        table.row("aes", keys,
                  results.add("screen", "aes", keys, "screen", [1000 * s for s in samples["screen"]], "ms/key"),
                  results.add("screen", "aes", keys, "line mode", [1000 * s for s in samples["lines"]], "ms/key"),
                  results.add("screen", "aes", keys, "screen / line mode", ratios, "ratio"), spread(ratios))
        place.forget("aes", keys)


# --- records -------------------------------------------------------------------------------------


def reading(place, wanted, results):
    """What reads the records of a ceremony."""
    table = Table("Seconds, and MiB, to read the records of a ceremony", "kind", "keys", "verify", "MiB",
                  "with journal", "MiB", "sheet", "MiB", "report", "MiB")
    for keys in wanted.keys:
        journal, report = ferry.records(ferry.recorded(place, keys))
        cells = []
        for name, words in (("verify", ["verify", report]),
                            ("verify --journal", ["verify", "--journal", journal, report]),
                            ("sheet", ["sheet", report]), ("report", ["report", journal])):
            runs = [ferry.measured([place.build / "hsmferry", *words]) for _ in range(wanted.runs)]
            cells += [results.add("reading", "aes", keys, name, [run[0] for run in runs], "s"),
                      results.add("reading", "aes", keys, f"{name}, memory", [run[2] / MIB for run in runs], "MiB")]
        table.row("aes", keys, *cells)
        place.forget("aes", keys)


PARTS = {part.__name__: part for part in (ceremonies, latency, nss, calls, spent, listing, paint, screen, reading)}
