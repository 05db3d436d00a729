# SPDX-License-Identifier: Apache-2.0
"""Puts objects on a token, with PyKCS11 and no code of ours.

    fill.py PIN MODULE TOKEN PARAMETERS OBJECT...

OBJECT is as for tests/softhsm/tokens.py."""

import sys

from PyKCS11 import CKF_RW_SESSION, CKF_SERIAL_SESSION

from pkcs11_hand import load
from tokens import put


def main(pin, module, token, parameters, *objects):
    """As above."""
    lib = load(module, parameters)
    slot = next(s for s in lib.getSlotList(tokenPresent=True)
                if lib.getTokenInfo(s).label.strip() == token)
    session = lib.openSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    session.login(pin)
    put(session, objects)


if __name__ == "__main__":
    main(*sys.argv[1:])
