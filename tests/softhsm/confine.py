# SPDX-License-Identifier: Apache-2.0
"""Carries out a ceremony on a terminal, and looks from outside at what its processes gave up; then
kills the console in the middle of another one.

    confine.py HSMFERRY CEREMONY OTHER-CEREMONY

Prints one line for each case; confine.sh numbers them."""

import glob
import os
import signal
import sys
import time

from memory import PATIENCE_S, case, run

HELPER = "hsmferry-start"
AGENT = "hsmferry-agent"


def status(pid):
    """What the kernel says of a process."""
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        found = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        rest = file.read().rpartition(") ")[2].split()
    with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
        core = next(line.split()[4] for line in file if line.startswith("Max core file size"))
    return {"name": found["Name"], "privileges": found["NoNewPrivs"], "filter": found["Seccomp"],
            "umask": found["Umask"], "parent": int(rest[1]), "session": int(rest[3]),
            "terminal": int(rest[4]), "core": core}


def children(parent):
    """The processes that have this parent, by their numbers."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            one = status(path.split("/")[2])
        except (OSError, KeyError, StopIteration):
            continue  # it has just ended
        if one["parent"] == parent:
            found[int(path.split("/")[2])] = one
    return found


def look(console):
    """One case for each thing that the processes of this console gave up, or did not."""
    own, others = status(console), children(console)
    helper = [one for one in others.values() if one["name"] == HELPER]
    agents = {pid: one for pid, one in others.items() if one["name"] == AGENT}

    case(own["privileges"] == "1" and own["filter"] == "2", "the console: no new privileges, a filter",
         str(own))
    case(own["umask"] == "0077", "what it makes is for its user alone", str(own))
    case(len(helper) == 1 and len(agents) == 2, "its children are two agents, and what started them",
         str(others))
    case(all(one["filter"] == "0" and one["privileges"] == "0" for one in helper),
         "control: that one has no filter, as the kernel tells it", str(helper))
    case(all(one["terminal"] == 0 and one["session"] != own["session"] for one in others.values()),
         "none of them has its terminal", str(others))
    case(own["terminal"] != 0, "control: the console has", str(own))
    case(len({one["session"] for one in agents.values()}) == 2 and
         all(pid == one["session"] for pid, one in agents.items()),
         "each agent has a session of its own", str(agents))
    case(all(one["privileges"] == "1" and one["filter"] == "2" for one in agents.values()),
         "the agents: no new privileges, a filter", str(agents))
    case(all(one["core"] == "0" for one in [own, *others.values()]), "none of them dumps core",
         str(others))


def all_gone(pids):
    """Do these end by themselves?"""
    until = time.monotonic() + PATIENCE_S
    while any(os.path.exists(f"/proc/{pid}/exe") or os.path.exists(f"/proc/{pid}/fd") for pid in pids):
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def main(hsmferry, ceremony, other):
    looks, left = [], []

    def at_gate(console, _):
        if not looks:
            look(console)
        looks.append(console)

    def kill(console, _):
        left.extend(children(console))
        os.kill(console, signal.SIGKILL)

    case(run((hsmferry, "--plain", ceremony), at_gate) == 0, "the ceremony comes to its end")
    case(looks, "it was looked at")
    case(run((hsmferry, "--plain", other), kill) == -signal.SIGKILL, "the console is killed")
    case(len(left) == 3 and all_gone(left), "no process of it is left", str(left))


if __name__ == "__main__":
    main(*sys.argv[1:])
