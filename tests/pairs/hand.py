# SPDX-License-Identifier: Apache-2.0
"""Works with the keys of one token, with tools that are not ours. A process for each token, as the
libraries want it.

    hand.py pkcs11 PIN MODULE TOKEN [PARAMETERS]
    hand.py nss PIN FOLDER

Standard input is a JSON list of jobs [WHAT, LABEL, ID, DATA], ID and DATA in hex; standard output
the list of their answers in hex: null where the token refused. WHAT is the name of a function of
Hand."""

import importlib
import json
import sys


def answer(hand, what, label, key_id, data):
    """One job; why it went wrong goes to standard error."""
    try:
        found = getattr(hand, what)(label, bytes.fromhex(key_id), bytes.fromhex(data))
        return found.hex() if found is not None else None
    except Exception as wrong:  # whatever it is, the key did not do its work
        print(f"{what} {label}: {wrong!r}", file=sys.stderr)
        return None


if __name__ == "__main__":
    made = importlib.import_module(f"{sys.argv[1]}_hand").Hand(*sys.argv[2:])
    print(json.dumps([answer(made, *job) for job in json.load(sys.stdin)]))
