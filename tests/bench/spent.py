# SPDX-License-Identifier: Apache-2.0
"""Where the processor time of a key goes: by process, and by PKCS#11 function."""

import collections
import statistics

import ferry
from ferry import Ceremony
from table import Table

ONCE = ("C_GenerateKeyPair",)  # of the trials, which takes any time: not of a key
LONG = 20_000_000  # nanoseconds: no key needs so much between two calls, but to generate one for a trial may
ROLES = ("source", "destination", "fresh process", "libp11", "console")
SHOWN = 3  # functions of a process


def role_of(name, functions):
    """Which of the agents called these functions of the old or the new token."""
    if name == "old":
        return "source"
    return ("libp11" if "C_CloseAllSessions" in functions else
            "destination" if "C_UnwrapKey" in functions else "fresh process")


def spent_by(run):
    """Milliseconds of each role, and of each of its functions."""
    process, calls, agents = collections.Counter(), collections.defaultdict(collections.Counter), 0
    for name, lines in run.times.items():
        by_pid = collections.defaultdict(list)
        for pid, *line in lines:
            by_pid[pid].append(line)
        for lines_of_pid in by_pid.values():
            role = role_of(name, {line[0] for line in lines_of_pid})
            for function, took, _ in lines_of_pid:
                if function not in ONCE:
                    calls[role][function] += int(took) / 1e6
            ends = sorted(int(line[2]) for line in lines_of_pid)
            agents += ends[-1] / 1e6
            process[role] += sum(end - start for start, end in zip([0, *ends], ends) if end - start < LONG) / 1e6
    process["console"] = 1000 * run.cpu - agents
    return process, calls


def sizes(wanted):
    """The keys of two ceremonies, whose difference is what a key costs."""
    few = 10 if max(wanted.keys) >= 100 else 1
    return few, few + min(max(wanted.keys), 100)


def measured(place, kind, few, many):
    """Milliseconds a key of each role, and of each function of each role."""
    first, second = (spent_by(ferry.run(place, Ceremony(kind, keys, watched=True, canary=False, times=True)))
                     for keys in (few, many))

    def difference(after, before):
        return {name: (after[name] - before[name]) / (many - few) for name in after}

    return difference(second[0], first[0]), {role: difference(second[1][role], first[1][role]) for role in second[1]}


def spent(place, wanted, results):
    """Processor time by process and function. It says little about a ceremony's duration: they work together."""
    few, many = sizes(wanted)
    table = Table(f"Milliseconds of processor time a key, from ceremonies with {few} and {many} keys", "kind",
                  "process", "all", "module", "most of it in")
    for kind in wanted.kinds:
        runs = [measured(place, kind, few, many) for _ in range(wanted.runs)]
        for role in ROLES:
            value = results.add("spent", kind, many, role, [process.get(role, 0) for process, _ in runs], "ms/key")
            functions = {name: statistics.median(calls[role].get(name, 0) for _, calls in runs)
                         for name in runs[0][1].get(role, {})}
            most = sorted(functions, key=functions.get, reverse=True)[:SHOWN]
            if role == "console" or functions:
                table.row(kind, role, value, sum(functions.values()) if functions else None,
                          ", ".join(f"{name} {functions[name]:.2f}" for name in most))
        for keys in (few, many):
            place.forget(kind, keys)
