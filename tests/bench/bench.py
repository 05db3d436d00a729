#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What keys cost in a ceremony, next to bare loops over the same tokens: doc/bench.md.

    bench.py [quick|usual|full]    in the build folder

Prints tables; writes bench.tsv and bench.svg to the folder BENCH_OUT (.). These choose less, or more:
BENCH_KINDS ("aes generic rsa ec"), BENCH_KEYS ("100 1000"), BENCH_RUNS, BENCH_PARTS (the names in PARTS of
parts.py), BENCH_LATENCY_KEYS, BENCH_DELAYS (microseconds a call), BENCH_SESSIONS ("1 2 4"), BENCH_FOLDER
(where the tokens are: /dev/shm)."""

import dataclasses
import os
import pathlib
import signal
import sys
import time

import chart
import ferry
import parts
from place import Place
from table import Results

BUSY = 0.5  # a load above this disturbs the measures
KINDS = ("aes", "generic", "rsa", "ec")


@dataclasses.dataclass
class Wanted:
    """What is to be measured."""
    keys: tuple
    runs: int
    latency_keys: int
    delays: tuple  # microseconds a call
    sessions: tuple
    kinds: tuple = KINDS
    parts: tuple = tuple(parts.PARTS)


LEVELS = {
    "quick": Wanted((100,), 1, 20, (1000, 5000), (1, 4)),
    "usual": Wanted((100, 1000), 3, 1000, (1000, 5000), (1, 4, 8, 16)),
    "full": Wanted((100, 1000, 10000), 3, 1000, (1000, 5000), (1, 2, 3, 4, 6, 8, 12, 16)),
}


def words(name, otherwise, allowed=None):
    """A list in the environment."""
    given = tuple(os.environ[name].split()) if os.environ.get(name) else otherwise
    for word in given:
        if allowed and word not in allowed:
            sys.exit(f"bench: {name} has no {word}: it may have {' '.join(allowed)}")
    return given


def numbers(name, otherwise, least):
    """A list of numbers in the environment."""
    given = words(name, tuple(map(str, otherwise)))
    if not all(word.isdecimal() and int(word) >= least for word in given):
        sys.exit(f"bench: {name} is a list of numbers, each at least {least}")
    return tuple(map(int, given))


def wanted_of(level):
    """What this level means, and what the environment says otherwise."""
    if level not in LEVELS:
        sys.exit(f"bench: {level} is none of {' '.join(LEVELS)}")
    wanted = LEVELS[level]
    return dataclasses.replace(
        wanted, kinds=words("BENCH_KINDS", wanted.kinds, KINDS), keys=numbers("BENCH_KEYS", wanted.keys, 2),
        runs=numbers("BENCH_RUNS", (wanted.runs,), 1)[0],
        latency_keys=numbers("BENCH_LATENCY_KEYS", (wanted.latency_keys,), 2)[0],
        delays=numbers("BENCH_DELAYS", wanted.delays, 1), sessions=numbers("BENCH_SESSIONS", wanted.sessions, 1),
        parts=words("BENCH_PARTS", wanted.parts, parts.PARTS))


def machine(place):
    """The machine, in a line, and its load."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown processor")
    load = os.getloadavg()[0]
    memory = "tokens in memory" if str(place.folder).startswith("/dev/shm") else f"tokens in {place.folder.parent}"
    return f"{ferry.version(place)}; {cpu}, {os.cpu_count()} processors, load {load:.2f}; {memory}", load


def main():
    """All parts."""
    level = sys.argv[1] if len(sys.argv) > 1 else "usual"
    wanted = wanted_of(level)
    out = pathlib.Path(os.environ.get("BENCH_OUT", "."))
    results, begun = Results(), time.monotonic()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # the tokens are removed
    with Place(pathlib.Path.cwd()) as place:
        where, load = machine(place)
        print(where)
        print(f"{level}: the median of {wanted.runs}; SoftHSM to SoftHSM; gates waived, all else on")
        if load > BUSY:
            print(f"WARNING: the machine is busy (load {load:.2f}): do not trust these figures")
        for name in wanted.parts:
            parts.PARTS[name](place, wanted, results)
            results.write(out / "bench.tsv")  # a later part may fail
    keys = 1000 if 1000 in wanted.keys else max(wanted.keys)
    chart.draw(results, wanted.kinds, keys, where.partition(";")[2].strip(), out / "bench.svg")
    print(f"\n{time.monotonic() - begun:.0f} s; load {os.getloadavg()[0]:.2f} at the end. "
          f"{out}/bench.tsv and {out}/bench.svg have the figures.")


main()
