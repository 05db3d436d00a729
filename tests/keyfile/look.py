# SPDX-License-Identifier: Apache-2.0
"""Carries out a ceremony from a key file into the test double, and at each gate looks through the memory
of the console and of both agents for the keys.

    look.py KNOWN PASSPHRASE-FILE COMMAND...

KNOWN is a file of needles.py. Prints one line for each case."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../softhsm"))

import known  # noqa: E402
from memory import Look, case, run  # noqa: E402


def main(known_file, phrase_file, *command):
    keys = known.Known(known_file)
    with open(phrase_file, "rb") as file:
        phrase = file.read().strip()
    looks = []

    def at_gate(console, answer):
        try:
            look = Look(console, keys)
        except PermissionError:
            return
        looks.append(look)
        print(f"# waiting for {answer.decode()}: {', '.join(look.memory)}")
        for name in ("console", "hsmferry-agent"):
            case(not any(look.hits[name].values()), f"{name}: no part of any key", str(look.hits[name]))
        case(known.hits(look.memory["console"], phrase) == 0, "... nor the passphrase, in the console")
        case(known.hits(look.memory["hsmferry-agent"], phrase) > 0,
             "control: the same look finds the passphrase in the agent, which needs it for each key")

    case(run(command, at_gate) == 0, "the ceremony comes to its end")
    if not looks:
        print("skip - the look at the memory # only root may look")
        return
    case(len(looks) == 1 + len(keys.keys), "it waited before all keys and before each")
    moved = sum(map(bool, looks[-1].hits["hsmferry-agent-fake"].values()))
    case(moved == len(keys.keys) - 1, "control: before the last key, the destination has the others in clear",
         str(looks[-1].hits["hsmferry-agent-fake"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
