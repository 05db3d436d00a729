# SPDX-License-Identifier: Apache-2.0
"""Carries out a ceremony on a terminal, and at each gate, while it waits there, looks through the
memory of the console and of its agents for keys and a PIN whose values we know.

    memory.py KNOWN PIN-FILE COMMAND...

KNOWN is a file of known.py, PIN-FILE the source's. The source is SoftHSM, the destination is
the test double, which keeps its keys in clear. Prints one line for each case; memory.sh numbers them."""

import glob
import os
import pty
import re
import select
import signal
import sys

import known

PATIENCE_S = 600
PAGE = b"\0" * 4096


def case(good, words, detail=""):
    """One case; detail is shown where it failed."""
    print(f"{'ok' if good else 'not ok'} - {words}")
    if not good and detail:
        print(f"# {detail}")


def memory(pid):
    """All that a process can write to, but for pages of zeros: also what a core dump leaves out."""
    found = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            first, last, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not rights.startswith("rw"):
                continue
            mem.seek(int(first, 16))
            data = mem.read(int(last, 16) - int(first, 16))
            found += [page for at in range(0, len(data), len(PAGE))
                      if (page := data[at:at + len(PAGE)]) != PAGE]
    return b"".join(found)


def processes(parent):
    """The processes that a process started, by the name of their program."""
    found = {}
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as stat:
                pid, _, rest = stat.read().partition(" (")
            if int(rest.rpartition(") ")[2].split()[1]) == parent:
                found[os.path.basename(os.readlink(f"/proc/{pid}/exe"))] = int(pid)
        except OSError:
            pass  # it has just ended
    return found


class Look:
    """What is in memory while the ceremony waits at one gate, and the hits of each key in it."""

    def __init__(self, console, keys):
        pids = {"console": console, **processes(console)}
        self.memory = {name: memory(pid) for name, pid in pids.items()}
        self.hits = {name: {label: sum(known.hits(data, value)
                                       for _, value in keys.parts(label, "secret"))
                            for label in keys.keys} for name, data in self.memory.items()}


def run(command, at_gate):
    """Runs a command on a terminal of its own; answers each gate after at_gate(pid, answer)."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    shown = b""
    while select.select([terminal], [], [], PATIENCE_S)[0]:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end was closed
            break
        shown += more
        if wanted := re.search(rb"  (\S(?: ?\S)*)  to [a-z ]+: $", shown):
            at_gate(child, wanted[1])
            os.write(terminal, wanted[1] + b"\n")
            shown = b""
    else:
        os.kill(child, signal.SIGTERM)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(known_file, pin_file, *command):
    keys = known.Known(known_file)
    with open(pin_file, "rb") as file:
        pin = file.read().strip()
    looks = []

    def at_gate(console, answer):
        try:
            look = Look(console, keys)
        except PermissionError:
            return
        looks.append(look)
        sizes = ", ".join(f"{name} {len(data)} bytes" for name, data in look.memory.items())
        print(f"# waiting for {answer.decode()}: {sizes}")
        case(not any(look.hits["console"].values()), "the console has no part of any key",
             str(look.hits["console"]))
        case(known.hits(look.memory["console"], pin) == 0, "... nor the source's PIN, which it has sent")
        case(known.hits(look.memory["console"], keys.spki_sha256("rsa")) > 0,
             "control: it has the digest of a public key, found by the same look")

    case(run(command, at_gate) == 0, "the ceremony comes to its end")
    if not looks:
        print("skip - the look at the memory # only root may look")
        return
    case(len(looks) == 1 + len(keys.keys), "it waited before all keys and before each")
    agent = "hsmferry-agent-fake"
    case(not any(looks[0].hits[agent].values()), "control: before, the destination has none of the keys")
    moved = sum(map(bool, looks[-1].hits[agent].values()))
    case(moved == len(keys.keys) - 1, "control: before the last key, it has all the others in clear",
         str(looks[-1].hits[agent]))


if __name__ == "__main__":
    main(*sys.argv[1:])
